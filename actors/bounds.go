package actors

import (
	"errors"
	"fmt"

	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/messages"
)

// The most that waits for an actor, of the kinds of messages that come from outside. None of these actors ever waits for
// anything, so that they are seldom reached but by those who send without end, or while one is down over a bug of ours.
const (
	maxArrived      = 8192
	maxEmitted      = 65536
	maxPublications = 65536
	maxReports      = 1024

	maxWaiting = 16 << 20 // bytes of what arrived, was emitted, is to be published, and waits for a device, each
)

// bound is a gate for messages of one type, and lets all others through.
type bound[M any] struct {
	in, most int
	free     func(M) bool // which ones are bounded elsewhere, and take no place; nil: none
	size     func(M) int  // in bytes; nil: they are small
	bytes    int          // ≤ maxWaiting, unless it is one message
	full     error        // that refuses
}

func (b *bound[M]) enter(msg any) error {
	m, ok := msg.(M)
	if !ok {
		return nil
	}
	places, n := b.places(m), b.sizeOf(m)
	if b.in+places > b.most || b.bytes > 0 && b.bytes+n > maxWaiting {
		return b.full
	}
	b.in += places
	b.bytes += n
	return nil
}

func (b *bound[M]) leave(msg any) {
	if m, ok := msg.(M); ok {
		b.in -= b.places(m)
		b.bytes -= b.sizeOf(m)
	}
}

// places is how many a message takes.
func (b *bound[M]) places(m M) int {
	if b.free != nil && b.free(m) {
		return 0
	}
	return 1
}

func (b *bound[M]) sizeOf(m M) int {
	if b.size == nil {
		return 0
	}
	return b.size(m)
}

// unacknowledged tells whether the broker waits for an arrival. It has only 65,535 identifiers for those.
func unacknowledged(a messages.Arrived) bool { return a.QoS > 0 }

func sizeOfArrived(a messages.Arrived) int { return len(a.Topic) + len(a.Payload) }

func sizeOfPublication(p messages.Publication) int { return len(p.Topic) + len(p.Payload) }

func sizeOfEmitted(e messages.Emitted) int { return sizeOf(e.Msg) }

func sizeOf(m messages.InternalMsg) int {
	to := m.Address()
	n := len(to.Function) + len(to.Gateway) + len(to.Location) + len(to.Device) + len(m.Sender()) + len(m.Action())
	for key, value := range m.Args() {
		n += len(key) + len(value.Raw())
	}
	return n
}

// mapperGate bounds what the broker and the devices can put into the mapper's mailbox.
type mapperGate struct {
	arrived bound[messages.Arrived]
	emitted bound[messages.Emitted]
}

func (g *mapperGate) enter(msg any) error {
	if err := g.arrived.enter(msg); err != nil {
		return err
	}
	return g.emitted.enter(msg)
}

func (g *mapperGate) leave(msg any) {
	g.arrived.leave(msg)
	g.emitted.leave(msg)
}

var errMapperFull = errors.New("mapper's mailbox full")

// newMapperMailbox returns the mailbox of the mapper, which sums up in overflow what it refuses.
func newMapperMailbox(s *system, overflow *tally) *mailbox {
	gate := &mapperGate{
		arrived: bound[messages.Arrived]{most: maxArrived, free: unacknowledged, size: sizeOfArrived, full: errMapperFull},
		emitted: bound[messages.Emitted]{most: maxEmitted, size: sizeOfEmitted, full: errMapperFull},
	}
	return newMailbox(gate, func(msg any, err error) {
		overflow.note(err)
		switch msg := msg.(type) {
		case messages.Arrived:
			s.counters.Arrived.Add(1)
			s.counters.Refused.Add(1)
			if msg.QoS > 0 {
				s.connection.send(messages.Settled{Delivery: msg.Delivery})
			}
		case messages.Emitted:
			s.counters.Unsaid.Add(1)
			s.receipts.settle(msg.Number, fmt.Errorf("%w: %w", devices.ErrDropped, err))
		}
	})
}

// newConnectionMailbox returns the mailbox of the connection, which sums up in l.dropped what it refuses.
func newConnectionMailbox(s *system, l *lasting) *mailbox {
	full := errors.New("connection's mailbox full")
	m := newMailbox(&bound[messages.Publication]{most: maxPublications, size: sizeOfPublication, full: full}, func(msg any, err error) {
		p, err := msg.(messages.Publication), fmt.Errorf("%w: %w", devices.ErrDropped, err)
		s.tellDrop(l.dropped, p, err)
		s.receipts.settle(p.Number, err)
	})
	m.chores = l
	return m
}

// newSupervisorMailbox returns the mailbox of the supervisor.
func newSupervisorMailbox(s *system) *mailbox {
	reports := s.newTally("supervisor", "reports")
	full := errors.New("supervisor's mailbox full")
	return newMailbox(&bound[messages.Report]{most: maxReports, full: full}, func(msg any, err error) {
		reports.note(fmt.Errorf("device %q: %w", msg.(messages.Report).Device, err))
	})
}
