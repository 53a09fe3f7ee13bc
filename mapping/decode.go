package mapping

import (
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/mqttgateway/mqttgateway/messages"
)

// Decode translates an MQTT message to a message in internal words, which shares the memory of topic and payload.
//
// echo is true if the gateway itself has sent the message, which must then be ignored; err may be set, too. The error
// is an [*Error] that names topic and payload and holds all faults. If there is an error, msg holds the keywords that
// could be translated, and the others as they arrived.
func (c *Codec) Decode(topic, payload string) (msg messages.InternalMsg, echo bool, err error) {
	return c.decode(topic, payload, nil)
}

// decode is Decode. It calls note with each step, unless note is nil.
func (c *Codec) decode(topic, payload string, note func(Step)) (messages.InternalMsg, bool, error) {
	l, err := split(topic, c.rootLevels)
	if err != nil {
		return messages.InternalMsg{}, false, arrivalError(topic, payload, err)
	}
	d := decoding{file: c.file, note: note}
	if !utf8.ValidString(topic) {
		d.fault("topic", errNotUTF8)
	}
	to := messages.Address{
		Function: d.keyword(function, l[function]),
		Gateway:  d.keyword(gateway, l[gateway]),
		Location: d.keyword(location, l[location]),
		Device:   d.keyword(device, l[device]),
	}
	from, echo := d.sender(l[sender], c.name)
	kind := d.kind(l[typeLevel])
	word, args := d.payload(payload)
	msg := messages.New(kind, to, word).WithSender(from).WithArgs(args...)
	if d.faults != nil {
		return msg, echo, arrivalError(topic, payload, d.faults...)
	}
	return msg, echo, nil
}

// decoding is the state of translating one message.
type decoding struct {
	file   *File
	note   func(Step) // may be nil
	faults []error
	args   [8]messages.Argument // room for the arguments of most messages
}

func (d *decoding) fault(of string, err error) {
	d.faults = append(d.faults, fmt.Errorf("%s: %w", of, err))
}

// step notes the verdict on a keyword of vocabulary v. If v is argvalue, key is the key of the argument.
func (d *decoding) step(v int, key, wire, word string, verdict Verdict) {
	if verdict != Refused && d.note == nil {
		return
	}
	var fault error
	if verdict == Refused {
		fault = d.file.refused(v, key, wire)
		d.faults = append(d.faults, fault)
	}
	if d.note != nil {
		d.note(Step{Of: vocabularyNames[v], Key: key, Wire: wire, Maptype: d.file.maptype(v), Verdict: verdict, Word: word, Fault: fault})
	}
}

// keyword translates a keyword of vocabulary v.
func (d *decoding) keyword(v int, wire string) string {
	vocabulary := &d.file.vocabularies[v]
	k, verdict := vocabulary.find(vocabulary.inward, wire)
	d.step(v, "", wire, k.text, verdict)
	return k.text
}

// sender translates the sender, and reports whether the sender is this gateway, whose name own passes every map.
func (d *decoding) sender(wire, own string) (word string, echo bool) {
	vocabulary := &d.file.vocabularies[sender]
	k, verdict := vocabulary.find(vocabulary.inward, wire)
	if verdict == Refused && wire == own {
		verdict = Own
	}
	d.step(sender, "", wire, k.text, verdict)
	return k.text, wire == own || k.text == own
}

func (d *decoding) kind(letter string) messages.Type {
	kind, ok := messages.ParseType(letter)
	verdict, fault := Passed, error(nil)
	if !ok {
		verdict, fault = Refused, fmt.Errorf(`type: %q, want "C" or "S"`, short(letter))
		d.faults = append(d.faults, fault)
	}
	if d.note != nil {
		d.note(Step{Of: "type", Wire: letter, Verdict: verdict, Word: kind.String(), Fault: fault})
	}
	return kind
}

// payload translates action and arguments.
func (d *decoding) payload(payload string) (word string, args []messages.Argument) {
	switch {
	case payload == "":
		d.faults = append(d.faults, ErrEmpty)
	case !utf8.ValidString(payload):
		d.fault("payload", errNotUTF8)
	case payload[0] == '{':
		return d.object(payload)
	default:
		return d.action(payload), nil
	}
	return "", nil
}

// action translates the action, and refuses one that the map makes empty.
func (d *decoding) action(wire string) string {
	word := d.keyword(action, wire)
	if word == "" {
		d.fault("action", fmt.Errorf("%q becomes empty", short(wire)))
	}
	return word
}

// object translates a payload that begins with a brace. Of several members with the same key, the last one counts.
func (d *decoding) object(payload string) (word string, args []messages.Argument) {
	object, err := messages.ParseValue(payload)
	if err != nil {
		d.fault("payload", err)
		return "", nil
	}
	var act messages.Value
	found := false
	args = d.args[:0]
	for key, value := range object.Members() {
		if key == "action" {
			act, found = value, true
			continue
		}
		args = append(args, d.argument(key, value))
	}
	switch text, ok := act.Text(); {
	case !found:
		d.faults = append(d.faults, errors.New(`payload: an object without "action"`))
	case !ok:
		d.fault("action", fmt.Errorf("a %s, want a string", act.Kind()))
	case text == "":
		d.fault("action", errors.New("empty"))
	default:
		word = d.action(text)
	}
	return word, args
}

var emptyText = messages.TextValue("")

// argument translates an argument. A null becomes an empty text.
func (d *decoding) argument(wire string, value messages.Value) messages.Argument {
	key := d.keyword(argkey, wire)
	vocabulary := &d.file.vocabularies[argvalue]
	translated, verdict := vocabulary.findValue(vocabulary.inward, key, value)
	if translated.Kind() == messages.Null {
		translated = emptyText
	}
	if verdict == Refused || d.note != nil {
		d.step(argvalue, wire, value.String(), translated.String(), verdict)
	}
	return messages.Argument{Key: key, Value: translated}
}
