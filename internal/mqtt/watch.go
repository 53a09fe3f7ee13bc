package mqtt

import "time"

// watch waits for the end and tells of it. It may bring the end about itself: see vigil.
func (s *directSession) watch() {
	s.keepVigil()
	rest := s.handedOn()
	if !s.over.Swap(true) {
		s.options.Lost(s.failure())
	}
	<-rest
	close(s.gone)
}

// handedOn waits, after the end, for the callbacks to take what had been read, and returns a channel that is closed when
// none runs any more: it is already, unless one is stuck. None begins after it.
func (s *directSession) handedOn() <-chan struct{} {
	rest := s.atRest()
	select {
	case <-rest:
	case <-time.After(stuck):
	}
	s.quiet.Store(true)
	return rest
}

// keepVigil pings, and ends the session when the broker is there no more or does not answer, until the end.
func (s *directSession) keepVigil() {
	v, teller := newVigil(s.options), unansweredTeller{tell: s.options.Unanswered}
	for timer := time.NewTimer(0); ; {
		select {
		case <-s.done:
			timer.Stop()
			return
		case <-timer.C:
		}
		signs := s.clock.signs()
		s.mu.Lock()
		found := v.look(signs, &s.flights.ledger)
		if found.ping {
			s.put(typePingreq<<4, 0)
			s.flights.add(pending{kind: typePingreq, end: s.end})
			s.hasten()
		}
		s.mu.Unlock()
		if found.end != nil {
			s.fail(found.end)
			return
		}
		s.call(func() { teller.note(found, s.clock.born) })
		timer.Reset(found.next)
	}
}

// atRest returns a channel that is closed, after the end, when no callback runs and none will.
func (s *directSession) atRest() <-chan struct{} {
	rest := make(chan struct{})
	go func() {
		defer close(rest)
		s.running.Wait()
		s.mu.Lock()
		defer s.mu.Unlock()
		for s.reporting {
			rested := make(chan struct{})
			s.rested = rested
			s.mu.Unlock()
			<-rested
			s.mu.Lock()
		}
		s.silent = true
	}()
	return rest
}
