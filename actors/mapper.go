package actors

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"strings"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/mqttgateway/mqttgateway/actors/routing"
	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/mapping"
	"github.com/mqttgateway/mqttgateway/messages"
)

// mapper is the actor that translates in both directions and finds the devices of what arrives. Whatever is wrong with
// a message concerns that message only.
type mapper struct {
	*system
	*ledger
	index   *routing.Index
	found   []int // reused from message to message
	refused *tally
	unsaid  *tally
	unknown *tally // devices, for which the spool holds messages

	gateways map[string]bool // that devices answer to explicitly
	busy     *ration
}

// ledger is what of the mapper outlives a restart of it.
type ledger struct {
	epoch    uint64                      // the latest of the deliveries in open
	open     map[messages.Delivery]*owed // that somebody waits for
	stale    map[string]bool             // topics of retained commands that have been told of
	codec    *mapping.Codec              // of the map in force
	overflow *tally                      // of the mailbox
	closing  bool                        // devices take nothing any more
	flushed  bool                        // nothing goes out any more
}

func newLedger(overflow *tally) *ledger {
	return &ledger{open: make(map[messages.Delivery]*owed), stale: make(map[string]bool), overflow: overflow}
}

// expect notes that somebody waits until all devices of a delivery have told how it went. The first delivery of a
// session ends those of the sessions before for which only their broker waited.
func (l *ledger) expect(d messages.Delivery, o *owed) {
	if d.Epoch > l.epoch {
		l.epoch = d.Epoch
		maps.DeleteFunc(l.open, func(_ messages.Delivery, o *owed) bool { return o.asked.Type() == 0 })
	}
	if d.Epoch == l.epoch || o.asked.Type() != 0 {
		l.open[d] = o
	}
}

func newMapper(s *system, l *ledger) *mapper {
	gateways := make(map[string]bool)
	index := new(routing.Index)
	for i, slot := range s.slots {
		index.Add(i, (*routing.Answers)(&slot.AnswersTo))
		for _, gateway := range slot.AnswersTo.Gateway {
			gateways[gateway] = true
		}
	}
	return &mapper{
		system:   s,
		ledger:   l,
		index:    index,
		refused:  s.newTally(mapperName, "messages"),
		unsaid:   s.newTally(mapperName, "emissions"),
		unknown:  s.newTally("spool", "messages"),
		gateways: gateways,
		busy:     newRation(),
	}
}

// Receive implements actor.Actor.
func (m *mapper) Receive(c actor.Context) {
	defer m.guard(c, mapperName)
	switch msg := c.Message().(type) {
	case messages.Arrived:
		m.arrived(msg)
	case messages.EarlyAck:
		m.acknowledged(msg)
	case messages.Done:
		m.done(msg)
	case messages.Undone:
		o := newOwed(msg.Msg, faultsWanted, 1, 0)
		o.add(messages.Done{Device: msg.Device, Outcome: msg.Outcome, Reason: msg.Reason})
		m.answer(o)
	case messages.Restored:
		m.restored(msg)
	case messages.Emitted:
		m.emitted(msg)
	case remap:
		m.codec = msg.codec
	case question:
		msg.answer()
	case messages.CloseDevices:
		m.closing = true
		m.devices.send(msg) // behind all that they are to handle yet
	case messages.Flush:
		m.flushed = true
		m.stopTallies()
		m.connection.send(msg)
	case *actor.Stopping, *actor.Restarting:
		m.stopTallies()
	}
}

func (m *mapper) stopTallies() {
	m.refused.stop()
	m.unsaid.stop()
	m.unknown.stop()
	m.overflow.stop()
}

// arrived finds the devices of a message and hands it to each.
func (m *mapper) arrived(a messages.Arrived) {
	m.counters.Arrived.Add(1)
	if m.closing {
		m.counters.Refused.Add(1)
		return // and not acknowledged: the broker may have a session to keep it in
	}
	read := false
	defer func() {
		if !read { // it made us panic, and must not come again
			m.counters.Refused.Add(1)
			m.settle(a)
		}
	}()
	msg, echo, err := m.codec.Decode(a.Topic, a.Payload)
	read = true
	switch {
	case echo:
		m.counters.Echoes.Add(1)
		m.settle(a)
		m.debug("own message came back", a)
	case err != nil:
		m.reject(a, err)
		m.settle(a)
		m.refuse(a, err)
	case a.Retained && msg.Type() == messages.Command && !m.RetainedCommands:
		m.settle(a)
		m.ignore(a)
	default:
		m.route(a, msg)
	}
}

func (m *mapper) refuse(a messages.Arrived, err error) {
	if errors.Is(err, mapping.ErrReserved) || a.Retained && errors.Is(err, mapping.ErrEmpty) {
		m.counters.Ignored.Add(1)
		m.debug("no message", a)
		return
	}
	m.counters.Refused.Add(1)
	m.refused.note(err)
	m.debug("message refused", a, slog.Any("err", err))
}

// maxStale is how many topics of retained commands have a line each.
const maxStale = 100

