package actors

import "slices"

// fifo is a queue that costs nothing while it is empty and gives back what a burst took.
type fifo struct {
	items []any
	head  int // items before it have been taken
}

// fifoKeep is the capacity, in messages, that an emptied queue keeps.
const fifoKeep = 16

func (q *fifo) len() int { return len(q.items) - q.head }

func (q *fifo) push(item any) {
	if q.head > 32 && q.head > len(q.items)/2 && len(q.items) == cap(q.items) {
		n := copy(q.items, q.items[q.head:])
		clear(q.items[n:])
		q.items, q.head = q.items[:n], 0
	}
	q.items = append(q.items, item)
}

// pop takes the first item; there must be one.
func (q *fifo) pop() any {
	item := q.items[q.head]
	q.items[q.head] = nil
	q.head++
	if q.head == len(q.items) {
		q.reset()
	}
	return item
}

// reset begins anew when all is taken.
func (q *fifo) reset() {
	q.items, q.head = q.items[:0], 0
	if cap(q.items) > fifoKeep {
		q.items = nil
	}
}

// remove takes the items that out picks, and keeps the others in order.
func (q *fifo) remove(out func(item any) bool) (picked []any) {
	q.items = slices.DeleteFunc(slices.Delete(q.items, 0, q.head), func(item any) bool {
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
