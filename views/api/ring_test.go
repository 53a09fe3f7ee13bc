package api

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

func TestRingIsBounded(t *testing.T) {
	t.Parallel()
	r := newRing()
	large := event{frame: make([]byte, 1<<20)}
	for range 2 * maxEvents {
		r.push(large)
		if r.bytes > maxEventBytes {
			t.Fatalf("%d bytes", r.bytes)
		}
	}
	if got := r.take(1, make([]event, 0, 10)); len(got.events) != 4 || got.number != 2*maxEvents-3 || got.missed != 2*maxEvents-4 || got.lost {
		t.Errorf("%d events from %d on, %d missed", len(got.events), got.number, got.missed)
	}
	if got := r.take(1<<60, make([]event, 0, 10)); len(got.events) != 0 || got.missed != 0 {
		t.Errorf("%d events for a number of the future", len(got.events))
	}
}

// Each event is taken once and in its turn, or counted as missed once, whatever has come too fast to be taken.
func TestRingCounts(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	r := newRing()
	for made, read := uint64(1), uint64(1); made < 200_000; {
		switch random.IntN(4) {
		case 0:
			n := random.Uint64N(100)
			r.skip(n)
			made += n
		case 1, 2:
			for range random.IntN(2 * takenAtOnce) {
				r.push(event{text: fmt.Sprint(made)})
				made++
			}
		case 3:
			if random.IntN(50) == 0 {
				continue // the reader is slow
			}
			for {
				got := r.take(read, make([]event, 0, takenAtOnce))
				if got.lost || got.number != read+got.missed {
					t.Fatalf("from %d on: %d missed, and the next is %d", read, got.missed, got.number)
				}
				for i, e := range got.events {
					if want := fmt.Sprint(got.number + uint64(i)); e.text != want {
						t.Fatalf("event %s has the number %s", e.text, want)
					}
				}
				if read = got.number + uint64(len(got.events)); len(got.events) == 0 {
					break
				}
			}
			if read != made {
				t.Fatalf("read up to %d of %d", read, made)
			}
		}
	}
	r.clear()
	if got := r.take(5, nil); !got.lost || got.number != r.number {
		t.Errorf("after all was dropped: %+v", got)
	}
}
