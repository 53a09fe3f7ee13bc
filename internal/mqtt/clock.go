package mqtt

import (
	"math"
	"sync/atomic"
	"time"
)

// never is later than any clock here goes.
const never = time.Duration(math.MaxInt64)

// clock counts from the beginning of a session, and tells when what it is judged by happened last. Any goroutine may use
// it.
type clock struct {
	born time.Time

	heard instant // bytes have come
	whole instant // a packet has been read to its end
	sent  instant // bytes have gone
}

// instant is a time on the clock, of something that happens again and again.
type instant struct{ atomic.Int64 }

func (i *instant) at() time.Duration { return time.Duration(i.Load()) }

func (i *instant) set(at time.Duration) { i.Store(int64(at)) }

func (c *clock) start() { c.born = time.Now() }

func (c *clock) now() time.Duration { return time.Since(c.born) }

// patience is how long the broker may send nothing: as long as it lets us (MQTT 3.1.1, section 3.1.2.10).
func (o Options) patience() time.Duration {
	if o.KeepAlive == 0 {
		return never
	}
	return o.KeepAlive + o.KeepAlive/2
}

// pingAfter is how long the broker may send nothing before it is asked to; its answer has as long again.
func (o Options) pingAfter() time.Duration {
	if o.KeepAlive == 0 {
		return never
	}
	return o.patience() / 2
}
