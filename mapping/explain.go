package mapping

import (
	"slices"

	"github.com/mqttgateway/mqttgateway/messages"
	"github.com/mqttgateway/mqttgateway/topic"
)

// Step is what became of one keyword on its way in.
type Step struct {
	Of      string  // the characteristic: function, gateway, location, device, sender, type, action, argkey, argvalue
	Key     string  // the argument's key on the wire, if Of is argvalue
	Wire    string  // as it came
	Maptype Maptype // "" for the type, which has no map
	Verdict Verdict
	Word    string // what it became; if refused, as it came
	Fault   error  // why, if refused
}

// Explanation is how a message was decoded.
type Explanation struct {
	Filter  string // the first of the subscriptions that the topic matches, "" if none does: then it never arrives
	Steps   []Step // the arguments last; none if the topic has not the form of a message's
	Message messages.InternalMsg
	Echo    bool
	Err     error
}

// Explain is [Codec.Decode], told step by step.
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
