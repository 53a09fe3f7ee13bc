package liveness

import (
	"sync/atomic"
	"time"
)

// Clock counts the time since the beginning of a session, and holds the latest times of the events by which the broker
// is judged. Any goroutine may use a Clock.
type Clock struct {
	born time.Time

	Heard Instant // bytes have arrived
	Whole Instant // a packet has been read to its end
	Sent  Instant // bytes have been written
}

// Instant is the latest time of an event, on the clock.
type Instant struct{ count atomic.Int64 }

// At returns the time.
func (i *Instant) At() time.Duration { return time.Duration(i.count.Load()) }

// Set replaces the time.
func (i *Instant) Set(at time.Duration) { i.count.Store(int64(at)) }

// Start starts the clock. It must be called before all other methods.
func (c *Clock) Start() { c.born = time.Now() }

// Now returns the time since Start.
func (c *Clock) Now() time.Duration { return time.Since(c.born) }

// signs are the times that a Judge reads from a Clock.
type signs struct {
	born                    time.Time
	now, heard, whole, sent time.Duration
}

// signs returns the times of the clock.
func (c *Clock) signs() signs {
	s := signs{born: c.born, heard: c.Heard.At(), whole: c.Whole.At(), sent: c.Sent.At()}
	s.now = c.Now() // read last, so that no event is later than now
	return s
}
