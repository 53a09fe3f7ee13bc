package mqtt

import (
	"fmt"
	"time"
)

// watch waits for the end and tells of it. It brings the end about itself when the broker, though pinged, has sent nothing
// for too long. Nothing being read is the measure, not a missing answer to a ping, so that callbacks that are stuck
// count as well.
func (s *directSession) watch() {
	s.keepAlive()
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

// keepAlive pings, when the broker has been silent or we have, until the end.
func (s *directSession) keepAlive() {
	patience, pingAfter := s.options.patience(), s.options.pingAfter()
	timer := time.NewTimer(pingAfter)
	defer timer.Stop()
	pinged := time.Duration(-1) // when the broker had been heard last, as of the latest ping
	for {
		select {
		case <-s.done:
			return
		case <-timer.C:
		}
		heard, silence, idle := s.heard.at(), s.heard.silence(), s.sent.silence()
		wait := pingAfter - idle
		switch {
		case silence >= patience:
			s.fail(fmt.Errorf("nothing from the broker for %s", patience))
			return
		case idle >= pingAfter, silence >= pingAfter && pinged != heard:
			pinged, wait = heard, pingAfter
			s.say(typePingreq<<4, 0)
		}
		if silence < pingAfter {
			timer.Reset(min(wait, pingAfter-silence))
		} else {
			timer.Reset(min(wait, patience-silence))
		}
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
