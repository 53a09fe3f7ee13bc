package direct

import (
	"runtime"

	"github.com/mqttgateway/mqttgateway/internal/mqtt/packet"
)

// read is the goroutine that takes what the broker sends, and calls Arrived. It ends with the session.
func (s *session) read() {
	defer s.recovered()
	for {
		p, ok, err := s.in.Next()
		switch {
		case err != nil:
			s.fail(err)
			return
		case ok:
			s.receive(p)
			s.clock.Whole.Set(s.clock.Heard.At())
			continue
		}
		s.beforeWaiting()
		if err := s.in.Fill(); err != nil {
			s.fail(err)
			return
		}
		s.clock.Heard.Set(s.clock.Now())
	}
}

// yields is how often the reader lets others run before it takes it that there is no answer: those who were woken by
// what arrived, and then whoever sends what they have put together.
const yields = 2

// beforeWaiting lets those answer who were woken by what arrived, and sends with their answer, or alone, the
// acknowledgements made meanwhile. Without an answer, which would acknowledge to TCP as well, that is done by itself.
func (s *session) beforeWaiting() {
	for n := 0; n < yields && s.clock.Sent.At() <= s.clock.Heard.At(); n++ {
		runtime.Gosched()
	}
	if s.acksWait() {
		s.Flush()
	}
	if s.clock.Sent.At() <= s.clock.Heard.At() {
		s.quickAck()
	}
}

func (s *session) acksWait() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.acks
}

// receive takes a packet that the reader has let pass.
func (s *session) receive(p packet.Packet) {
	switch p.Kind() {
	case packet.Publish:
		s.arrived(p)
	case packet.Puback, packet.Unsuback, packet.Pubrec, packet.Pubcomp:
		s.answered(p, p.ID(), 0)
	case packet.Suback:
		s.answered(p, p.ID(), p.Body[2])
	case packet.Pingresp:
		s.answered(p, 0, 0)
	case packet.Pubrel:
		s.answered(p, p.ID(), 0)
		s.answer(packet.Pubcomp, p.ID()) // whatever it releases (section 4.3.3)
	case packet.Connack:
		s.accepted(p)
	}
}

func (s *session) arrived(p packet.Packet) {
	if p.Past > 0 {
		s.tooLarge(p)
		return
	}
	m, id := parsePublish(p)
	if !s.quiet.Load() {
		s.options.Arrived(m.AcknowledgedBy(s, id))
	}
}

// tooLarge acknowledges a message that was read past: it must not come again.
func (s *session) tooLarge(p packet.Packet) {
	if p.QoS() > 0 {
		s.Acknowledge(p.QoS(), p.PublishID())
	}
	s.call(func() { s.options.TooLarge(string(p.Topic()), p.Past) })
}

// answered takes the answer to something of ours. One to nothing that was asked is told of once, and passed over.
func (s *session) answered(p packet.Packet, id uint16, code byte) {
	s.mu.Lock()
	asked := s.flights.take(p.Kind(), id, code)
	if p.Kind() == packet.Puback {
		s.report()
	}
	s.mu.Unlock()
	if !asked && !p.Resent(s.present) {
		s.odd.Do(func() { s.call(func() { s.options.Unasked(p.Unasked()) }) })
	}
}

func (s *session) accepted(p packet.Packet) {
	select {
	case <-s.connected:
		s.answered(p, 0, 0)
	default:
		s.present = p.Body[0]&1 != 0
		close(s.connected)
	}
}
