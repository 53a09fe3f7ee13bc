package mapping

import (
	"slices"

	"github.com/mqttgateway/mqttgateway/messages"
	"github.com/mqttgateway/mqttgateway/topic"
)

// Step is the translation of one keyword of a received message.
type Step struct {
	Of      string  // the characteristic: function, gateway, location, device, sender, type, action, argkey, argvalue
	Key     string  // the argument's key on the wire, if Of is argvalue
	Wire    string  // the keyword as it arrived
	Maptype Maptype // "" for the type, which has no map
	Verdict Verdict
	Word    string // the translation, or the keyword as it arrived if it was refused
	Fault   error  // the reason, if refused
}

// Explanation is the decoding of a message in steps.
type Explanation struct {
	Filter  string // the first filter that matches the topic; "": none does, and the message never arrives
	Steps   []Step // those of arguments come last; empty if the topic does not have the form of a message's
	Message messages.InternalMsg
	Echo    bool
	Err     error
}

// Explain does what [Codec.Decode] does, and returns each step.
func (c *Codec) Explain(name, payload string) Explanation {
	var x Explanation
	if i := slices.IndexFunc(c.file.subscribed, func(filter string) bool { return topic.Matches(filter, name) }); i >= 0 {
		x.Filter = c.file.subscribed[i]
	}
	var args []Step
	x.Message, x.Echo, x.Err = c.decode(name, payload, func(s Step) {
		if s.Of == vocabularyNames[argkey] || s.Of == vocabularyNames[argvalue] {
			args = append(args, s)
			return
		}
		x.Steps = append(x.Steps, s)
	})
	x.Steps = append(x.Steps, args...)
	return x
}
