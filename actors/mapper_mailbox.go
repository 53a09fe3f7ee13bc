package actors

import (
	"errors"
	"fmt"

	"github.com/mqttgateway/mqttgateway/actors/mailbox"
	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/messages"
)

// mapperGate bounds what the broker and the devices can put into the mapper's mailbox.
type mapperGate struct {
	arrived mailbox.Bound[messages.Arrived]
	emitted mailbox.Bound[messages.Emitted]
}

var errMapperFull = errors.New("mapper's mailbox full")

func newMapperGate() mailbox.Gate {
	return &mapperGate{
		arrived: mailbox.Bound[messages.Arrived]{
			Most: maxArrived, Free: unacknowledged, MostBytes: maxWaiting, Size: sizeOfArrived, Full: errMapperFull,
		},
		emitted: mailbox.Bound[messages.Emitted]{Most: maxEmitted, MostBytes: maxWaiting, Size: sizeOfEmitted, Full: errMapperFull},
	}
}

// unacknowledged tells whether the broker waits for an arrival: it has only 65,535 identifiers for those.
func unacknowledged(a messages.Arrived) bool { return a.QoS > 0 }

// Enter implements mailbox.Gate.
func (g *mapperGate) Enter(msg any) error {
	if err := g.arrived.Enter(msg); err != nil {
		return err
	}
	return g.emitted.Enter(msg)
}

// Leave implements mailbox.Gate.
func (g *mapperGate) Leave(msg any) {
	g.arrived.Leave(msg)
	g.emitted.Leave(msg)
}

// newMapperMailbox returns the mailbox of the mapper, which answers for what it refuses.
func newMapperMailbox(m *mapper) *mailbox.Mailbox {
	return mailbox.New(newMapperGate(), func(msg any, err error) {
		m.overflow.note(err)
		switch msg := msg.(type) {
		case messages.Arrived:
			m.counters.Arrived.Add(1)
			m.counters.Refused.Add(1)
			m.acknowledge(msg)
		case messages.Emitted:
			m.counters.Unsaid.Add(1)
			m.receipts.resolve(msg.Number, fmt.Errorf("%w: %w", devices.ErrDropped, err))
		}
	})
}
