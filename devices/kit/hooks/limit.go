package hooks

import (
	"sync"
	"time"
)

// bucket bounds how often something is done: rate times a second, and most times at once.
type bucket struct {
	rate, most float64

	mu    sync.Mutex
	taken float64 // of most, at the time of latest
	at    time.Time
}

// take reports whether it may be done once more.
func (b *bucket) take(now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.taken = max(0, b.taken-now.Sub(b.at).Seconds()*b.rate)
	b.at = now
	if b.taken+1 > b.most {
		return false
	}
	b.taken++
	return true
}

// refusals counts what is refused.
type refusals struct {
	mu   sync.Mutex
	n    int // not yet told
	told time.Time
}

// count counts one more, and returns how many are to be told of now; 0: none yet.
func (r *refusals) count(now time.Time) (n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.n++
	if now.Sub(r.told) < tellEvery {
		return 0
	}
	n, r.n, r.told = r.n, 0, now
	return n
}
