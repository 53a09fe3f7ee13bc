package pace

import "time"

// sample is what happened within a while.
type sample struct {
	took     time.Duration
	messages uint64
	cpu      time.Duration // that the process used
	waits    uint64        // goroutines that could run and waited for longWait or more
}

const (
	longWait = 2 * time.Millisecond

	worthwhile = 50 // messages a second, from which on waking processors costs more than looking after it
	full       = 60 // percent of one processor that are too much for it
	light      = 40 // percent, from which on one will do again
	tolerable  = 4  // long waits in one sample; the garbage collector and a busy machine cause some

	shortHold = 5 * time.Second // for which all processors are kept after goroutines had to wait
	longHold  = 5 * time.Minute // the most that becomes of it if that happens again and again
)

// rule decides between one processor and all.
type rule struct {
	one  bool
	hold time.Duration // for which all are kept yet
	next time.Duration // the hold after this one
}

// step takes a sample into account and returns whether one processor is enough from now on.
func (r *rule) step(s sample) (one bool) {
	r.hold = max(0, r.hold-s.took)
	if r.one && s.waits > tolerable {
		r.hold = max(shortHold, r.next)
		r.next = min(2*r.hold, longHold)
	}
	if !r.one && r.hold == 0 {
		r.next = max(0, r.next-s.took) // forgiven by and by
	}
	limit := time.Duration(light)
	if r.one {
		limit = full
		r.next = max(0, r.next-s.took/4)
	}
	r.one = r.hold == 0 && s.cpu*100 <= s.took*limit && s.messages*uint64(time.Second) >= worthwhile*uint64(s.took)
	return r.one
}
