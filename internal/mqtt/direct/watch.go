package direct

import (
	"time"

	"github.com/mqttgateway/mqttgateway/internal/mqtt"
	"github.com/mqttgateway/mqttgateway/internal/mqtt/liveness"
	"github.com/mqttgateway/mqttgateway/internal/mqtt/packet"
)

// watch waits for the end of the session, which judgeBroker may bring about, and calls Lost.
func (s *session) watch() {
	s.judgeBroker()
	rest := s.handedOn()
	if !s.over.Swap(true) {
		s.options.Lost(s.failure())
	}
	<-rest
	close(s.gone)
}

// handedOn waits, after the end of the session, until the callbacks have taken what was read. It returns a channel that
// is closed when no callback runs; a callback that does not return keeps it open. No callback begins after handedOn has
// returned.
func (s *session) handedOn() <-chan struct{} {
	rest := s.atRest()
	select {
	case <-rest:
	case <-time.After(mqtt.StuckAfter):
	}
	s.quiet.Store(true)
	return rest
}

// judgeBroker pings the broker, and ends the session when the broker is gone or does not answer. It returns when the
// session has ended.
func (s *session) judgeBroker() {
	judge := liveness.NewJudge(s.options.KeepAlive, s.options.AckTimeout)
	for timer := time.NewTimer(0); ; {
		select {
		case <-s.done:
			timer.Stop()
			return
		case <-timer.C:
		}
		s.mu.Lock()
		v := judge.Look(&s.clock, s.flights.unanswered)
		if v.Ping {
			s.put(packet.Pingreq<<4, 0)
			s.flights.unanswered.Add(liveness.Pending{Kind: packet.Pingreq, End: s.end})
			s.hasten()
		}
		s.mu.Unlock()
		if v.End != nil {
			s.fail(v.End)
			return
		}
		if v.Changed {
			s.call(func() { s.options.Unanswered(v.Overdue) })
		}
		timer.Reset(v.Next)
	}
}

// atRest returns a channel that is closed, after the end of the session, when no callback runs and none will begin.
func (s *session) atRest() <-chan struct{} {
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
