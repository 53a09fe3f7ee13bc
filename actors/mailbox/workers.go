package mailbox

import (
	"sync"

	"github.com/asynkron/protoactor-go/actor"
)

// Workers is a dispatcher for actors that block: each that is busy has a goroutine, and those at rest have none, so that no
// actor waits for another. Up to 16 goroutines that have nothing to do are kept for the next work: their stacks have grown
// already, and to grow the stack of a new goroutine costs more than most messages do. The zero Workers is ready for use.
type Workers struct {
	mu    sync.Mutex
	idle  []chan func() // of goroutines that wait for work; the last one works next
	ended bool
}

// mostIdle is how many goroutines wait for work at most.
const mostIdle = 16

var _ actor.Dispatcher = (*Workers)(nil)

// Schedule runs work on a goroutine that waits, or on a new one. Mailboxes call it.
func (w *Workers) Schedule(work func()) {
	w.mu.Lock()
	n := len(w.idle)
	if n == 0 {
		w.mu.Unlock()
		go w.serve(work)
		return
	}
	next := w.idle[n-1]
	w.idle = w.idle[:n-1]
	w.mu.Unlock()
	next <- work
}

// Throughput returns how many messages an actor works on before it yields to other goroutines.
func (w *Workers) Throughput() int { return 300 }

// serve does work, and then what comes next, until there are enough goroutines that wait, or End is called.
func (w *Workers) serve(work func()) {
	var next chan func()
	for more := true; more; {
		work()
		if next = w.wait(next); next == nil {
			return
		}
		work, more = <-next
	}
}

// wait returns the channel on which the goroutine gets its next work: the same as before, if it had one. It returns nil when
// enough goroutines wait.
func (w *Workers) wait(next chan func()) chan func() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.ended || len(w.idle) == mostIdle {
		return nil
	}
	if next == nil {
		next = make(chan func(), 1)
	}
	w.idle = append(w.idle, next)
	return next
}

// End ends the goroutines that wait, and each of the others when it has done its work. Work may still be scheduled.
func (w *Workers) End() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ended = true
	for _, next := range w.idle {
		close(next)
	}
	w.idle = nil
}
