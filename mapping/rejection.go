package mapping

import (
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/mqttgateway/mqttgateway/messages"
)

// Rejection is the answer to a command that the maps refuse. Its words are those on the wire, since the maps have no
// translation.
type Rejection struct {
	Gateway string // the gateway that the command names, as an internal word
	Topic   string
	Payload string
}

// Reject returns the answer to a command that Decode has refused with err. It returns false if the message must not be
// answered: because it is not a command, is the gateway's own, has no action to repeat, or names no gateway or one that
// the map refuses.
func (c *Codec) Reject(topic, payload string, err error) (Rejection, bool) {
	l, shape := split(topic, c.rootLevels)
	if shape != nil || l[typeLevel] != messages.Command.String() || !utf8.ValidString(topic) || !utf8.ValidString(payload) {
		return Rejection{}, false
	}
	senders, gateways := &c.file.vocabularies[sender], &c.file.vocabularies[gateway]
	from, _ := senders.find(senders.inward, l[sender])
	by, verdict := gateways.find(gateways.inward, l[gateway])
	act, id := repeatable(payload)
	if l[sender] == c.name || from.text == c.name || verdict == Refused || by.text == "" || act == "" {
		return Rejection{}, false
	}
	asked := messages.New(messages.Command, messages.Address{}, act)
	if id.Kind() != messages.Null {
		asked = asked.WithArg(messages.ArgID, id)
	}
	reason := err.Error()
	if refused, ok := errors.AsType[*Error](err); ok {
		reason = refused.reasons()
	}
	unmapped := encoding{file: new(File)}
	l[sender], l[typeLevel] = c.name, messages.Status.String()
	return Rejection{
		Gateway: by.text,
		Topic:   c.file.root + "/" + strings.Join(l[:], "/"),
		Payload: unmapped.payload(asked.Reply(messages.Rejected, reason)),
	}, true
}

// repeatable returns the action and the id in a payload. The action is empty if it can't be read.
func repeatable(payload string) (act string, id messages.Value) {
	if !strings.HasPrefix(payload, "{") {
		return payload, id
	}
	object, err := messages.ParseValue(payload)
	if err != nil {
		return "", id
	}
	for key, value := range object.Members() {
		switch key {
		case "action":
			act, _ = value.Text()
		case messages.ArgID:
			id = value
		}
	}
	return act, id
}
