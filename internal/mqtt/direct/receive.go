package direct

import (
	"runtime"

	"github.com/mqttgateway/mqttgateway/internal/mqtt/packet"
)

// read reads what the broker sends, and calls Arrived, on a goroutine of its own. It ends with the session.
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

// yields is how often read lets other goroutines run before it waits for the broker. First the devices that got
// messages run, then the actor that sends what the devices have emitted.
const yields = 2

// beforeWaiting sends the acknowledgements that were put while read was busy, together with what the devices answer, if
// they answer soon. If nothing was sent at all, beforeWaiting makes the kernel acknowledge what was read, as a packet
// of ours would have done.
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

// receive handles a packet that the Reader has checked.
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
		s.answer(packet.Pubcomp, p.ID()) // every PUBREL must be answered (section 4.3.3)
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

// tooLarge acknowledges a message that was skipped, so that the broker does not send it again.
func (s *session) tooLarge(p packet.Packet) {
	if p.QoS() > 0 {
		s.Acknowledge(p.QoS(), p.PublishID())
	}
	s.call(func() { s.options.TooLarge(string(p.Topic()), p.Past) })
}

// answered takes an answer to a packet of ours. Unasked is called for the first answer to a packet that was not sent;
// all such answers are ignored.
func (s *session) answered(p packet.Packet, id uint16, code byte) {
	s.mu.Lock()
	asked := s.flights.take(p.Kind(), id, code)
	if p.Kind() == packet.Puback {
		s.report()
	}
	s.mu.Unlock()
	if !asked && !p.Resent(s.present) {
		s.tellUnasked.Do(func() { s.call(func() { s.options.Unasked(p.Unasked()) }) })
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
