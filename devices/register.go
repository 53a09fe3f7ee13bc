package devices

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/mqttgateway/mqttgateway/entity"
	"github.com/mqttgateway/mqttgateway/internal/options"
)

// Param documents one option of a device type.
type Param = options.Field

// Secret is a parameter that nobody is to read by accident: logs and prints of it show stars, and Reveal its text.
type Secret = options.Secret

// Size is a parameter that is a number of bytes, written as 64KB, 1MB or 4096.
type Size = options.Size

// Type is one entry of the table of types.
type Type struct {
	Name string
	// Params are in the order of the struct; behind a list or a map of structs stand the options of its items: points[].id. Nil for
	// a type that reads its options itself.
	Params  []Param
	Doc     string // what the type is: see [Doc]; "": nobody says
	Example string // devices of the type as a configuration lists them, in YAML: see [Example]; "": there is none

	// Check finds what is wrong with params without opening anything, all of it at once: its error joins one for each
	// option. Nil for a type that reads its options itself.
	Check func(params map[string]any) error
	// Open decodes params and makes a device.
	Open func(ctx context.Context, env Env, params map[string]any) (Device, error)
	// Describe tells what a device with these params is, without opening anything: its description is in force from the start,
	// also while the device is down. Nil for a type whose devices describe themselves when they have been opened, if at all; the error
	// is ErrOnlyOpening if only those with these params do.
	Describe func(params map[string]any) (entity.Device, error)
	// Hooks tells the paths at which the equipment of a device with good params calls the gateway: see package hooks in devices/kit. Nil
	// for a type whose equipment never calls.
	Hooks func(params map[string]any) []string
	// Warnings tells what in good params is likely to be a mistake, each with its option. Nil for a type that has none.
	Warnings func(params map[string]any) []string
	// Load tells, of a device on a line that others share, which share of the line's time the device's polls take, 1 being all of it, and
	// of what: "9600 bit/s". "gateway check" sums it up. Nil for a type that doesn't know.
	Load func(params map[string]any) (share float64, of string)
}

// table holds the types of this binary, each as a function that makes it when it is wanted for the first time: a gateway uses few
// of them. The table is written by init functions, and by tests.
var table = struct {
	sync.RWMutex
	types map[string]func() Type
}{types: make(map[string]func() Type)}

// Register adds a type of device, usually from an init function. P is a struct whose fields are the parameters, in
// the manner of
//
//	type Params struct {
//		Port string `koanf:"port" doc:"serial port" example:"/dev/ttyUSB0"`
//		Baud int    `koanf:"baud" doc:"bits per second" default:"9600" min:"300" max:"4000000"`
//	}
//
// where a field without a default must be given, a number has bounds, and one_of:"a b" lists the words of a text. A field may also be
// a list, a map, a struct, a [Size] or a [Secret]. Parameters are decoded before open is called: one that is unknown, missing or of
// the wrong type stops the device with an error that names it and wraps ErrConfig. Open has succeeded when the equipment answers. The
// context given to open is for opening only: it ends when open has returned or takes too long, and not with the device.
//
// A parameter whose key ends in _file names a file: a path that the configuration has beside itself arrives as an absolute one.
//
// What tags can't say, such as two parameters that exclude each other, a method Validate() error can, of P and of any struct
// within: "gateway check" calls it as well. What only opening tells, that it does not know.
//
// A method Warnings() []string of P tells what is good and yet likely a mistake: see [Type.Warnings].
//
// A method HookPaths() []string of P tells the paths at which the equipment calls the gateway, if it does: see [Type.Hooks].
//
// Where the parameters say all that there is to say of a device's entities, a method Describe() (entity.Device, error) of P
// does: see [Type.Describe]. Of params that don't it returns [ErrOnlyOpening].
//
// A device on a line (package kit/lines) tells by a method Load() (share float64, of string) of P how much of the line it takes: see
// [Type.Load].
//
// Options tell those who configure it more: [Doc] and [Example].
//
// Register panics if the name is taken or P's tags are wrong, which are mistakes of the programmer.
func Register[P any](name string, open func(ctx context.Context, env Env, params P) (Device, error), more ...TypeOption) {
	mustBeGood[P](name)
	add(name, sync.OnceValue(func() Type { return newType(name, open, more...) }))
}

// NewType returns the type that Register would add to the table.
func NewType[P any](name string, open func(ctx context.Context, env Env, params P) (Device, error), more ...TypeOption) Type {
	mustBeGood[P](name)
	return newType(name, open, more...)
}

// mustBeGood panics if P's tags are wrong.
func mustBeGood[P any](name string) {
	if err := options.Check(new(P)); err != nil {
		panic(fmt.Sprintf("devices: type %q: %v", name, err))
	}
}

