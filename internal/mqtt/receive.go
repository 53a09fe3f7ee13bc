package mqtt

import "runtime"

// read is the goroutine that takes what the broker sends, and calls Arrived. It ends with the session.
func (s *directSession) read() {
	defer s.recovered()
	for {
		p, ok, err := s.in.next()
		switch {
		case err != nil:
			s.fail(err)
			return
		case ok:
			s.receive(p)
			s.clock.whole.set(s.clock.heard.at())
			continue
		}
		s.beforeWaiting()
		if err := s.in.fill(); err != nil {
			s.fail(err)
			return
		}
		s.clock.heard.set(s.clock.now())
	}
}

// yields is how often the reader lets others run before it takes it that there is no answer: those who were woken by
// what arrived, and then whoever sends what they have put together.
const yields = 2

// beforeWaiting lets those answer who were woken by what arrived, and sends with their answer, or alone, the
// acknowledgements made meanwhile. Without an answer, which would acknowledge to TCP as well, that is done by itself.
func (s *directSession) beforeWaiting() {
	for n := 0; n < yields && s.clock.sent.at() <= s.clock.heard.at(); n++ {
		runtime.Gosched()
	}
	if s.acksWait() {
		s.Flush()
	}
	if s.clock.sent.at() <= s.clock.heard.at() {
		s.quickAck()
	}
}

func (s *directSession) acksWait() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.acks
}

// receive takes a packet that the reader has let pass.
func (s *directSession) receive(p packet) {
	switch p.kind() {
	case typePublish:
		s.arrived(p)
	case typePuback, typeUnsuback, typePubrec, typePubcomp:
		s.answered(p, p.id(), 0)
	case typeSuback:
		s.answered(p, p.id(), p.body[2])
	case typePingresp:
		s.answered(p, 0, 0)
	case typePubrel:
		s.answered(p, p.id(), 0)
		s.acknowledge(typePubcomp, p.id()) // whatever it releases (section 4.3.3)
	case typeConnack:
		s.accepted(p)
	}
}

func (s *directSession) arrived(p packet) {
	if p.past > 0 {
		s.tooLarge(p)
		return
	}
	m, id := parsePublish(p)
	if m.QoS > 0 {
		m.receipt = &receipt{session: s, id: id, qos: m.QoS}
	}
	if !s.quiet.Load() {
		s.options.Arrived(m)
	}
}

// tooLarge acknowledges a message that was read past: it must not come again.
func (s *directSession) tooLarge(p packet) {
	if answer := p.acknowledgedBy(); answer != 0 {
		s.acknowledge(answer, p.publishID())
	}
	s.call(func() { s.options.TooLarge(string(p.topic()), p.past) })
}

// answered takes the answer to something of ours. One to nothing that was asked is told of once, and passed over.
func (s *directSession) answered(p packet, id uint16, code byte) {
	s.mu.Lock()
	asked := s.flights.take(p.kind(), id, code)
	if p.kind() == typePuback {
		s.report()
	}
	s.mu.Unlock()
	if !asked && !p.ofBefore(s.present) {
		s.odd.Do(func() { s.call(func() { s.options.Unasked(unasked(p)) }) })
	}
}

func (s *directSession) accepted(p packet) {
	select {
	case <-s.connected:
		s.answered(p, 0, 0)
	default:
		s.present = p.body[0]&1 != 0
		close(s.connected)
	}
}
