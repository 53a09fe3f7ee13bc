package actors

import (
	"errors"
	"fmt"
	"log/slog"
	"unicode/utf8"

	"github.com/mqttgateway/mqttgateway/entity"
	"github.com/mqttgateway/mqttgateway/internal/entities"
	"github.com/mqttgateway/mqttgateway/internal/subscription"
	"github.com/mqttgateway/mqttgateway/messages"
)

// maxSet is the most bytes of a payload at the topic of an entity.
const maxSet = 64 << 10

// The reasons for refusing such a payload.
var (
	errSetRetained   = errors.New("retained: what is to be set is meant for now, and would come again with each connect; clear the topic")
	errAskedRetained = errors.New("retained: a request is meant for now, and would come again with each connect; clear the topic")
	errSetEmpty      = errors.New("an empty payload")
	errSetNotUTF8    = errors.New("bytes that are no UTF-8")
	errSetTooLong    = fmt.Errorf("more than %d bytes", maxSet)
)

// reserved handles a message below $gateway. If its topic is that of an entity, the mapper has the device set the entity; what people
// ask of the gateway goes to whoever runs it; all other topics are ignored.
func (m *mapper) reserved(a messages.Arrived) {
	if what, ok := subscription.RequestAt(m.codec.Root(), m.codec.Name(), a.Topic); ok && m.asked != nil {
		m.askedFor(what, a)
		return
	}
	device, id, ok := subscription.SetAt(m.codec.Root(), m.codec.Name(), a.Topic)
	if !ok || m.untold {
		m.counters.Ignored.Add(1)
		m.acknowledge(a)
		m.notRouted("no message", a)
		return
	}
	if err := refusesSet(a); err != nil {
		m.counters.Refused.Add(1)
		m.refused.note(fmt.Errorf("what is set at %.200q: %w", a.Topic, err))
		m.notRouted("message refused", a, slog.Any("err", err))
		if !a.Retained { // no client waits for an answer
			m.answerSet(device, id, err)
		}
		m.acknowledge(a)
		return
	}
	m.setEntity(a, device, id)
}

// askedFor hands what people ask of the gateway to whoever runs it.
func (m *mapper) askedFor(what string, a messages.Arrived) {
	m.acknowledge(a)
	if a.Retained {
		m.counters.Refused.Add(1)
		m.refused.note(fmt.Errorf("what is asked at %.200q: %w", a.Topic, errAskedRetained))
		m.notRouted("message refused", a, slog.Any("err", errAskedRetained))
		return
	}
	m.counters.Ignored.Add(1)
	m.notRouted("a request to the gateway", a)
	m.asked(what, a.Payload)
}

func refusesSet(a messages.Arrived) error {
	switch {
	case a.Retained:
		return errSetRetained
	case a.Payload == "": // a client that clears a retained topic sends one, too, and does not mean to press a button
		return errSetEmpty
	case len(a.Payload) > maxSet:
		return errSetTooLong
	case !utf8.ValidString(a.Payload):
		return errSetNotUTF8
	}
	return nil
}

// setEntity has a device set one of its entities, whatever the map and the address of the entity say. The device answers by a view.
func (m *mapper) setEntity(a messages.Arrived, device, id string) {
	to, ok := m.routes.named(device)
	if !ok {
		err := fmt.Errorf("no device is called %.120q", device)
		m.counters.Unmatched.Add(1)
		m.nobody.note(err)
		m.notRouted("message finds no device", a)
		m.answerSet(device, id, err)
		m.acknowledge(a)
		return
	}
	m.counters.Routed.Add(1)
	m.traffic.arrived(a, 1, "")
	msg := messages.New(messages.Command, messages.Address{Device: device}, entity.ActionSet).WithArg(id, messages.TextValue(a.Payload))
	if a.QoS > 0 {
		m.pending.expect(a.Delivery, newPendingDelivery(msg, answering{}, 1, a.QoS))
	}
	to.inbox.post(messages.Handle{Delivery: a.Delivery, QoS: a.QoS, Entity: id, Msg: msg})
}

// setEntities has a device set some of its entities, whatever the map and their addresses say. The device answers whoever has asked.
func (m *mapper) setEntities(s messages.SetEntities) {
	to, ok := m.routes.named(s.Device)
	switch {
	case m.closing:
		m.answers.give(s.Number, Answer{messages.Failed, errClosing.Error()})
	case !ok: // it has gone meanwhile
		m.answers.give(s.Number, Answer{messages.Rejected, noDevice(s.Device).Error()})
	default:
		to.inbox.post(messages.Handle{Asked: s.Number, Msg: s.Msg})
	}
}

// answerSet answers, in place of a device, that the entity is not set, within the ration of answers.
func (m *mapper) answerSet(device, id string, why error) {
	if !m.answered.allow("set " + device) {
		m.counters.Unanswered.Add(1)
		return
	}
	answer := entities.AnswerView(id, messages.Rejected, why.Error(), messages.InternalMsg{})
	m.connection.send(messages.View{Device: device, Name: "answer", Payload: answer})
}
