package paho

import (
	"sync"
)

// queue passes values from any goroutines to one, in order. It has no bound: the callers of put have one.
type queue[T any] struct {
	mu    sync.Mutex
	items []T
	some  chan struct{} // holds a token from wake until take has looked
}

func newQueue[T any]() *queue[T] { return &queue[T]{some: make(chan struct{}, 1)} }

// put adds v. take may find v after the next wake.
func (q *queue[T]) put(v T) {
	q.mu.Lock()
	q.items = append(q.items, v)
	q.mu.Unlock()
}

// wake makes take look for values.
func (q *queue[T]) wake() {
	select {
	case q.some <- struct{}{}:
	default:
	}
}

// take waits for wake, and returns all values if there are any. The queue uses the array of spare for the next values.
// take returns nil when done is closed.
func (q *queue[T]) take(spare []T, done <-chan struct{}) []T {
	for {
		select {
		case <-q.some:
		case <-done:
			return nil
		}
		clear(spare) // frees the values of the previous batch
		q.mu.Lock()
		items := q.items
		q.items = spare[:0]
		q.mu.Unlock()
		if len(items) > 0 {
			return items
		}
		spare = items
	}
}
