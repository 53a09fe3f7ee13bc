package paho

import (
	"sync"
)

// queue passes values from any goroutines to one, in order, without a bound of its own.
type queue[T any] struct {
	mu    sync.Mutex
	items []T
	some  chan struct{} // holds a token after wake, until take has looked
}

func newQueue[T any]() *queue[T] { return &queue[T]{some: make(chan struct{}, 1)} }

// put adds v behind the others, for take to find after wake.
func (q *queue[T]) put(v T) {
	q.mu.Lock()
	q.items = append(q.items, v)
	q.mu.Unlock()
}

// wake has take look.
func (q *queue[T]) wake() {
	select {
	case q.some <- struct{}{}:
	default:
	}
}

// take waits until wake is called and there are values, and returns all of them, leaving the room of spare in their place; it
// returns nothing when done is closed.
func (q *queue[T]) take(spare []T, done <-chan struct{}) []T {
	for {
		select {
		case <-q.some:
		case <-done:
			return nil
		}
		clear(spare) // lets go of what was in it
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
