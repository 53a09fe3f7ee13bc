package actors

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"github.com/mqttgateway/mqttgateway/mapping"
	"github.com/mqttgateway/mqttgateway/messages"
)

// arrived finds the devices of a message and hands it to each.
func (m *mapper) arrived(a messages.Arrived) {
	m.counters.Arrived.Add(1)
	if m.closing {
		m.counters.Refused.Add(1)
		return // The mapper does not acknowledge the message: the broker may keep it for the next session.
	}
	read := false
	defer func() {
		if !read { // Decode has panicked: the message must not come again
			m.counters.Refused.Add(1)
			m.acknowledge(a)
		}
	}()
	msg, echo, err := m.codec.Decode(a.Topic, a.Payload)
	read = true
	switch {
	case echo:
		m.counters.Echoes.Add(1)
		m.acknowledge(a)
		m.notRouted("own message came back", a)
	case errors.Is(err, mapping.ErrReserved):
		m.reserved(a)
	case err != nil:
		m.reject(a, err)
		m.acknowledge(a)
		m.refuse(a, err)
	case a.Retained && msg.Type() == messages.Command && !m.retainedCommands:
		m.acknowledge(a)
		m.ignore(a)
	default:
		m.route(a, msg)
	}
}

// acknowledge has the connection acknowledge a message that no device is to handle.
func (m *mapper) acknowledge(a messages.Arrived) {
	if a.QoS > 0 {
		m.connection.send(messages.Acknowledge{Delivery: a.Delivery})
	}
}

func (m *mapper) refuse(a messages.Arrived, err error) {
	if a.Retained && errors.Is(err, mapping.ErrEmpty) {
		m.counters.Ignored.Add(1)
		m.notRouted("no message", a)
		return
	}
	m.counters.Refused.Add(1)
	m.refused.note(err)
	m.notRouted("message refused", a, slog.Any("err", err))
}

// maxStale is the most topics of retained commands that get a line each in the log.
const maxStale = 100

// ignore drops a command that the broker had retained: its sender did not mean it for now.
func (m *mapper) ignore(a messages.Arrived) {
	m.counters.Ignored.Add(1)
	if !m.stale[a.Topic] && len(m.stale) < maxStale {
		m.stale[strings.Clone(a.Topic)] = true // the topic shares its memory with the payload
		m.log.Warn("retained command ignored; clear its topic, or set mapping.retained_commands", "topic", a.Topic, "payload", a.Payload)
		m.traffic.arrived(a, 0, "retained command ignored")
		return
	}
	m.notRouted("retained command ignored", a)
}

func (m *mapper) route(a messages.Arrived, msg messages.InternalMsg) {
	m.found = m.routes.find(msg.Type(), msg.Address(), m.found[:0])
	if len(m.found) == 0 {
		m.counters.Unmatched.Add(1)
		m.findsNobody(msg, errNoDevice{to: msg.Address()})
		m.acknowledge(a)
		m.notRouted("message finds no device", a)
		return
	}
	m.counters.Routed.Add(1)
	m.traffic.arrived(a, len(m.found), "")
	how := m.routes.answering(msg, m.found)
	handle := messages.Handle{Delivery: a.Delivery, QoS: a.QoS, Msg: msg}
	switch {
	case a.QoS == 0 && how.wanted != allWanted && len(m.found) == 1: // one device, whose outcome need not be joined with others
		handle.Faults, handle.Alone = how.wanted == faultsWanted, true
	case a.QoS > 0 || msg.Type() == messages.Command:
		handle.Answer = true
		m.pending.expect(a.Delivery, newPendingDelivery(msg, how, len(m.found), a.QoS))
	}
	boxed := any(handle) // once for all the devices
	for _, number := range m.found {
		m.routes.routed[number].inbox.post(boxed)
	}
}

// restored gives a device a message that the spool had kept for it: the process before this one had ended before the device handled the
// message. The delivery belongs to no session. A message for a device that a hub adds waits until the hub has added the device.
func (m *mapper) restored(r messages.Restored) {
	device, ok := m.routes.named(r.Device)
	if !ok {
		if _, comes := m.routes.named(hubOf(r.Device)); comes {
			m.early[r.Device] = append(m.early[r.Device], r)
			return
		}
		m.unknown.note(fmt.Errorf("device %q: there is none, for which a message was kept: %v", r.Device, r.Msg))
		m.connection.send(messages.Spent{Record: r.Record})
		return
	}
	m.counters.Restored.Add(1)
	d := messages.Delivery{Number: r.Record}
	how := device.answering(r.Msg)
	if r.Entity != "" {
		how = answering{} // the device answers by a view
	}
	m.pending.expect(d, newPendingDelivery(r.Msg, how, 1, 0))
	device.inbox.post(messages.Handle{Delivery: d, QoS: 1, Early: true, Record: r.Record, Entity: r.Entity, Msg: r.Msg})
}

// restoreEarly gives devices that a hub has added the messages that were kept for them. It drops the messages for devices that no hub
// will add any more.
func (m *mapper) restoreEarly(r routes) {
	if len(m.early) == 0 {
		return
	}
	gone := make(map[string]bool, len(r.remove))
	for _, name := range r.remove {
		gone[name] = true
	}
	come := make(map[string]bool, len(r.add))
	for _, device := range r.add {
		come[device.name] = true
	}
	for name, kept := range m.early {
		if come[name] || gone[hubOf(name)] {
			delete(m.early, name)
			for _, one := range kept {
				m.restored(one)
			}
		}
	}
}

// kept notes that one device keeps a delivery: the broker waits only for the other devices from then on.
func (m *mapper) kept(e messages.EarlyAck) {
	p, ok := m.pending.open[e.Delivery]
	if !ok {
		return
	}
	p.record = max(p.record, e.Record)
	m.log.Debug("message acknowledged early", "device", e.Device, "spooled", e.Record != 0)
	m.awaitLess(e.Delivery, p)
	m.pending.close(e.Delivery, p)
}

// done takes what one device tells of a delivery. The mapper sends the answer before it has the delivery acknowledged and before it has
// the spool forget the message: until then the answer could be lost.
func (m *mapper) done(d messages.Done) {
	if p, ok := m.pending.open[d.Delivery]; ok {
		if p.add(d); p.left == 0 {
			m.answer(p, d.Delivery.Emitted)
		}
		if !d.Early {
			m.awaitLess(d.Delivery, p)
		}
		m.pending.close(d.Delivery, p)
	}
	if d.Record != 0 {
		m.connection.send(messages.Spent{Record: d.Record})
	}
}

// awaitLess notes that the broker waits for one device less. If it waits for none any more, the connection acknowledges the delivery.
func (m *mapper) awaitLess(d messages.Delivery, p *pendingDelivery) {
	if p.awaited == 0 {
		return // the broker doesn't wait
	}
	if p.awaited--; p.awaited == 0 {
		m.connection.send(messages.Acknowledge{Delivery: d, Record: p.record})
	}
}

// undone answers a command that one device alone has refused, and for which the mapper has no pendingDelivery.
func (m *mapper) undone(u messages.Undone) {
	device, _ := m.routes.named(u.Device) // which may have gone
	p := newPendingDelivery(u.Msg, answering{faultsWanted, device.repeats}, 1, 0)
	p.add(messages.Done{Device: u.Device, Outcome: u.Outcome, Reason: u.Reason})
	m.answer(p, false)
}
