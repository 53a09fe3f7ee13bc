package devicetest

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"testing"
	"time"

	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/messages"
)

// patience is how long a device may take to open, to handle a message, and to end its Run.
const patience = 10 * time.Second

// Device is an opened device. Handle and Close are for one goroutine.
type Device struct {
	*Env
	dev   devices.Device
	life  context.Context
	end   context.CancelFunc // of life
	ended chan error         // gets what is wrong with Run when it has ended; nil if the device has none
}

// Start opens a device as [Open] does, and closes it when the test ends. The test fails if either goes wrong.
func Start(t testing.TB, typ string, params map[string]any) *Device {
	t.Helper()
	d, err := Open(typ, params)
	if err != nil {
		t.Fatalf("open %s: %v", typ, err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Errorf("close %s: %v", typ, err)
		}
	})
	return d
}

// Open opens a device of a registered type with these params, decoded as those of a configuration are, and starts its
// Run if it has one. The caller closes it.
func Open(typ string, params map[string]any) (*Device, error) {
	t, err := devices.Lookup(typ)
	if err != nil {
		return nil, err
	}
	return open(newEnv(typ), func(ctx context.Context, env devices.Env) (devices.Device, error) { return t.Open(ctx, env, params) })
}

// open opens a device in its Env. If that goes wrong, so do the devices that it has added.
func open(env *Env, opener devices.Opener) (*Device, error) {
	d := &Device{Env: env}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	err := guarded(func() (err error) { d.dev, err = opener(ctx, d.Env); return err })
	switch {
	case err != nil:
	case d.dev == nil:
		err = errors.New("the opener returned no device")
	default:
		if err = env.fault(d.dev); err != nil {
			err = errors.Join(err, guarded(d.dev.Close))
		}
	}
	if err != nil {
		env.teller.End()
		return nil, errors.Join(err, env.removeAll())
	}
	d.life, d.end = context.WithCancel(context.Background())
	if r, ok := d.dev.(devices.Runner); ok {
		d.ended = make(chan error, 1)
		go func() { d.ended <- guarded(func() error { return d.run(r) }) }()
	}
	return d, nil
}

func (d *Device) run(r devices.Runner) error {
	err := r.Run(d.life)
	select {
	case <-d.life.Done():
		return nil // it was told to
	default:
	}
	if err == nil {
		return errors.New("run ended before it was told to")
	}
	return fmt.Errorf("run: %w", err)
}

// Handle gives the device a message, as the gateway does: a command to its Handle, or to its Set or Read if it is for entities of
// the device; a status to its Observe. Handle returns what the device says of it, or why the gateway refuses it. A device without
// Observe gets no status, and nil is returned.
func (d *Device) Handle(msg messages.InternalMsg) error {
	ctx, cancel := context.WithTimeout(d.life, patience)
	defer cancel()
	return guarded(func() error {
		asked, err := d.teller.Description().Ask(msg)
		switch {
		case err != nil:
			return err
		case !asked.IsZero():
			return d.teller.Do(ctx, d.dev, asked)
		case msg.Type() != messages.Status:
			return d.dev.Handle(ctx, msg)
		}
		if o, ok := d.dev.(devices.Observer); ok {
			return o.Observe(ctx, msg)
		}
		return nil
	})
}

// Close closes the devices that the device has added, tells Run to end, closes the device and waits for Run. The error joins
// all that goes wrong, and what Run ended with if it had ended before. What the device emits in Close can still be taken.
// Closing again does nothing.
func (d *Device) Close() error {
	if d.life.Err() != nil {
		return nil
	}
	err := d.removeAll()
	d.end()
	err = errors.Join(err, guarded(d.dev.Close))
	if d.ended != nil {
		select {
		case ran := <-d.ended:
			err = errors.Join(ran, err)
		case <-time.After(patience):
			err = errors.Join(fmt.Errorf("run goes on %v after it was told to end", patience), err)
		}
	}
	d.teller.End()
	d.mu.Lock()
	defer d.mu.Unlock()
	d.closed = true
	return err
}

// guarded calls f and turns a panic into an error, with its stack.
func guarded(f func() error) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("panic: %v\n%s", cause, debug.Stack())
		}
	}()
	return f()
}
