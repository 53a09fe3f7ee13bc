package backoff

import "time"

// Range is what a wait is drawn from, evenly, both ends included.
type Range struct{ Min, Max time.Duration }

// Draw returns the wait for a random number of [0,1).
func (r Range) Draw(random float64) time.Duration {
	return r.Min + time.Duration(random*float64(r.Max-r.Min))
}

// Policy is an exponential back-off: the longest wait begins with Min and doubles with each failure up to Max.
type Policy struct {
	Min time.Duration
	Max time.Duration
}

// Full returns the wait after a number of failures in a row, from 1, with full jitter: anything from nothing to the
// longest. Many clients that lost the same broker come back spread over the whole of it.
func (p Policy) Full(failures int) Range { return Range{0, p.longest(failures)} }

// Half returns it with the jitter in its upper half, for equipment that must be left alone for a while.
func (p Policy) Half(failures int) Range {
	d := p.longest(failures)
	return Range{d / 2, d}
}

func (p Policy) longest(failures int) time.Duration {
	d := min(p.Min, p.Max)
	for ; failures > 1 && d < p.Max; failures-- {
		if d > p.Max/2 {
			return p.Max
		}
		d *= 2
	}
	return d
}
