package direct

import (
	"time"

	"github.com/mqttgateway/mqttgateway/internal/mqtt"
	"github.com/mqttgateway/mqttgateway/internal/mqtt/liveness"
	"github.com/mqttgateway/mqttgateway/internal/mqtt/packet"
)

// watch waits for the end, which it may bring about itself, and tells of it.
func (s *session) watch() {
	s.judgeBroker()
	rest := s.handedOn()
	if !s.over.Swap(true) {
		s.options.Lost(s.failure())
	}
	<-rest
	close(s.gone)
}

// handedOn waits, after the end, for the callbacks to take what had been read, and returns a channel that is closed when
// none runs any more: it is already, unless one is stuck. None begins after it.
func (s *session) handedOn() <-chan struct{} {
	rest := s.atRest()
	select {
	case <-rest:
	case <-time.After(mqtt.StuckAfter):
	}
	s.quiet.Store(true)
	return rest
}

// judgeBroker pings the broker, and ends the session when the broker is there no more or does not answer. It returns when the
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

// atRest returns a channel that is closed, after the end, when no callback runs and none will.
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
