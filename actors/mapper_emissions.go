package actors

import (
	"fmt"

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
		m.log.Debug("emission refused", "device", e.Device, "message", e.Msg, "err", err)
		m.receipts.resolve(e.Number, fmt.Errorf("%w: %w", devices.ErrRefused, err))
		return
	}
	p := messages.Publication{Number: e.Number, Device: e.Device, Topic: topic, Payload: payload, Retain: e.Retain}
	if e.Retain {
		m.connection.send(messages.RetainedPublication{Publication: p, Msg: e.Msg})
	} else {
		m.connection.send(p)
	}
}
