package mailbox

import (
	"sync"

	"github.com/asynkron/protoactor-go/actor"
)

// Workers is a dispatcher for actors that may block: each actor with messages has a goroutine, and the others have
// none, so that no actor waits for another. Up to 16 idle goroutines are kept for further work: their stacks have grown
// already, and growing the stack of a new goroutine costs more than handling most messages. The zero Workers is ready
// for use.
type Workers struct {
	mu    sync.Mutex
	idle  []chan func() // of idle goroutines; the last one gets the next work
	ended bool
}

// mostIdle is the maximum number of idle goroutines.
const mostIdle = 16

var _ actor.Dispatcher = (*Workers)(nil)

// Schedule runs work on an idle goroutine, or on a new one. Mailboxes call Schedule.
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

// Throughput returns the number of messages that an actor handles before it yields to other goroutines.
func (w *Workers) Throughput() int { return 300 }

// serve does work, and then further work, until enough other goroutines are idle, or End is called.
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

// wait returns the channel on which the goroutine gets its next work: next, or a new one if next is nil. It returns nil
// if enough goroutines are idle.
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

// End ends the idle goroutines, and each other goroutine when it has finished its work. Schedule may still be called.
func (w *Workers) End() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ended = true
	for _, next := range w.idle {
		close(next)
	}
	w.idle = nil
}