// ignore passes over a command that the broker had kept: whoever sent it did not mean it for now.
func (m *mapper) ignore(a messages.Arrived) {
	m.counters.Ignored.Add(1)
	if !m.stale[a.Topic] && len(m.stale) < maxStale {
		m.stale[strings.Clone(a.Topic)] = true // it shares its memory with the payload
		m.Log.Warn("retained command ignored; clear its topic, or set mapping.retained_commands", "topic", a.Topic, "payload", a.Payload)
		return
	}
	m.debug("retained command ignored", a)
}

func (m *mapper) route(a messages.Arrived, msg messages.InternalMsg) {
	m.found = m.index.Find(msg.Address(), m.found[:0])
	if len(m.found) == 0 {
		m.counters.Unmatched.Add(1)
		m.settle(a)
		m.debug("message finds no device", a)
		return
	}
	m.counters.Routed.Add(1)
	wanted := m.wanted(msg, m.found)
	handle := messages.Handle{Delivery: a.Delivery, QoS: a.QoS, Msg: msg}
	switch {
	case a.QoS == 0 && wanted == faultsWanted && len(m.found) == 1:
		handle.Faults = true // there are few, and nothing to be added up
	case a.QoS > 0 || wanted != nothingWanted:
		handle.Answer = wanted != nothingWanted
		m.expect(a.Delivery, newOwed(msg, wanted, len(m.found), a.QoS))
	}
	h := any(handle) // boxed once for all of them
	for _, i := range m.found {
		m.slots[i].post(h)
	}
}

// restored gives a device what it had kept, and not handled, when the process before this one ended. Its delivery is that
// of no session.
func (m *mapper) restored(r messages.Restored) {
	slot := m.byName[r.Device]
	if slot == nil {
		m.unknown.note(fmt.Errorf("device %q: there is none, for which a message was kept: %v", r.Device, r.Msg))
		m.connection.send(messages.Spent{Record: r.Record})
		return
	}
	m.counters.Restored.Add(1)
	d := messages.Delivery{Number: r.Record}
	wanted := slot.wanted(r.Msg)
	m.expect(d, newOwed(r.Msg, wanted, 1, 0))
	slot.post(messages.Handle{Delivery: d, QoS: 1, Answer: wanted != nothingWanted, Early: true, Record: r.Record, Msg: r.Msg})
}

// acknowledged notes that one device keeps a delivery, so that the broker waits only for the others.
func (m *mapper) acknowledged(e messages.EarlyAck) {
	if o, ok := m.open[e.Delivery]; ok {
		o.record = max(o.record, e.Record)
		m.Log.Debug("message acknowledged early", "device", e.Device, "spooled", e.Record != 0)
		m.acknowledge(e.Delivery, o)
	}
}

// done counts what one device tells of a delivery that somebody waits for. The answer goes first, so that a command is
// neither acknowledged nor forgotten by the spool while its answer can be lost.
func (m *mapper) done(d messages.Done) {
	if o, ok := m.open[d.Delivery]; ok {
		if o.add(d); o.left == 0 {
			m.answer(o)
		}
		if !d.Early {
			m.acknowledge(d.Delivery, o)
		}
		m.forget(d.Delivery, o)
	}
	if d.Record != 0 {
		m.connection.send(messages.Spent{Record: d.Record})
	}
}

// acknowledge notes that the broker waits for one device less.
func (m *mapper) acknowledge(d messages.Delivery, o *owed) {
	if o.awaited == 0 {
		return // the broker doesn't wait
	}
	if o.awaited--; o.awaited == 0 {
		m.connection.send(messages.Settled{Delivery: d, Record: o.record})
	}
	m.forget(d, o)
}

// forget closes a delivery that nobody waits for any more.
func (m *mapper) forget(d messages.Delivery, o *owed) {
	if o.left == 0 && o.awaited == 0 {
		delete(m.open, d)
	}
}

// settle has an arrival acknowledged that finds no device.
func (m *mapper) settle(a messages.Arrived) {
	if a.QoS > 0 {
		m.connection.send(messages.Settled{Delivery: a.Delivery})
	}
}

// emitted puts a device's message into the words of the wire.
func (m *mapper) emitted(e messages.Emitted) {
	if m.flushed {
		m.receipts.settle(e.Number, devices.ErrStopped)
		return
	}
	written := false
	defer func() {
		if !written {
			m.counters.Unsaid.Add(1)
			m.receipts.settle(e.Number, devices.ErrRefused)
		}
	}()
	topic, payload, err := m.codec.Encode(e.Msg)
	written = true
	if err != nil {
		m.counters.Unsaid.Add(1)
		m.unsaid.note(fmt.Errorf("device %q: %w", e.Device, err))
		m.Log.Debug("emission refused", "device", e.Device, "message", e.Msg, "err", err)
		m.receipts.settle(e.Number, fmt.Errorf("%w: %w", devices.ErrRefused, err))
		return
	}
	m.connection.send(messages.Publication{
		Number: e.Number, Device: e.Device, Topic: topic, Payload: payload, Retain: e.Retain,
	})
}

func (m *mapper) debug(what string, a messages.Arrived, more ...slog.Attr) {
	if m.Log.Enabled(context.Background(), slog.LevelDebug) {
		m.Log.LogAttrs(context.Background(), slog.LevelDebug, what,
			append(more, slog.String("topic", a.Topic), slog.String("payload", a.Payload))...)
	}
}
