package actors

import (
	"errors"

	"github.com/mqttgateway/mqttgateway/messages"
)

// deviceGate is the device as the gate of its own mailbox.
type deviceGate device

// admission says what a device's mailbox does with messages.
type admission uint8

const (
	admit         admission = iota // admits messages until the mailbox is full
	refuseOffline                  // the device is down
	refuseStuck                    // a call of the device's code has outlived its deadline
	refuseClosing                  // the gateway is stopping
)

// The reasons for refusing messages.
var (
	errFull    = errors.New("mailbox full")
	errOffline = errors.New("device offline")
	errStuck   = errors.New("device stuck")
	errClosing = errors.New("gateway stopping")
)

func (g *deviceGate) Enter(msg any) error {
	h, ok := msg.(messages.Handle)
	if !ok {
		return nil
	}
	switch {
	case g.stopped:
		return errShut
	case g.hubDown != nil:
		return g.hubDown
	case g.admits == refuseOffline:
		return errOffline
	case g.admits == refuseStuck:
		return errStuck
	case g.admits == refuseClosing:
		return errClosing
	case h.Early: // it had its place in the process before this one
	case g.waiting > 0 && g.bytes+sizeOf(h.Msg) > maxWaiting:
		return errFull
	case g.full() && (!awaited(h) || g.slow() && g.holding() >= heldWhenSlow):
		return errFull
	}
	g.waiting++
	g.bytes += sizeOf(h.Msg)
	if awaited(h) {
		g.held++
	}
	return nil
}

func (g *deviceGate) Leave(msg any) {
	if h, ok := msg.(messages.Handle); ok {
		g.waiting--
		g.bytes -= sizeOf(h.Msg)
		if awaited(h) {
			g.held--
		}
	}
}

// full reports whether the mailbox has no place left. A message for which the broker waits takes no place: the broker
// itself bounds how many messages it sends without an acknowledgement, and a session has only 65,535 identifiers for
// them. So a device that makes progress need not refuse messages that a broker has retained for years and sends at the
// same time.
func (g *deviceGate) full() bool { return g.waiting-g.held >= g.config.Mailbox }

// awaited reports whether the broker waits for the acknowledgement of a message.
func awaited(h messages.Handle) bool { return h.QoS > 0 && !h.Early }

// slow reports whether a call of the device's code has taken slowAfter.
func (g *deviceGate) slow() bool { return g.busy != nil && g.busy.slow }

// holding returns the number of messages for which the broker waits because of this device, with the message that the
// device handles and those that it answers later.
func (g *deviceGate) holding() int {
	n := g.held + g.unanswered
	if g.busy != nil && awaited(g.busy.handling) {
		n++
	}
	return n
}
