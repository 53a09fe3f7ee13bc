// Package explain says what becomes of a message: each keyword, by which rule, which devices it finds, and why not the others. The
// command explain and the API show the same.
package explain

import (
	"errors"
	"fmt"
	"iter"

	"github.com/mqttgateway/mqttgateway/actors/routing"
	"github.com/mqttgateway/mqttgateway/internal/subscription"
	"github.com/mqttgateway/mqttgateway/mapping"
	"github.com/mqttgateway/mqttgateway/messages"
)

// Explanation is what becomes of a message that arrives.
type Explanation struct {
	Topic        string    `json:"topic"`
	Payload      string    `json:"payload"`
	Sets         *Target   `json:"sets,omitempty"`         // the message sets an entity, whatever the map says; nothing else is known then
	Subscription string    `json:"subscription,omitempty"` // the first filter that matches the topic; "": none, and the message never arrives
	Topics       []string  `json:"topics,omitempty"`       // the filters, if none matches
	Steps        []Step    `json:"steps,omitempty"`        // empty if the topic does not have the form of a message's
	Echo         bool      `json:"echo,omitempty"`         // the sender is this gateway: the message goes no further
	Refused      []string  `json:"refused,omitempty"`      // why the message is refused
	Message      string    `json:"message,omitempty"`      // in internal words, unless it is refused
	Devices      []Finding `json:"devices,omitempty"`
}

// Target is an entity of a device.
type Target struct {
	Device string `json:"device"`
	Entity string `json:"entity"`
}

// Step is the translation of one keyword.
type Step struct {
	Of      string `json:"of"`            // function, gateway, location, device, sender, type, action, argkey, argvalue
	Key     string `json:"key,omitempty"` // the argument's key on the wire, if Of is argvalue
	Wire    string `json:"wire"`
	Word    string `json:"word"`              // the translation
	Rule    string `json:"rule"`              // mapped, passed, empty or refused
	Maptype string `json:"maptype,omitempty"` // none, loose or strict
	Fault   string `json:"fault,omitempty"`   // why the keyword was refused; it has no Word then
}

// Finding says whether a message is delivered to a device, and why.
type Finding struct {
	Device string `json:"device"`
	Found  bool   `json:"found"`
	Why    string `json:"why"`
}

// Explain explains a message. devices yields the names of all devices, and what each answers to.
func Explain(codec *mapping.Codec, topic, payload string, devices iter.Seq2[string, routing.Answers]) Explanation {
	e := Explanation{Topic: topic, Payload: payload}
	if device, id, ok := subscription.SetAt(codec.Root(), codec.Name(), topic); ok {
		e.Sets = &Target{device, id}
		return e
	}
	x := codec.Explain(topic, payload)
	e.Subscription, e.Echo = x.Filter, x.Echo
	if e.Subscription == "" {
		e.Topics = codec.Topics()
	}
	for _, s := range x.Steps {
		step := Step{Of: s.Of, Key: s.Key, Wire: s.Wire, Word: s.Word, Rule: string(s.Verdict), Maptype: string(s.Maptype)}
		if s.Fault != nil {
			step.Word, step.Fault = "", s.Fault.Error()
		}
		e.Steps = append(e.Steps, step)
	}
	if x.Err != nil {
		e.Refused = reasons(x.Err)
		return e
	}
	e.Message = x.Message.String()
	if !x.Echo {
		for name, answers := range devices {
			e.Devices = append(e.Devices, find(name, answers, x.Message))
		}
	}
	return e
}

// reasons returns the reasons for which a message is refused, one line each.
func reasons(err error) (lines []string) {
	refused, ok := errors.AsType[*mapping.Error](err)
	if !ok {
		return []string{err.Error()}
	}
	for _, fault := range refused.Faults {
		lines = append(lines, fault.Error())
	}
	return lines
}

func find(name string, answers routing.Answers, msg messages.InternalMsg) Finding {
	if miss, ok := answers.Miss(msg.Address()); ok {
		return Finding{name, false, fmt.Sprintf("%s is %q, and it answers to %q", miss.Characteristic, miss.Value, miss.Answers)}
	}
	f := Finding{name, true, "answers to all that the message sets"}
	if msg.Type() == messages.Status {
		f.Why += ", and hears it if its type observes statuses"
	}
	return f
}
