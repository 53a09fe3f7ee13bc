package actors

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

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
}

// ledger is what of the mapper outlives a restart of it.
type ledger struct {
	epoch    uint64                    // of the deliveries in open
	open     map[messages.Delivery]int // those that the broker waits for → devices that have still to answer
	overflow *tally                    // of the mailbox
	closing  bool                      // devices take nothing any more
	flushed  bool                      // nothing goes out any more
}

// expect notes that the broker waits until that many devices have answered. The first delivery of a session ends those
// of the sessions before, for which nobody waits any more.
func (l *ledger) expect(d messages.Delivery, answers int) {
	if d.Epoch > l.epoch {
		l.epoch = d.Epoch
		clear(l.open)
	}
	if d.Epoch == l.epoch {
		l.open[d] = answers
	}
}

func newMapper(s *system, l *ledger) *mapper {
	answers := make([]routing.Answers, len(s.slots))
	for i, slot := range s.slots {
		answers[i] = routing.Answers(slot.AnswersTo)
	}
	return &mapper{
		system:  s,
		ledger:  l,
		index:   routing.New(answers),
		refused: s.newTally("mapper", "messages"),
		unsaid:  s.newTally("mapper", "emissions"),
	}
}

// Receive implements actor.Actor.
func (m *mapper) Receive(c actor.Context) {
	defer m.guard(c, "mapper")
	switch msg := c.Message().(type) {
	case messages.Arrived:
		m.arrived(msg)
	case messages.Done:
		m.done(msg.Delivery)
	case messages.Emitted:
		m.emitted(msg)
	case messages.CloseDevices:
		m.closing = true
		m.send(m.devices, msg) // behind all that they are to handle yet
	case messages.Flush:
		m.flushed = true
		m.stopTallies()
		m.send(m.connection, msg)
	case *actor.Stopping, *actor.Restarting:
		m.stopTallies()
	}
}

func (m *mapper) stopTallies() {
	m.refused.stop()
	m.unsaid.stop()
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
	msg, echo, err := m.Codec.Decode(a.Topic, a.Payload)
	read = true
	switch {
	case echo:
		m.counters.Echoes.Add(1)
		m.settle(a)
		m.debug("own message came back", a)
	case err != nil:
		m.settle(a)
		m.refuse(a, err)
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

func (m *mapper) route(a messages.Arrived, msg messages.InternalMsg) {
	m.found = m.index.Find(msg.Address(), m.found[:0])
	if len(m.found) == 0 {
		m.counters.Unmatched.Add(1)
		m.settle(a)
		m.debug("message finds no device", a)
		return
	}
	m.counters.Routed.Add(1)
	if a.QoS > 0 {
		m.expect(a.Delivery, len(m.found))
	}
	h := any(messages.Handle{Delivery: a.Delivery, QoS: a.QoS, Msg: msg}) // boxed once for all of them
	for _, i := range m.found {
		m.slots[i].box.PostUserMessage(h) // not by its PID: the actor may be gone, and its mailbox answers for it
	}
}

// done counts an answer to a delivery that the broker waits for.
func (m *mapper) done(d messages.Delivery) {
	left, ok := m.open[d]
	if !ok {
		return
	}
	if left > 1 {
		m.open[d] = left - 1
		return
	}
	delete(m.open, d)
	m.send(m.connection, messages.Settled{Delivery: d})
}

func (m *mapper) settle(a messages.Arrived) {
	if a.QoS > 0 {
		m.send(m.connection, messages.Settled{Delivery: a.Delivery})
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
	topic, payload, err := m.Codec.Encode(e.Msg)
	written = true
	if err != nil {
		m.counters.Unsaid.Add(1)
		m.unsaid.note(fmt.Errorf("device %q: %w", e.Device, err))
		m.Log.Debug("emission refused", "device", e.Device, "message", e.Msg, "err", err)
		m.receipts.settle(e.Number, fmt.Errorf("%w: %w", devices.ErrRefused, err))
		return
	}
	m.send(m.connection, messages.Publication{
		Number: e.Number, Device: e.Device, Topic: topic, Payload: payload, Retain: e.Retain,
	})
}

func (m *mapper) debug(what string, a messages.Arrived, more ...slog.Attr) {
	if m.Log.Enabled(context.Background(), slog.LevelDebug) {
		m.Log.LogAttrs(context.Background(), slog.LevelDebug, what,
			append(more, slog.String("topic", a.Topic), slog.String("payload", a.Payload))...)
	}
}
