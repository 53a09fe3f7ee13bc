package messages

import (
	"iter"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// Type is command or status. Its value is the letter in the last level of a topic.
type Type byte

// The two types of message. The zero Type belongs to the zero InternalMsg only.
const (
	Command Type = 'C' // do something
	Status  Type = 'S' // something is so
)

// ParseType returns the type for its upper-case letter on the wire.
func ParseType(letter string) (Type, bool) {
	switch letter {
	case "C":
		return Command, true
	case "S":
		return Status, true
	}
	return 0, false
}

// String returns the letter, or "" for the zero Type.
func (t Type) String() string {
	switch t {
	case Command:
		return "C"
	case Status:
		return "S"
	}
	return ""
}

// Address holds the four characteristics that address a message. An empty characteristic matches every device.
type Address struct {
	Function string `json:"function,omitempty"` // what the device does: Lighting
	Gateway  string `json:"gateway,omitempty"`  // the gateway that drives the device
	Location string `json:"location,omitempty"` // where the device acts: Kitchen
	Device   string `json:"device,omitempty"`   // the device's own name
}

// The keys of arguments that have a meaning in the protocol itself. They pass every map that does not list them.
const (
	ArgResponse = "response" // the result of a command: the name of an Outcome
	ArgReason   = "reason"   // the reason, in words
	ArgReply    = "reply"    // true in a command that asks for an answer
	ArgID       = "id"       // repeated in the answer
)

// IsProtocolKey reports whether key is one of ArgResponse, ArgReason, ArgReply and ArgID.
func IsProtocolKey(key string) bool {
	return key == ArgResponse || key == ArgReason || key == ArgReply || key == ArgID
}

// Argument is a key and a value that complete an action.
type Argument struct {
	Key   string
	Value Value
}

// InternalMsg is a message in the gateway's own words: an immutable value that may be copied, kept and shared by any number of
// goroutines. [New] and the With methods make one; the zero InternalMsg is no message.
type InternalMsg struct {
	kind   Type
	to     Address
	sender string
	action string
	args   []Argument // in order, keys unique, never written again
}

// New returns a message without a sender and arguments. A message that is sent without a sender gets the gateway's name
// as its sender. Every gateway refuses a message that has neither an action nor arguments.
func New(kind Type, to Address, action string) InternalMsg {
	return InternalMsg{kind: kind, to: to, action: action}
}

// Type returns whether m is a command or a status.
func (m InternalMsg) Type() Type { return m.kind }

// Address returns function, gateway, location and device together.
func (m InternalMsg) Address() Address { return m.to }

// Function returns what the addressed device does.
func (m InternalMsg) Function() string { return m.to.Function }

// Gateway returns which gateway drives the addressed device.
func (m InternalMsg) Gateway() string { return m.to.Gateway }

// Location returns where the addressed device acts.
func (m InternalMsg) Location() string { return m.to.Location }

// Device returns the addressed device's own name.
func (m InternalMsg) Device() string { return m.to.Device }

// Sender returns who has sent m.
func (m InternalMsg) Sender() string { return m.sender }

// Action returns what is to be done, or what is so.
func (m InternalMsg) Action() string { return m.action }

// Args yields the arguments in order. Keys are unique.
func (m InternalMsg) Args() iter.Seq2[string, Value] {
	return func(yield func(string, Value) bool) {
		for _, a := range m.args {
			if !yield(a.Key, a.Value) {
				return
			}
		}
	}
}

// NumArgs returns the number of arguments.
func (m InternalMsg) NumArgs() int { return len(m.args) }

// Arg returns the argument called key, and whether there is one.
func (m InternalMsg) Arg(key string) (Value, bool) {
	if i := m.index(key); i >= 0 {
		return m.args[i].Value, true
	}
	return Value{}, false
}

func (m InternalMsg) index(key string) int {
	return slices.IndexFunc(m.args, func(a Argument) bool { return a.Key == key })
}

// WithType returns m with another type.
func (m InternalMsg) WithType(kind Type) InternalMsg { m.kind = kind; return m }

// WithAddress returns m with another address.
func (m InternalMsg) WithAddress(to Address) InternalMsg { m.to = to; return m }

// WithSender returns m with another sender.
func (m InternalMsg) WithSender(sender string) InternalMsg { m.sender = sender; return m }

// WithAction returns m with another action.
func (m InternalMsg) WithAction(action string) InternalMsg { m.action = action; return m }

// WithArg returns m with one more argument or, if m has the key already, with another value for it.
func (m InternalMsg) WithArg(key string, value Value) InternalMsg {
	i := m.index(key)
	m.args = slices.Clone(m.args)
	if i < 0 {
		m.args = append(m.args, Argument{key, value.compact()})
	} else {
		m.args[i].Value = value.compact()
	}
	return m
}

// WithArgs returns m with the given arguments instead of its own, in their order. If two have the same key, the value
// of the later one takes the earlier one's place.
func (m InternalMsg) WithArgs(args ...Argument) InternalMsg {
	var l argList
	if len(args) > 0 {
		l.args = make([]Argument, 0, len(args))
	}
	for _, a := range args {
		l.set(a.Key, a.Value)
	}
	m.args = l.args
	return m
}

// WithoutArgs returns m without arguments.
func (m InternalMsg) WithoutArgs() InternalMsg { m.args = nil; return m }

// Equal reports whether m and n are the same message. The order of arguments does not matter, as in a JSON object.
func (m InternalMsg) Equal(n InternalMsg) bool {
	if m.kind != n.kind || m.to != n.to || m.sender != n.sender || m.action != n.action || len(m.args) != len(n.args) {
		return false
	}
	others := argList{args: n.args}
	for _, a := range m.args {
		if i, ok := others.index(a.Key); !ok || !n.args[i].Value.Equal(a.Value) {
			return false
		}
	}
	return true
}

// String returns m on one line for people: type, address, sender, action and arguments. A word with a character that
// can't be printed, such as a line break, is quoted.
func (m InternalMsg) String() string {
	var b strings.Builder
	b.WriteString(m.kind.String())
	b.WriteByte(' ')
	for i, word := range [...]string{m.to.Function, m.to.Gateway, m.to.Location, m.to.Device} {
		if i > 0 {
			b.WriteByte('/')
		}
		b.WriteString(printable(word))
	}
	if m.sender != "" {
		b.WriteString(" from " + printable(m.sender))
	}
	b.WriteString(": " + printable(m.action))
	if len(m.args) > 0 {
		b.WriteByte(' ')
		b.Write(appendArgs(nil, m.args))
	}
	return b.String()
}

// printable returns word, quoted if it holds a character that can't be printed. This package imports nothing but the standard
// library; for others there is internal/wording.
func printable(word string) string {
	if strings.ContainsFunc(word, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return strconv.Quote(word)
	}
	return word
}

// LogValue returns m as a group without its empty characteristics.
func (m InternalMsg) LogValue() slog.Value {
	attrs := make([]slog.Attr, 0, 8)
	for _, a := range [...]struct{ key, text string }{
		{"type", m.kind.String()}, {"function", m.to.Function}, {"gateway", m.to.Gateway}, {"location", m.to.Location},
		{"device", m.to.Device}, {"sender", m.sender}, {"action", m.action},
	} {
		if a.text != "" {
			attrs = append(attrs, slog.String(a.key, a.text))
		}
	}
	if len(m.args) > 0 {
		attrs = append(attrs, slog.String("arguments", string(appendArgs(nil, m.args))))
	}
	return slog.GroupValue(attrs...)
}
