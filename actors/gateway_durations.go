package actors

import (
	"sync/atomic"
	"time"
)

// durationBounds are the upper bounds of the buckets of Durations. What took longer has a bucket of its own.
var durationBounds = [...]time.Duration{
	100 * time.Microsecond, time.Millisecond, 5 * time.Millisecond, 25 * time.Millisecond, 100 * time.Millisecond, 250 * time.Millisecond,
	time.Second, 2500 * time.Millisecond, 10 * time.Second, 30 * time.Second,
}

// Durations count how long something took, in buckets. Any goroutine may use them.
type Durations struct {
	counts [len(durationBounds) + 1]atomic.Uint64
	sum    atomic.Int64 // nanoseconds
}

// Add counts a duration.
func (d *Durations) Add(took time.Duration) {
	i := 0
	for i < len(durationBounds) && took > durationBounds[i] {
		i++
	}
	d.counts[i].Add(1)
	d.sum.Add(int64(took))
}

// Bucket says how many durations were no longer than a bound, and longer than the bound before.
type Bucket struct {
	Most  time.Duration // 0 in the last bucket: the durations have no bound
	Count uint64
}

// Buckets returns the buckets in order, and the sum of all durations.
func (d *Durations) Buckets() (buckets []Bucket, sum time.Duration) {
	buckets = make([]Bucket, len(d.counts))
	for i := range d.counts {
		buckets[i].Count = d.counts[i].Load()
		if i < len(durationBounds) {
			buckets[i].Most = durationBounds[i]
		}
	}
	return buckets, time.Duration(d.sum.Load())
}
