package fifo

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// A random walk compares a Queue with a plain slice: the same items come out, and the queue keeps no popped item alive.
func TestQueueWalk(t *testing.T) {
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 0))
		var q Queue[any]
		var want []any
		grow := 6
		taken := false // emptied by Take
		for step := range 20_000 {
			if step%1000 == 0 {
				grow = 3 + r.IntN(5)
			}
			switch n := r.IntN(10); {
			case n < grow:
				q.Push(step)
				want = append(want, step)
				taken = false
			case r.IntN(200) == 0:
				if got := q.Take([]any{"before"}); !slices.Equal(got, append([]any{"before"}, want...)) {
					t.Fatalf("seed %d, step %d: took %v, want %v", seed, step, got, want)
				}
				want, taken = nil, true
			case r.IntN(200) == 0:
				odd := func(item any) bool { return item.(int)%3 == 0 }
				picked := q.Remove(odd)
				var out, rest []any
				for _, item := range want {
					if odd(item) {
						out = append(out, item)
					} else {
						rest = append(rest, item)
					}
				}
				want = rest
				if !slices.Equal(picked, out) {
					t.Fatalf("seed %d, step %d: removed %v, want %v", seed, step, picked, out)
				}
			case len(want) > 0:
				if got := q.Pop(); got != want[0] {
					t.Fatalf("seed %d, step %d: popped %v, want %v", seed, step, got, want[0])
				}
				want = want[1:]
			}
			if q.Len() != len(want) {
				t.Fatalf("seed %d, step %d: length %d, want %d", seed, step, q.Len(), len(want))
			}
			if q.Len() == 0 && !taken && cap(q.items) > keep {
				t.Fatalf("seed %d, step %d: empty, and keeps room for %d", seed, step, cap(q.items))
			}
			if step%100 == 0 {
				all := q.items[:cap(q.items)]
				for i, item := range all {
					if waits := i >= q.head && i < len(q.items); item != nil && !waits {
						t.Fatalf("seed %d, step %d: holds on to %v, which has been taken", seed, step, item)
					}
				}
			}
		}
	}
}

// The capacity of a queue that is never empty does not grow with the number of items that have passed through it.
func TestQueueStaysSmall(t *testing.T) {
	var q Queue[any]
	for n := range 100_000 {
		q.Push(n)
		if n >= 50 {
			q.Pop()
		}
	}
	if cap(q.items) > 256 {
		t.Errorf("room for %d, for 50 items at a time", cap(q.items))
	}
}
