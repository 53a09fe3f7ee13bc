package messages

import (
	"errors"
	"fmt"
)

// AppendJSON appends the message in the form that tools read and write, on one line and in this order:
//
//	{"type":"C","function":"…","gateway":"…","location":"…","device":"…","sender":"…","action":"…","arguments":{…}}
func (m InternalMsg) AppendJSON(b []byte) []byte {
	b = append(b, `{"type":`...)
	b = appendText(b, m.kind.String())
	b = append(b, `,"function":`...)
	b = appendText(b, m.to.Function)
	b = append(b, `,"gateway":`...)
	b = appendText(b, m.to.Gateway)
	b = append(b, `,"location":`...)
	b = appendText(b, m.to.Location)
	b = append(b, `,"device":`...)
	b = appendText(b, m.to.Device)
	b = append(b, `,"sender":`...)
	b = appendText(b, m.sender)
	b = append(b, `,"action":`...)
	b = appendText(b, m.action)
	b = append(b, `,"arguments":`...)
	b = appendArgs(b, m.args)
	return append(b, '}')
}

// MarshalJSON returns the form of [InternalMsg.AppendJSON].
func (m InternalMsg) MarshalJSON() ([]byte, error) { return m.AppendJSON(nil), nil }

// UnmarshalJSON reads the form of [InternalMsg.AppendJSON].
func (m *InternalMsg) UnmarshalJSON(b []byte) error {
	v, err := ParseValue(string(b))
	if err != nil {
		return err
	}
	*m, err = FromValue(v)
	return err
}

// FromValue reads a message from the object of [InternalMsg.AppendJSON]. The type must be given. Any other key that is left out
// is empty. An unknown key is an error.
func FromValue(v Value) (InternalMsg, error) {
	if v.Kind() != Object {
		return InternalMsg{}, fmt.Errorf("message: a %s, want an object", v.Kind())
	}
	var (
		m      InternalMsg
		args   argList
		typed  bool
		faults []error
	)
	for key, v := range v.Members() {
		if key == "arguments" {
			if v.Kind() != Object {
				faults = append(faults, fmt.Errorf("arguments: a %s, want an object", v.Kind()))
				continue
			}
			for key, v := range v.Members() {
				args.set(key, v)
			}
			continue
		}
		typed = typed || key == "type"
		text, ok := v.Text()
		if !ok {
			faults = append(faults, fmt.Errorf("%s: a %s, want a string", shown(key), v.Kind()))
			continue
		}
		switch key {
		case "type":
			if m.kind, ok = ParseType(text); !ok {
				faults = append(faults, fmt.Errorf(`type: %q, want "C" or "S"`, text))
			}
		case "function":
			m.to.Function = text
		case "gateway":
			m.to.Gateway = text
		case "location":
			m.to.Location = text
		case "device":
			m.to.Device = text
		case "sender":
			m.sender = text
		case "action":
			m.action = text
		default:
			faults = append(faults, fmt.Errorf("unknown key %q", key))
		}
	}
	if !typed {
		faults = append(faults, errors.New(`type: missing, want "C" or "S"`))
	}
	if faults != nil {
		return InternalMsg{}, fmt.Errorf("message: %w", errors.Join(faults...))
	}
	m.args = args.args
	return m, nil
}

// shown returns key for an error: unquoted if it is a key of messages, else as an unknown key.
func shown(key string) string {
	switch key {
	case "type", "function", "gateway", "location", "device", "sender", "action":
		return key
	}
	return fmt.Sprintf("unknown key %q", key)
}

// AppendText appends s as a JSON string, quotation marks included.
func AppendText(b []byte, s string) []byte { return appendText(b, s) }

func appendArgs(b []byte, args []Argument) []byte {
	b = append(b, '{')
	for i, a := range args {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendText(b, a.Key)
		b = append(b, ':')
		b = append(b, a.Value.Raw()...)
	}
	return append(b, '}')
}
