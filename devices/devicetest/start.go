package devicetest

import (
	"context"
	"errors"
	"testing"

	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/messages"
)

// Option changes how a device is opened, or how [Run] treats it.
type Option func(*setup)

// setup is what options change.
type setup struct {
	name    string
	address messages.Address

	// Of Run:
	lives    int
	commands []messages.InternalMsg
	anything bool
	mute     map[string]any
	beside   map[string]any
	breakIt  func()
}

func newSetup(name string, options []Option) *setup {
	s := &setup{name: name, lives: 10}
	for _, option := range options {
		option(s)
	}
	if s.address == (messages.Address{}) {
		s.address.Device = s.name
	}
	return s
}

// Name gives the device a name, as name: does in a configuration. Several devices of one type have each their own. Without Name a
// device is called as its type.
func Name(name string) Option { return func(s *setup) { s.name = name } }

// At gives the device an address, as address: does in a configuration.
func At(address messages.Address) Option { return func(s *setup) { s.address = address } }

// Start opens a device as [Open] does, and closes it when the test ends. The test fails if either goes wrong.
func Start(t testing.TB, typ string, params map[string]any, options ...Option) *Device {
	t.Helper()
	d, err := Open(typ, params, options...)
	return started(t, typ, d, err)
}

// StartWith is [Start] with an opener that need not be registered: one that a test makes, with a transport of its own perhaps.
//
//	lamp := devicetest.StartWith(t, func(ctx context.Context, env devices.Env, p Params) (devices.Device, error) {
//		return open(ctx, env, p, pipe)
//	}, map[string]any{"baud": 9600})
//
// The device is called "device" unless [Name] says otherwise.
func StartWith[P any](t testing.TB, open func(ctx context.Context, env devices.Env, params P) (devices.Device, error), params map[string]any, options ...Option) *Device {
	t.Helper()
	typ := devices.NewType(unnamed, open)
	d, err := openType(typ, params, newSetup(typ.Name, options))
	return started(t, typ.Name, d, err)
}

// unnamed is the name of what nobody has named.
const unnamed = "device"

func started(t testing.TB, what string, d *Device, err error) *Device {
	t.Helper()
	if err != nil {
		t.Fatalf("open %s: %v", what, err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Errorf("close %s: %v", what, err)
		}
	})
	return d
}

// Open opens a device of a registered type with these params, decoded as those of a configuration are, and starts its
// Run if it has one. The caller closes it.
func Open(typ string, params map[string]any, options ...Option) (*Device, error) {
	t, err := devices.Lookup(typ)
	if err != nil {
		return nil, err
	}
	return openType(t, params, newSetup(typ, options))
}

// openType opens a device of a type.
func openType(typ devices.Type, params map[string]any, s *setup) (*Device, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	env := newEnv(s.name, s.address)
	return open(ctx, env, typed(typ, env, params))
}

// typed returns what opens a device of a type, once the type has described the device, if it does.
func typed(typ devices.Type, env *Env, params map[string]any) devices.Opener {
	return func(ctx context.Context, seen devices.Env) (devices.Device, error) {
		if typ.Describe != nil {
			description, err := typ.Describe(params)
			switch {
			case err == nil:
				env.Describe(description)
			case !errors.Is(err, devices.ErrOnlyOpening):
				return nil, err
			}
		}
		return typ.Open(ctx, seen, params)
	}
}
