package mqtt

import (
	"math"
	"sync/atomic"
	"time"
)

// never is later than any clock here goes.
const never = time.Duration(math.MaxInt64)

// clock tells how long something has not happened. Any goroutine may use it.
type clock struct {
	born time.Time
	last atomic.Int64 // when it happened, as time since born
}

func (c *clock) start() { c.born = time.Now() }

func (c *clock) beat() { c.last.Store(int64(time.Since(c.born))) }

// at is when it happened.
func (c *clock) at() time.Duration { return time.Duration(c.last.Load()) }

func (c *clock) silence() time.Duration {
	return time.Since(c.born) - c.at()
}

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
