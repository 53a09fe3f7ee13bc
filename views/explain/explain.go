// Package explain says what becomes of a message: each keyword, by which rule, which devices it finds, and why not the others. The
// command explain and the API show the same.
package explain

import (
	"errors"
	"fmt"
	"iter"
	"strings"

	"github.com/mqttgateway/mqttgateway/actors/routing"
	"github.com/mqttgateway/mqttgateway/internal/admin"
	"github.com/mqttgateway/mqttgateway/internal/subscription"
	"github.com/mqttgateway/mqttgateway/mapping"
	"github.com/mqttgateway/mqttgateway/messages"
)

// Explanation is what becomes of a message that arrives.
type Explanation struct {
	Topic        string    `json:"topic"`
	Payload      string    `json:"payload"`
	Sets         *Target   `json:"sets,omitempty"`         // the message is to set an entity, whatever the map says
	Asks         string    `json:"asks,omitempty"`         // the message asks something of the gateway itself, whatever the map says
	Subscription string    `json:"subscription,omitempty"` // the first filter that matches the topic; "": none, and the message never arrives
	Topics       []string  `json:"topics,omitempty"`       // the filters, if none matches
	Steps        []Step    `json:"steps,omitempty"`        // empty if the topic does not have the form of a message's
	Echo         bool      `json:"echo,omitempty"`         // the sender is this gateway: the message goes no further
	Refused      []string  `json:"refused,omitempty"`      // why the message is refused
	Message      string    `json:"message,omitempty"`      // in internal words, unless it is refused
	Devices      []Finding `json:"devices,omitempty"`
}

// Gateway is what an Explanation must know of a gateway.
type Gateway struct {
	Codec   *mapping.Codec
	Admin   bool                               // people may ask of it over MQTT
	Devices iter.Seq2[string, routing.Answers] // the names of all devices, and what each answers to
	Set     func(Target, string) error         // why a payload would not set an entity, as far as that is known
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

// Explain explains a message.
func (g Gateway) Explain(topic, payload string) Explanation {
	root, name := g.Codec.Root(), g.Codec.Name()
	if device, id, ok := subscription.SetAt(root, name, topic); ok {
		at := Target{device, id}
		return Explanation{Topic: topic, Payload: payload, Sets: &at, Refused: reasons(g.Set(at, payload))}
	}
	if what, ok := subscription.RequestAt(root, name, topic); ok && g.Admin {
		return Explanation{Topic: topic, Payload: payload, Asks: what, Refused: reasons(admin.Check(what, payload))}
	}
	return g.message(topic, payload)
}

// message explains a message to devices.
func (g Gateway) message(topic, payload string) Explanation {
	x := g.Codec.Explain(topic, payload)
	e := Explanation{Topic: topic, Payload: payload, Subscription: x.Filter, Echo: x.Echo}
	if e.Subscription == "" {
		e.Topics = g.Codec.Topics()
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
		for name, answers := range g.Devices {
			e.Devices = append(e.Devices, find(name, answers, x.Message))
		}
	}
	return e
}

// reasons returns the reasons for which a message is refused, one line each.
func reasons(err error) (lines []string) {
	if err == nil {
		return nil
	}
	refused, ok := errors.AsType[*mapping.Error](err)
	if !ok {
		return strings.Split(err.Error(), "\n")
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
