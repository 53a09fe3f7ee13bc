package actors

import (
	"errors"
	"fmt"

	"github.com/mqttgateway/mqttgateway/actors/mailbox"
	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/messages"
)

// connectionGate bounds the publications in the connection's mailbox, and what the broker can put there.
type connectionGate struct {
	publications mailbox.Bound[messages.Publication]
	found        mailbox.Bound[found]
}

var errConnectionFull = errors.New("connection's mailbox full")

func newConnectionGate() mailbox.Gate {
	return &connectionGate{
		publications: mailbox.Bound[messages.Publication]{
			Most: maxPublications, MostBytes: maxWaiting, Size: sizeOfPublication, Full: errConnectionFull,
		},
		found: mailbox.Bound[found]{Most: maxFound, Full: errConnectionFull},
	}
}

// Enter implements mailbox.Gate.
func (g *connectionGate) Enter(msg any) error {
	if err := g.publications.Enter(msg); err != nil {
		return err
	}
	return g.found.Enter(msg)
}

// Leave implements mailbox.Gate.
func (g *connectionGate) Leave(msg any) {
	g.publications.Leave(msg)
	g.found.Leave(msg)
}

// newConnectionMailbox returns the mailbox of the connection, which sums up the publications that it refuses.
func newConnectionMailbox(c connectionOptions, m *connectionMemory) *mailbox.Mailbox {
	return mailbox.New(newConnectionGate(), func(msg any, err error) {
		p, ok := msg.(messages.Publication)
		if !ok {
			return // a device that is no more: the next run finds it
		}
		err = fmt.Errorf("%w: %w", devices.ErrDropped, err)
		c.tellDropped(p, err)
		c.receipts.resolve(p.Number, err)
	}).WhenEmpty(m.flushDue, m.flush)
}
