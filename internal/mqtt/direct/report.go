package direct

import (
	"runtime/debug"

	"github.com/mqttgateway/mqttgateway/internal/mqtt"
)

// reporter is the part of a session that calls Published. The goroutine that learns an outcome reports it, one
// goroutine at a time. The session's mu guards the fields, and is not held while a callback runs.
type reporter struct {
	reporting   bool
	list        []flight      // reused by the goroutine that reports
	silent      bool          // no outcome may be reported any more
	rested      chan struct{} // not nil: to be closed when no goroutine reports
	allReported chan struct{} // not nil: to be closed when every outcome has been reported
}

// report reports the known outcomes, in order. If another goroutine is in report, that goroutine reports them. The
// caller holds mu, which report releases during the callbacks.
func (s *session) report() {
	if s.reporting || s.silent {
		return
	}
	s.reporting = true
	for !s.silent {
		s.list = s.flights.popKnown(s.list[:0], s.written)
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
	if s.allReported != nil && s.flights.empty() {
		close(s.allReported)
		s.allReported = nil
	}
}

// tell calls Published for each flight.
func (s *session) tell(list []flight) {
	defer s.recovered()
	for _, f := range list {
		if s.quiet.Load() {
			return
		}
		s.options.Published(f.number, f.err)
	}
}

// call calls a callback other than Published and Arrived.
func (s *session) call(back func()) {
	defer s.recovered()
	if !s.quiet.Load() {
		back()
	}
}

// recovered ends the session if a callback has panicked. It must be deferred.
func (s *session) recovered() {
	if v := recover(); v != nil {
		s.quiet.Store(true)
		s.fail(&mqtt.PanicError{Value: v, Stack: debug.Stack()})
	}
}

// allTold returns a channel that is closed when every outcome has been reported. It makes writeRest write all that was
// put.
func (s *session) allTold() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	told := make(chan struct{})
	s.allReported = told
	s.hasten()
	return told
}
