package outbox

import (
	"math/rand/v2"
	"testing"
)

// In whatever order publications are done, UpTo is the highest number up to which all of them are done.
func TestOrderWalk(t *testing.T) {
	const seed = 3
	random := rand.New(rand.NewPCG(seed, seed))
	var o Order
	var open []uint64
	for step := range 20_000 {
		if len(open) == 0 || random.IntN(2) == 0 {
			open = append(open, o.Next())
		} else {
			i := random.IntN(min(len(open), 30))
			o.Done(open[i])
			open = append(open[:i], open[i+1:]...)
		}
		want := o.last
		if len(open) > 0 {
			want = open[0] - 1
		}
		if o.upTo != want {
			t.Fatalf("seed %d, step %d: done up to %d, want %d", seed, step, o.upTo, want)
		}
	}
	if len(o.beyond) > len(open)+30 {
		t.Errorf("%d done ones are remembered", len(o.beyond))
	}
}
