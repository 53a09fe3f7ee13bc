package actors

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/messages"
)

// emitted puts a device's message into the words of the wire.
func (m *mapper) emitted(e messages.Emitted) {
	if m.finished {
		m.receipts.resolve(e.Number, devices.ErrStopped)
		return
	}
	written := false
	defer func() {
		if !written {
			m.counters.Unsaid.Add(1)
			m.receipts.resolve(e.Number, devices.ErrRefused)
		}
	}()
	topic, payload, err := m.codec.Encode(e.Msg)
	written = true
	if err != nil {
		m.counters.Unsaid.Add(1)
		m.unsaid.note(fmt.Errorf("device %q: %w", e.Device, err))
		if of, ok := m.routes.named(e.Device); ok {
			of.inbox.unsaid(err)
		}
		m.log.Debug("emission refused", "device", e.Device, "message", e.Msg, "err", err)
		m.receipts.resolve(e.Number, fmt.Errorf("%w: %w", devices.ErrRefused, err))
		if e.Retain && e.Msg.Type() == messages.Status && m.codec.Signs(e.Msg.Sender()) {
			m.connection.send(messages.Wordless(e))
		}
		return
	}
	p := messages.Publication{Number: e.Number, Device: e.Device, Topic: topic, Payload: payload, Retain: e.Retain}
	if e.Retain {
		m.connection.send(messages.RetainedPublication{Publication: p, Msg: e.Msg})
	} else {
		m.connection.send(p)
	}
	m.tellNeighbours(e)
}

// tellNeighbours gives a message that a device has emitted to the other devices of this gateway that the message finds. The same message
// comes back from the broker as the gateway's own echo, and is dropped, so that no device hears it twice. A message with another
// sender's name is no echo: devices here hear it from the broker only. Answers go to the broker only, where their readers are.
func (m *mapper) tellNeighbours(e messages.Emitted) {
	if m.closing {
		return
	}
	m.found = m.routes.neighbours(e.Device, e.Msg.Type(), e.Msg.Address(), m.found[:0])
	switch {
	case len(m.found) == 0: // the first test, since most messages find no other device
		return
	case isAnswer(e.Msg), !m.codec.Signs(e.Msg.Sender()):
		return
	case !m.told.allow(e.Device):
		m.tooMany(e.Device)
		return
	}
	m.counters.Told.Add(1)
	if m.log.Enabled(context.Background(), slog.LevelDebug) {
		m.log.Debug("message told other devices", "device", e.Device, "message", e.Msg, "devices", len(m.found))
	}
	handle := messages.Handle{Msg: e.Msg}
	if how := m.routes.answering(e.Msg, m.found); how.wanted != nothingWanted {
		handle.Delivery, handle.Answer = messages.Delivery{Number: e.Number, Emitted: true}, true
		m.pending.expect(handle.Delivery, newPendingDelivery(e.Msg, how, len(m.found), 0))
	}
	boxed := any(handle)
	for _, number := range m.found {
		m.routes.routed[number].inbox.post(boxed)
	}
}

// isAnswer reports whether a device answers a command by msg.
func isAnswer(msg messages.InternalMsg) bool {
	_, ok := msg.Arg(messages.ArgResponse)
	return ok && msg.Type() == messages.Status
}

// toldPerSecond is the most messages of one device in a second that other devices of the gateway get. Two devices that answer each other
// without end reach this number at once; the next message goes to the broker only, and ends their circle.
const toldPerSecond = 1000

var errTooMany = fmt.Errorf("it says more than %d messages in a second that others here hear: is it a circle? The rest goes to the broker only", toldPerSecond)

// tooMany counts a message of a device that the other devices do not get.
func (m *mapper) tooMany(device string) {
	t := m.circles[device]
	if t == nil {
		t = newTally(m.supervisor, device, "messages to other devices")
		m.circles[device] = t
	}
	t.note(errTooMany)
}
