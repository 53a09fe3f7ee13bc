package actors

import "slices"

// fifo is a queue that costs nothing while it is empty and gives back what a burst took.
type fifo[T any] struct {
	items []T
	head  int // items before it have been taken
}

// fifoKeep is the capacity, in items, that an emptied queue keeps.
const fifoKeep = 16

func (q *fifo[T]) len() int { return len(q.items) - q.head }

func (q *fifo[T]) push(item T) {
	if q.head > 32 && q.head > len(q.items)/2 && len(q.items) == cap(q.items) {
		n := copy(q.items, q.items[q.head:])
		clear(q.items[n:])
		q.items, q.head = q.items[:n], 0
	}
	q.items = append(q.items, item)
}

// all returns what is queued, in order; it is valid until the next change.
func (q *fifo[T]) all() []T { return q.items[q.head:] }

// first is the first item without taking it; there must be one.
func (q *fifo[T]) first() *T { return &q.items[q.head] }

// pop takes the first item; there must be one.
func (q *fifo[T]) pop() T {
	item := q.items[q.head]
	clear(q.items[q.head : q.head+1])
	q.head++
	if q.head == len(q.items) {
		q.reset()
	}
	return item
}

// reset begins anew when all is taken.
func (q *fifo[T]) reset() {
	q.items, q.head = q.items[:0], 0
	if cap(q.items) > fifoKeep {
		q.items = nil
	}
}

// remove takes the items that out picks, and keeps the others in order.
func (q *fifo[T]) remove(out func(item T) bool) (picked []T) {
	q.items = slices.DeleteFunc(slices.Delete(q.items, 0, q.head), func(item T) bool {
		if !out(item) {
			return false
		}
		picked = append(picked, item)
		return true
	})
	q.head = 0
	if len(q.items) == 0 {
		q.reset()
	}
	return picked
}
