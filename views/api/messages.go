package api

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"slices"
	"strings"

	"github.com/mqttgateway/mqttgateway/actors"
	"github.com/mqttgateway/mqttgateway/actors/routing"
	"github.com/mqttgateway/mqttgateway/actors/supervision"
	"github.com/mqttgateway/mqttgateway/internal/rest"
	"github.com/mqttgateway/mqttgateway/internal/web"
	"github.com/mqttgateway/mqttgateway/messages"
	"github.com/mqttgateway/mqttgateway/views/explain"
)

// Message is a message that has passed between the gateway and the broker.
type Message struct {
	At        Stamp  `json:"at"`
	Direction string `json:"direction"` // in or out
	Topic     string `json:"topic"`
	Payload   string `json:"payload"` // cut, if it is long
	Size      int    `json:"size"`    // of the payload, in bytes
	QoS       byte   `json:"qos,omitempty"`
	Retained  bool   `json:"retained,omitempty"` // the broker is to keep it, or has kept it
	Devices   int    `json:"devices"`            // how many devices it has found, if it came in
	Note      string `json:"note,omitempty"`     // why it has found none
}

// longestPayload is how much of a payload is shown, in bytes.
const longestPayload = 4 << 10

// pumpTraffic makes an event of each message that passes.
func (a *API) pumpTraffic(ctx context.Context) {
	var m Message
	pause := rest.Aside()
	for p := range a.Gateway.Traffic(ctx) {
		pause.Due()
		a.events.skip(traffic, uint64(p.Missed))
		m = Message{At: Stamp(p.At), Direction: "in", Topic: p.Topic, Size: p.Size, QoS: p.QoS, Retained: p.Retained, Devices: p.Devices, Note: p.Note}
		if m.Payload = p.Payload; len(m.Payload) > longestPayload {
			m.Payload = strings.ToValidUTF8(m.Payload[:longestPayload], "") + "…"
		}
		if p.Out {
			m.Direction = "out"
		}
		e := encode("message", &m)
		e.topic, e.text = m.Topic, m.Payload
		a.events.push(traffic, e)
	}
}

// Sending is a message that the gateway is to send.
type Sending struct {
	Topic   string `json:"topic"`
	Payload string `json:"payload"`
	QoS     byte   `json:"qos"`
	Retain  bool   `json:"retain"`
}

// send publishes a message, as any client of the broker could.
func (a *API) send(w http.ResponseWriter, r *http.Request) {
	var s Sending
	if !read(w, r, &s) {
		return
	}
	_, err := a.Gateway.Send(s.Topic, s.Payload, s.QoS, s.Retain)
	switch {
	case errors.Is(err, actors.ErrNotRunning):
		web.Refuse(w, http.StatusServiceUnavailable, err.Error())
	case err != nil:
		web.Refuse(w, http.StatusUnprocessableEntity, err.Error())
	default:
		answer(w, http.StatusAccepted, struct{}{})
	}
}

// mostTopics is how many topics a beginning is completed to.
const mostTopics = 50

// mostLooked is how many devices are looked at for their topics: a person types meanwhile.
const mostLooked = 1000

// asSender is the sender of the topics that are proposed: one that is nobody's.
const asSender = "me"

// topics answers with topics that begin with a text: those at which devices are spoken to, and those that have passed lately.
func (a *API) topics(w http.ResponseWriter, r *http.Request) {
	prefix := r.URL.Query().Get("prefix")
	found := make(map[string]bool)
	for t := range a.events.topics() {
		if strings.HasPrefix(t, prefix) {
			found[t] = true
		}
	}
	codec, looked := a.Configuration.Codec(), 0
	for _, e := range a.record(r.Context()) {
		if e.Kind != supervision.Device {
			continue
		}
		if looked++; looked > mostLooked {
			break
		}
		if about, ok := a.Gateway.Address(e.Name); ok {
			if t, err := codec.Topic(messages.New(messages.Command, about, "").WithSender(asSender)); err == nil && strings.HasPrefix(t, prefix) {
				found[t] = true
			}
		}
	}
	list := make([]string, 0, len(found))
	for t := range found {
		list = append(list, t)
	}
	slices.Sort(list)
	answer(w, http.StatusOK, list[:min(len(list), mostTopics)])
}

// explain answers with what becomes of a message, as the command explain does.
func (a *API) explain(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	g := explain.Gateway{Codec: a.Configuration.Codec(), Admin: a.Admin, Devices: a.answers(r.Context()), Set: a.refusesSet}
	answer(w, http.StatusOK, g.Explain(q.Get("topic"), q.Get("payload")))
}

// refusesSet returns why a payload would not set an entity.
func (a *API) refusesSet(at explain.Target, payload string) error {
	i, ok := a.Gateway.Inspect(at.Device)
	switch {
	case !ok:
		return fmt.Errorf("%w: %.120q", actors.ErrNoDevice, at.Device)
	case i.Description == nil:
		return fmt.Errorf("%.120q has not said yet what can be set", at.Device)
	case payload == "":
		return errors.New("an empty payload")
	}
	e, ok := i.Description.Entity(at.Entity)
	if !ok || e.Hidden {
		return fmt.Errorf("%.120q: there is no such entity", at.Entity)
	}
	_, err := e.Change(messages.TextValue(payload))
	return err
}

// answers yields what each device answers to.
func (a *API) answers(ctx context.Context) iter.Seq2[string, routing.Answers] {
	return func(yield func(string, routing.Answers) bool) {
		pause := rest.Begin()
		defer pause.End()
		for _, e := range a.record(ctx) {
			pause.Due()
			if e.Kind != supervision.Device {
				continue
			}
			if d, ok := a.Gateway.Device(e.Name); ok && !yield(e.Name, routing.Answers(d.AnswersTo)) {
				return
			}
		}
	}
}
