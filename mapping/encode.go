package mapping

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/mqttgateway/mqttgateway/messages"
	"github.com/mqttgateway/mqttgateway/topic"
)

// Encode translates a message to topic and payload. The payload of a message without arguments is the bare action; any other
// payload is a JSON object, in which the action, if there is one, comes first. The error is an [*Error] that names the message
// and holds all faults.
func (c *Codec) Encode(msg messages.InternalMsg) (topic, payload string, err error) {
	e := encoding{file: c.file}
	topic = e.topic(msg, c.name)
	payload = e.payload(msg)
	if e.faults != nil {
		return "", "", &Error{Message: strconv.Quote(short(msg.String())), Faults: e.faults}
	}
	return topic, payload, nil
}

// Topic returns the topic that Encode gives a message, whatever the message says.
func (c *Codec) Topic(msg messages.InternalMsg) (string, error) {
	e := encoding{file: c.file}
	topic := e.topic(msg, c.name)
	return topic, errors.Join(e.faults...)
}

// encoding is the state of translating one message.
type encoding struct {
	file   *File
	faults []error
	args   [8]messages.Argument // room for the arguments of most messages
}

func (e *encoding) fault(of string, err error) {
	e.faults = append(e.faults, fmt.Errorf("%s: %w", of, err))
}

// keyword translates a keyword of vocabulary v.
func (e *encoding) keyword(v int, word string) string {
	vocabulary := &e.file.vocabularies[v]
	k, verdict := vocabulary.find(vocabulary.outward, word)
	if verdict == Refused {
		e.faults = append(e.faults, e.file.refused(v, "", word))
	}
	return k.text
}

func (e *encoding) topic(msg messages.InternalMsg, own string) string {
	to := msg.Address()
	b := append(make([]byte, 0, 256), e.file.root...)
	b = e.level(b, function, e.keyword(function, to.Function))
	b = e.level(b, gateway, e.keyword(gateway, to.Gateway))
	b = e.level(b, location, e.keyword(location, to.Location))
	b = e.level(b, device, e.keyword(device, to.Device))
	from := e.keyword(sender, msg.Sender())
	if from == "" {
		from = own
	}
	b = e.level(b, sender, from)
	if msg.Type() == 0 {
		e.faults = append(e.faults, errors.New("type: none, want command or status"))
	}
	b = append(b, '/')
	b = append(b, msg.Type().String()...)
	if len(b) > topic.MaxText {
		e.faults = append(e.faults, fmt.Errorf("topic: %d bytes, want %d at most", len(b), topic.MaxText))
	}
	return string(b)
}

// level appends the translation of a keyword of vocabulary v.
func (e *encoding) level(b []byte, v int, word string) []byte {
	if err := topic.CheckLevel(word); err != nil {
		e.fault(vocabularyNames[v], fmt.Errorf("%q: %w", short(word), err))
	}
	if v == function && word == reserved {
		e.fault(vocabularyNames[v], ErrReserved)
	}
	b = append(b, '/')
	return append(b, word...)
}

func (e *encoding) payload(msg messages.InternalMsg) string {
	word := e.keyword(action, msg.Action())
	switch {
	case msg.Action() == "" && msg.NumArgs() == 0:
		e.fault("action", errors.New("empty, and there are no arguments"))
	case msg.Action() == "":
	case word == "":
		e.fault("action", fmt.Errorf("%q becomes empty", short(msg.Action())))
	case !utf8.ValidString(word):
		e.fault("action", errNotUTF8)
	}
	if msg.NumArgs() == 0 && (word == "" || word[0] != '{') {
		return word
	}
	b := append(make([]byte, 0, 512), '{')
	if word != "" {
		b = append(b, `"action":`...)
		b = messages.AppendText(b, word)
	}
	for _, a := range e.arguments(msg) {
		if len(b) > 1 {
			b = append(b, ',')
		}
		b = messages.AppendText(b, a.Key)
		b = append(b, ':')
		b = append(b, a.Value.Raw()...)
	}
	return string(append(b, '}'))
}

// arguments translates the arguments. If two keys have the same translation, the argument keeps the earlier one's
// position and gets the later one's value.
func (e *encoding) arguments(msg messages.InternalMsg) []messages.Argument {
	args := e.args[:0]
	var at map[string]int // index in args by key; nil for few arguments, for which a search is quicker
	if msg.NumArgs() > len(e.args) {
		at = make(map[string]int, msg.NumArgs())
	}
	for key, value := range msg.Args() {
		a := e.argument(key, value)
		i, there := at[a.Key]
		if at == nil {
			i = slices.IndexFunc(args, func(b messages.Argument) bool { return a.Key == b.Key })
			there = i >= 0
		}
		if there {
			args[i] = a
			continue
		}
		if at != nil {
			at[a.Key] = len(args)
		}
		args = append(args, a)
	}
	return args
}

func (e *encoding) argument(key string, value messages.Value) messages.Argument {
	wire := e.keyword(argkey, key)
	if key == "action" || wire == "action" {
		e.fault(fmt.Sprintf("argument %q", key), errors.New(`the payload has but one "action"`))
	}
	if !utf8.ValidString(wire) {
		e.fault(fmt.Sprintf("argument %q", short(key)), errNotUTF8)
	}
	vocabulary := &e.file.vocabularies[argvalue]
	translated, verdict := vocabulary.findValue(vocabulary.outward, key, value)
	if verdict == Refused {
		e.faults = append(e.faults, e.file.refused(argvalue, key, value.String()))
	}
	if !utf8.ValidString(translated.Raw()) {
		e.fault(fmt.Sprintf("argument %q", short(key)), errNotUTF8)
	}
	return messages.Argument{Key: wire, Value: translated}
}
