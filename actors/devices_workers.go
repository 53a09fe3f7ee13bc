package actors

import (
	"sync"

	"github.com/asynkron/protoactor-go/actor"
)

// workers are the goroutines that devices run on: as many as devices are busy at once, so that those at rest have none
// and none waits for another. A few that have nothing to do are kept, for their stacks have grown to what the way of a
// message takes, and to grow that of a new goroutine costs more than the message does.
type workers struct {
	mu    sync.Mutex
	idle  []chan func() // the latest last, which is the next to work
	ended bool
}

// mostIdle is how many wait.
const mostIdle = 16

var _ actor.Dispatcher = (*workers)(nil)

// Schedule is called by mailboxes.
func (w *workers) Schedule(work func()) {
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

// Throughput is how many messages a device may handle before others have their turn.
func (w *workers) Throughput() int { return 300 }

func (w *workers) serve(work func()) {
	var next chan func()
	for more := true; more; {
		work()
		if next = w.wait(next); next == nil {
			return
		}
		work, more = <-next
	}
}

// wait returns what tells of the next work, the same as before if there was one; nil if there are enough who wait.
func (w *workers) wait(next chan func()) chan func() {
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

// end lets those go that wait, and soon all others. Work may still be scheduled.
func (w *workers) end() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ended = true
	for _, next := range w.idle {
		close(next)
	}
	w.idle = nil
}
