package backoff

import "time"

// Range is the range of a wait, which is drawn evenly, both ends included.
type Range struct{ Min, Max time.Duration }

// Draw returns the wait for a random number in [0,1).
func (r Range) Draw(random float64) time.Duration {
	return r.Min + time.Duration(random*float64(r.Max-r.Min))
}

// Policy is an exponential back-off: the longest wait is Min after the first failure, and doubles with each further
// failure, up to Max.
type Policy struct {
	Min time.Duration
	Max time.Duration
}

// Full returns the range of the wait after a number of failures in a row, from 1, with full jitter: from 0 to the
// longest wait. Clients that lost the same broker at the same time thus come back at different times.
func (p Policy) Full(failures int) Range { return Range{0, p.longest(failures)} }

// Half returns the range with jitter in its upper half only, for equipment that must be left alone for a while.
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
