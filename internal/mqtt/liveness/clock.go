package liveness

import (
	"sync/atomic"
	"time"
)

// Clock counts from the beginning of a session, and holds when what the broker is judged by happened last. Any goroutine may
// use a Clock.
type Clock struct {
	born time.Time

	Heard Instant // bytes have come
	Whole Instant // a packet has been read to its end
	Sent  Instant // bytes have gone
}

// Instant is a time on the clock, of something that happens again and again.
type Instant struct{ count atomic.Int64 }

// At returns the time.
func (i *Instant) At() time.Duration { return time.Duration(i.count.Load()) }

// Set replaces the time.
func (i *Instant) Set(at time.Duration) { i.count.Store(int64(at)) }

// Start begins to count. It comes before all else.
func (c *Clock) Start() { c.born = time.Now() }

// Now returns the time since Start.
func (c *Clock) Now() time.Duration { return time.Since(c.born) }

// signs are the times by which a Judge judges.
type signs struct {
	born                    time.Time
	now, heard, whole, sent time.Duration
}

// signs reads the clock.
func (c *Clock) signs() signs {
	s := signs{born: c.born, heard: c.Heard.At(), whole: c.Whole.At(), sent: c.Sent.At()}
	s.now = c.Now() // The last to be read: nothing has happened after it.
	return s
}
