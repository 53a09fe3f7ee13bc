package direct

import (
	"runtime/debug"

	"github.com/mqttgateway/mqttgateway/internal/mqtt"
)

// reporter is the part of a direct session that calls Published: whoever settles something does, one at a time. Its
// fields are guarded by the session's mu, which nobody holds while a callback runs.
type reporter struct {
	reporting bool
	list      []flight      // of whoever reports
	silent    bool          // nobody may report any more
	rested    chan struct{} // not nil: to be closed when nobody reports
	settled   chan struct{} // not nil: to be closed when all outcomes have been reported
}

// report tells the outcomes that are known, in order. mu is held, though not all the time. Somebody else who is just
// reporting tells them as well.
func (s *session) report() {
	if s.reporting || s.silent {
		return
	}
	s.reporting = true
	for !s.silent {
		s.list = s.flights.settled(s.list[:0], s.written)
		if len(s.list) == 0 {
			break
		}
		s.mu.Unlock()
		s.tell(s.list)
		s.mu.Lock()
	}
	s.reporting = false
	if s.rested != nil {
		close(s.rested)
		s.rested = nil
	}
	if s.settled != nil && s.flights.empty() {
		close(s.settled)
		s.settled = nil
	}
}

// tell makes the calls.
func (s *session) tell(list []flight) {
	defer s.recovered()
	for _, f := range list {
		if s.quiet.Load() {
			return
		}
		s.options.Published(f.number, f.err)
	}
}

// call makes one of the rarer calls.
func (s *session) call(back func()) {
	defer s.recovered()
	if !s.quiet.Load() {
		back()
	}
}

// recovered ends the session for a callback's panic.
func (s *session) recovered() {
	if v := recover(); v != nil {
		s.quiet.Store(true)
		s.fail(&mqtt.PanicError{Value: v, Stack: debug.Stack()})
	}
}

// allTold returns a channel that is closed when all that was published has been reported, and sees to that.
func (s *session) allTold() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	told := make(chan struct{})
	s.settled = told
	s.hasten()
	return told
}
