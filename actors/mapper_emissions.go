package actors

import (
	"fmt"
	"strings"
	"time"

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
	m.connection.send(messages.Publication{
		Number: e.Number, Device: e.Device, Topic: topic, Payload: payload, Retain: e.Retain,
	})
}

// answer tells the sender of a command how it went, once all devices have told.
func (m *mapper) answer(p *pendingDelivery) {
	switch {
	case p.wanted == nothingWanted, p.wanted == faultsWanted && p.worst == messages.Handled:
	case p.worst == messages.Busy && !m.answered.allow(p.device):
		m.counters.Unanswered.Add(1)
	default:
		m.say(p.asked.Reply(p.worst, p.reason))
	}
}

// say sends an answer, for which nobody has a receipt.
func (m *mapper) say(answer messages.InternalMsg) {
	topic, payload, err := m.codec.Encode(answer)
	if err != nil {
		m.counters.Unsaid.Add(1)
		m.unsaid.note(err)
		return
	}
	m.connection.send(messages.Publication{Device: ownName, Topic: topic, Payload: payload})
}

// ownName stands for the gateway where a device would be named.
const ownName = "(gateway)"

// reject answers a command that can't be mapped, if it names a gateway that a device answers to explicitly.
func (m *mapper) reject(a messages.Arrived, why error) {
	r, ok := m.codec.Reject(a.Topic, a.Payload, why)
	if !ok || m.routes.gateways[r.Gateway] == 0 {
		return
	}
	if !m.answered.allow("gateway " + strings.ToValidUTF8(r.Gateway, "")) {
		m.counters.Unanswered.Add(1)
		return
	}
	m.connection.send(messages.Publication{Device: ownName, Topic: r.Topic, Payload: r.Payload})
}

// answersPerSecond bounds the answers that a flood can cause: those of BUSY for each device, and those to commands
// that can't be mapped for each gateway that they name.
const answersPerSecond = 10

// ration allows so many answers a second for each key.
type ration struct {
	second int64
	spent  map[string]int // in this second
}

func newRation() ration { return ration{spent: make(map[string]int)} }

func (r *ration) allow(key string) bool {
	if now := time.Now().Unix(); r.second != now {
		r.second = now
		clear(r.spent)
	}
	r.spent[key]++
	return r.spent[key] <= answersPerSecond
}
