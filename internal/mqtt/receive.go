package mqtt

import (
	"fmt"
	"runtime"
)

// read is the goroutine that takes what the broker sends, and calls Arrived. It ends with the session.
func (s *directSession) read() {
	defer s.recovered()
	for {
		p, ok := s.in.next()
		if !ok {
			s.beforeWaiting()
			if s.crowded >= crowd {
				yield()
			}
			s.crowded = 0
			if err := s.in.fill(); err != nil {
				s.fail(err)
				return
			}
			s.heard.beat()
			continue
		}
		if err := s.receive(p); err != nil {
			s.fail(err)
			return
		}
	}
}

// crowd is from how many messages at once on the reader lets other programs have its processor for a moment, if they want
// it: broker and gateway share a machine, and it is for what the broker sends meanwhile that the next reading, and the
// next writing, take more at once. At QoS 1 the broker waits for acknowledgements instead, and is not kept waiting.
const crowd = 4

// yields is how often the reader lets others run before it takes it that there is no answer: those who were woken by
// what arrived, and then whoever sends what they have put together.
const yields = 2

// beforeWaiting lets those answer who were woken by what arrived, and sends with their answer, or alone, the
// acknowledgements made meanwhile. Without an answer, which would acknowledge to TCP as well, that is done by itself.
func (s *directSession) beforeWaiting() {
	for n := 0; n < yields && s.sent.at() <= s.heard.at(); n++ {
		runtime.Gosched()
	}
	if s.acksWait() {
		s.Flush()
	}
	if s.sent.at() <= s.heard.at() {
		s.quickAck()
	}
}

func (s *directSession) acksWait() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.acks
}

// receive takes a packet, which frames has let pass.
func (s *directSession) receive(p packet) error {
	switch p.kind() {
	case typePublish:
		return s.arrived(p)
	case typePuback:
		return s.acknowledged(p.id())
	case typeSuback:
		return s.answered(p, p.body[2])
	case typeUnsuback:
		return s.answered(p, 0)
	case typePubrel: // of a message that came with QoS 2, acknowledged or not
		s.acknowledge(typePubcomp, p.id())
	case typePubrec, typePubcomp:
		return fmt.Errorf("packet of type %d for message %d: nothing was published with QoS 2", p.kind(), p.id())
	case typeConnack:
		return s.accepted(p)
	}
	return nil // PINGRESP, DISCONNECT
}

func (s *directSession) arrived(p packet) error {
	m, id := parsePublish(p)
	if m.QoS == 0 {
		s.crowded++
	} else {
		if id == 0 {
			return malformed("PUBLISH with the identifier 0")
		}
		m.receipt = &receipt{session: s, id: id, qos: m.QoS}
	}
	if !s.quiet.Load() {
		s.options.Arrived(m)
	}
	return nil
}

func (s *directSession) acknowledged(id uint16) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.flights.acknowledge(id) {
		return fmt.Errorf("PUBACK for message %d, which is not in flight", id)
	}
	s.report()
	return nil
}

func (s *directSession) answered(p packet, code byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.flights.answer(p.kind(), p.id(), code) {
		return fmt.Errorf("packet of type %d for request %d, which was not made", p.kind(), p.id())
	}
	return nil
}

func (s *directSession) accepted(p packet) error {
	select {
	case <-s.connected:
		return fmt.Errorf("a second CONNACK")
	default:
	}
	s.present = p.body[0]&1 != 0
	close(s.connected)
	return nil
}
