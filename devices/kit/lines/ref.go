package lines

import (
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"

	"github.com/mqttgateway/mqttgateway/internal/options"
)

// Ref is the option by which a device says on which line it is. Its key must be line. In a configuration it is the name of one of the
// lines: when the device gets it, it holds all that the configuration says of that line. A user may write these options in place of the
// name, with or without a name among them, for a line that only one device is on.
type Ref map[string]any

// The options that every line has, beside those of its protocol.
const (
	nameKey     = "name"
	protocolKey = "protocol"
)

// Name is what the line is called; "" if its options stand in place and have no name.
func (r Ref) Name() string { return r.text(nameKey) }

// Protocol is the name of the line's protocol.
func (r Ref) Protocol() string { return r.text(protocolKey) }

// text returns an option of every line, however its key is written.
func (r Ref) text(key string) string {
	for as, value := range r {
		if text, ok := value.(string); ok && strings.EqualFold(as, key) {
			return text
		}
	}
	return ""
}

// Check finds what is wrong with a line, whoever is to use it. The keys of the faults are those within the line: baud.
func (r Ref) Check() error {
	_, err := r.line()
	return err
}

// Medium returns the medium of a line without fault: a port, say.
func (r Ref) Medium() (string, error) {
	l, err := r.line()
	if err != nil {
		return "", err
	}
	return l.medium, nil
}

// Same reports whether the devices on two lines without fault share one line.
func (r Ref) Same(other Ref) bool {
	a, err := r.line()
	b, otherErr := other.line()
	return err == nil && otherErr == nil && a.same(b)
}

// line reads the definition.
func (r Ref) line() (definition, error) {
	if r.Protocol() == "" {
		return definition{}, &options.Fault{Key: protocolKey, Err: fmt.Errorf("missing: want %s", making(func(*Protocol) bool { return true }))}
	}
	p, err := Lookup(r.Protocol())
	if err != nil {
		return definition{}, &options.Fault{Key: protocolKey, Err: err}
	}
	raw, common := make(map[string]any, len(r)), map[string]int{}
	for key, value := range r {
		if lower := strings.ToLower(key); lower == nameKey || lower == protocolKey {
			common[lower]++
		} else {
			raw[key] = value
		}
	}
	for _, key := range []string{nameKey, protocolKey} {
		if common[key] > 1 {
			return definition{}, &options.Fault{Key: key, Err: errors.New("given twice, in different cases")}
		}
	}
	params, err := p.decode(raw)
	if err != nil {
		return definition{}, err
	}
	return definition{protocol: p, name: r.Name(), medium: p.medium(params), params: params}, nil
}

// definition is all that a configuration says of a line.
type definition struct {
	protocol *Protocol
	name     string // "": it has none
	medium   string
	params   any
}

// same reports whether devices of both definitions share one line.
func (d definition) same(other definition) bool {
	return d.protocol == other.protocol && d.name == other.name && reflect.DeepEqual(d.params, other.params)
}

// called returns the name of the line, or its medium if it has none.
func (d definition) called() string {
	if d.name == "" {
		return d.medium
	}
	return d.name
}

// refKey is the key of every Ref.
const refKey = "line"

// Options returns the options of a line whose protocol is registered with P, for what a device must know of them: in Validate, Describe or
// Load. A fault has the key line, or that of an option of the line below it: line.baud.
func Options[P any](r Ref) (P, error) {
	d, err := r.usable(func(p *Protocol) bool { return p.params == reflect.TypeFor[P]() })
	if err != nil {
		var none P
		return none, err
	}
	return d.params.(P), nil
}

// Usable finds what keeps a device from joining a line whose devices share a T, for Validate: no line, one of another protocol, wrong
// options. The keys of the faults are those of Options.
func Usable[T io.Closer](r Ref) error {
	_, err := r.usable(makes[T])
	return err
}

// makes reports whether lines of a protocol share a T.
func makes[T io.Closer](p *Protocol) bool { return p.shared == reflect.TypeFor[T]() }

// usable returns the definition of a line whose protocol satisfies is.
func (r Ref) usable(is func(*Protocol) bool) (definition, error) {
	if len(r) == 0 {
		return definition{}, &options.Fault{Key: refKey, Err: fmt.Errorf("missing: want the name of a line of %s", making(is))}
	}
	if p, err := Lookup(r.Protocol()); err == nil && !is(p) {
		return definition{}, &options.Fault{Key: refKey, Err: fmt.Errorf("a line of %s: want one of %s", p.Name, making(is))}
	}
	d, err := r.line()
	if err == nil {
		return d, nil
	}
	var faults []error
	for _, f := range options.Faults(err) {
		key := refKey
		if f.Key != "" {
			key += "." + f.Key
		}
		faults = append(faults, &options.Fault{Key: key, Err: f.Err})
	}
	return definition{}, errors.Join(faults...)
}
