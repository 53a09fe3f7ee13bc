package pace

import "time"

// sample is what happened within a while.
type sample struct {
	took     time.Duration
	messages uint64
	cpu      time.Duration // that the process used
	waits    uint64        // goroutines that could run and waited for longWait or more

	preempted uint64 // how often other processes took a processor over
}

const (
	longWait = 2 * time.Millisecond

	worthwhile = 50 // messages a second, from which on waking processors costs more than looking after it
	full       = 90 // percent of one processor that are too much for it
	tolerable  = 2  // long waits in one sample; the garbage collector causes some

	briefHold = 300 * time.Millisecond // for which all processors are kept after one was not enough
	shortHold = 5 * time.Second        // the same after goroutines had to wait
	longHold  = 5 * time.Minute        // the most that becomes of that if they have to wait again and again
)

// rule decides between one processor and all.
type rule struct {
	one   bool
	again bool          // one was enough when messages flowed last
	fresh bool          // they have just begun to
	hold  time.Duration // for which all are kept yet
	next  time.Duration // the hold after this one
}

// step takes a sample into account and returns whether one processor is enough from now on. The same limit holds on
// both sides, for several processors never use less time for the same load than one does; what has once been too much is
// not tried again for a while.
func (r *rule) step(s sample) (one bool) {
	r.hold = max(0, r.hold-s.took)
	small := s.cpu*100 <= s.took*full
	switch {
	case !r.one && r.hold == 0:
		r.next = max(0, r.next-s.took) // forgiven by and by
	case r.one && s.waits > tolerable+s.preempted: // those which a busy machine causes, a second processor would not spare
		r.hold = max(shortHold, r.next)
		r.next = min(2*r.hold, longHold)
	case r.one && !small:
		r.hold = briefHold
	}
	if r.one {
		r.next = max(0, r.next-s.took/4)
	}
	flow := s.messages*uint64(time.Second) >= worthwhile*uint64(s.took)
	r.one = r.hold == 0 && small && flow
	if flow || r.fresh { // the last few of a flow say nothing
		r.again = r.one
	}
	r.fresh = false
	return r.one
}

// resume tells whether one processor is to be used as soon as messages flow again.
func (r *rule) resume() (one bool) {
	r.one, r.fresh = r.again, true
	return r.one
}
