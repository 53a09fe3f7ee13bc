package actors

import (
	"errors"
	"fmt"

	"github.com/mqttgateway/mqttgateway/actors/mailbox"
	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/messages"
)

var errConnectionFull = errors.New("connection's mailbox full")

// newConnectionGate returns what bounds the publications in the connection's mailbox.
func newConnectionGate() mailbox.Gate {
	return &mailbox.Bound[messages.Publication]{
		Most: maxPublications, MostBytes: maxWaiting, Size: sizeOfPublication, Full: errConnectionFull,
	}
}

// newConnectionMailbox returns the mailbox of the connection, which sums up in l.dropped what it refuses.
func newConnectionMailbox(s *system, l *lasting) *mailbox.Mailbox {
	return mailbox.New(newConnectionGate(), func(msg any, err error) {
		p, err := msg.(messages.Publication), fmt.Errorf("%w: %w", devices.ErrDropped, err)
		s.tellDrop(l.dropped, p, err)
		s.receipts.settle(p.Number, err)
	}).WhenEmpty(l.due, l.do)
}
