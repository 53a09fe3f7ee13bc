package lines

import (
	"fmt"
	"io"
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/mqttgateway/mqttgateway/internal/options"
)

// Protocol is one entry of the table of protocols.
type Protocol struct {
	Name   string
	Doc    string          // what lines of the protocol are, in a few words
	Fields []options.Field // the options of a line, beside name and protocol

	params reflect.Type // P of Register
	shared reflect.Type // T of Register
	decode func(raw map[string]any) (any, error)
	medium func(params any) string
	make   func(name string, params any) (io.Closer, error)
}

// table holds the protocols of this binary. It is written by init functions, and by tests.
var table = struct {
	sync.RWMutex
	protocols map[string]*Protocol
}{protocols: make(map[string]*Protocol)}

// Register adds a protocol, usually from an init function. P is a struct whose fields are the options of a line, as the parameters of a
// device type are; a Validate of P is called as well. medium returns what only one line can have: a port, an address, a program; two
// protocols that use the same kind of medium call it the same. make makes what the devices of a line share, a T, and opens nothing; name is
// that of the line, or its medium if it has none. doc says in a few words what the lines are.
//
// Close of a T gives the medium back: when Close has returned, another T may have it.
//
// Register panics if the protocol is taken or P's tags are wrong, which are mistakes of the programmer.
func Register[P any, T io.Closer](protocol string, medium func(P) string, make func(name string, params P) (T, error), doc string) {
	var zero P
	if err := options.Check(&zero); err != nil {
		panic(fmt.Sprintf("lines: protocol %q: %v", protocol, err))
	}
	table.Lock()
	defer table.Unlock()
	if _, taken := table.protocols[protocol]; taken || protocol == "" {
		panic(fmt.Sprintf("lines: protocol %q registered twice, or without a name", protocol))
	}
	table.protocols[protocol] = &Protocol{
		Name: protocol, Doc: doc, Fields: options.Tree(&zero),
		params: reflect.TypeFor[P](),
		shared: reflect.TypeFor[T](),
		decode: func(raw map[string]any) (any, error) {
			var p P
			err := options.Decode(raw, &p)
			return p, err
		},
		medium: func(params any) string { return medium(params.(P)) },
		make: func(name string, params any) (io.Closer, error) {
			shared, err := make(name, params.(P))
			if err != nil {
				return nil, err // and not a nil T
			}
			return shared, nil
		},
	}
}

// Lookup returns the protocol called name, or an error that names those there are.
func Lookup(name string) (*Protocol, error) {
	table.RLock()
	defer table.RUnlock()
	p, ok := table.protocols[name]
	if !ok {
		have := slices.Sorted(maps.Keys(table.protocols))
		if len(have) == 0 {
			have = []string{"none"}
		}
		return nil, fmt.Errorf("unknown protocol %q (have %s)", name, strings.Join(have, ", "))
	}
	return p, nil
}

// Protocols returns the table, sorted by name.
func Protocols() []*Protocol {
	table.RLock()
	defer table.RUnlock()
	return slices.SortedFunc(maps.Values(table.protocols), func(a, b *Protocol) int { return strings.Compare(a.Name, b.Name) })
}

// making returns the names of the protocols that satisfy is, for messages.
func making(is func(*Protocol) bool) string {
	var names []string
	for _, p := range Protocols() {
		if is(p) {
			names = append(names, p.Name)
		}
	}
	last := len(names) - 1
	switch {
	case last < 0:
		return "a protocol that this program doesn't have"
	case last == 0:
		return names[0]
	}
	return strings.Join(names[:last], ", ") + " or " + names[last]
}