func newType[P any](name string, open func(ctx context.Context, env Env, params P) (Device, error), more ...TypeOption) Type {
	var zero P
	params := options.Tree(&zero)
	t := Type{
		Name:    name,
		Params:  params,
		Example: exampleOf(name, params),
		Check:   func(params map[string]any) error { return check(params, new(P)) },
		Open: func(ctx context.Context, env Env, params map[string]any) (Device, error) {
			p, err := Decode[P](params)
			if err != nil {
				return nil, err
			}
			return open(ctx, env, p)
		},
	}
	if _, describes := any(&zero).(describer); describes {
		t.Describe = func(params map[string]any) (entity.Device, error) {
			p, err := Decode[P](params)
			if err != nil {
				return entity.Device{}, err
			}
			return any(&p).(describer).Describe()
		}
	}
	if _, warns := any(&zero).(warner); warns {
		t.Warnings = func(params map[string]any) []string {
			p, err := Decode[P](params)
			if err != nil {
				return nil // Check tells of it
			}
			return any(&p).(warner).Warnings()
		}
	}
	if _, calls := any(&zero).(hooked); calls {
		t.Hooks = func(params map[string]any) []string {
			p, err := Decode[P](params)
			if err != nil {
				return nil // Check tells of it
			}
			return any(&p).(hooked).HookPaths()
		}
	}
	if _, loads := any(&zero).(loader); loads {
		t.Load = func(params map[string]any) (float64, string) {
			p, err := Decode[P](params)
			if err != nil {
				return 0, "" // Check tells of it
			}
			return any(&p).(loader).Load()
		}
	}
	for _, option := range more {
		option(&t)
	}
	return t
}

// warner is what parameters are that may be good and likely a mistake.
type warner interface{ Warnings() []string }

// ErrOnlyOpening says that a device has no description before it has been opened: see [Type.Describe].
var ErrOnlyOpening = errors.New("only opening it tells which entities it has")

// hooked is what parameters are whose equipment may call the gateway.
type hooked interface{ HookPaths() []string }

// loader is what parameters are that know how much of a line their device takes.
type loader interface {
	Load() (share float64, of string)
}

// describer is what parameters are that say all of their device's entities.
type describer interface {
	Describe() (entity.Device, error)
}

// Decode reads params into P as Register does, for types that read their own. The error tells all that is wrong, and
// wraps ErrConfig. Decode panics if P's tags are wrong.
func Decode[P any](params map[string]any) (P, error) {
	var p P
	if err := options.Decode(params, &p); err != nil {
		return p, &paramsError{err}
	}
	return p, nil
}

// check also looks at the description that the parameters give.
func check[P any](params map[string]any, p *P) error {
	if err := options.Decode(params, p); err != nil {
		return err
	}
	d, ok := any(p).(describer)
	if !ok {
		return nil
	}
	description, err := d.Describe()
	switch {
	case errors.Is(err, ErrOnlyOpening):
		return nil
	case err != nil:
		return err
	}
	return entity.Check(description)
}

// paramsError is a wrong configuration, with the faults of all options on one line.
type paramsError struct{ faults error }

func (e *paramsError) Error() string {
	return ErrConfig.Error() + ": " + strings.ReplaceAll(e.faults.Error(), "\n", "; ")
}

func (e *paramsError) Unwrap() []error { return []error{ErrConfig, e.faults} }

// Add adds a type that Register can't make. It panics if the name is empty or taken.
func Add(t Type) { add(t.Name, func() Type { return t }) }

func add(name string, t func() Type) {
	table.Lock()
	defer table.Unlock()
	if name == "" {
		panic("devices: a type without a name")
	}
	if _, taken := table.types[name]; taken {
		panic(fmt.Sprintf("devices: type %q registered twice", name))
	}
	table.types[name] = t
}

// Lookup returns the type called name, or an error that names those there are.
func Lookup(name string) (Type, error) {
	table.RLock()
	defer table.RUnlock()
	t, ok := table.types[name]
	if !ok {
		return Type{}, fmt.Errorf("unknown device type %q (have %s)", name, quoted(slices.Sorted(maps.Keys(table.types))))
	}
	return t(), nil
}

// Types returns the table, sorted by name.
func Types() (all []Type) {
	table.RLock()
	defer table.RUnlock()
	for _, name := range slices.Sorted(maps.Keys(table.types)) {
		all = append(all, table.types[name]())
	}
	return all
}

func quoted(names []string) string {
	if len(names) == 0 {
		return "none: no device package is imported"
	}
	for i, name := range names {
		names[i] = fmt.Sprintf("%q", name)
	}
	return strings.Join(names, ", ")
}
