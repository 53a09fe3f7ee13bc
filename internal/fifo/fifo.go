// Package fifo has the queue of which mailboxes and windows of outstanding messages are made.
package fifo

import "slices"

// Queue returns items in the order in which they were pushed. The zero Queue is an empty queue. A queue that is
// emptied by Pop or Remove uses next to no memory, also after a burst. Only one goroutine may use a Queue at a time.
type Queue[T any] struct {
	items []T
	head  int // the items before head have been popped
}

// keep is the largest capacity, in items, that an emptied queue keeps for the next items.
const keep = 16

// Len returns how many items are queued.
func (q *Queue[T]) Len() int { return len(q.items) - q.head }

// Push adds an item at the end.
func (q *Queue[T]) Push(item T) {
	if q.head > 32 && q.head > len(q.items)/2 && len(q.items) == cap(q.items) {
		n := copy(q.items, q.items[q.head:])
		clear(q.items[n:])
		q.items, q.head = q.items[:n], 0
	}
	q.items = append(q.items, item)
}

// All returns the queued items, in order. The caller may change items in place; the slice is valid until the next call of
// another method.
func (q *Queue[T]) All() []T { return q.items[q.head:] }

// First returns the first item, which stays in the queue; there must be one.
func (q *Queue[T]) First() *T { return &q.items[q.head] }

// Pop removes the first item and returns it; there must be one.
func (q *Queue[T]) Pop() T {
	item := q.items[q.head]
	clear(q.items[q.head : q.head+1])
	q.head++
	if q.head == len(q.items) {
		q.reset()
	}
	return item
}

// Take appends all items to a slice, in order, and removes them. The queue keeps its array for the next items, however large it is.
func (q *Queue[T]) Take(to []T) []T {
	to = append(to, q.items[q.head:]...)
	clear(q.items)
	q.items, q.head = q.items[:0], 0
	return to
}

// reset makes an emptied queue use its array again, or frees a large array.
func (q *Queue[T]) reset() {
	q.items, q.head = q.items[:0], 0
	if cap(q.items) > keep {
		q.items = nil
	}
}

// Remove removes the items for which picks returns true and returns them. The others stay in order.
func (q *Queue[T]) Remove(picks func(item T) bool) (picked []T) {
	q.items = slices.DeleteFunc(slices.Delete(q.items, 0, q.head), func(item T) bool {
		if !picks(item) {
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
