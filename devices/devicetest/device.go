package devicetest

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/entity"
	"github.com/mqttgateway/mqttgateway/internal/entities"
	"github.com/mqttgateway/mqttgateway/messages"
)

const (
	// patience is how long a device may take to open, to handle a message, to close, and to end its Run.
	patience = 10 * time.Second
	// grace is how long a call may go on when its context has ended.
	grace = 5 * time.Second
)

// Device is an opened device. Handle, Set, Press, Read and Close are for one goroutine.
type Device struct {
	*Env
	dev   devices.Device
	life  context.Context
	end   context.CancelFunc // of life
	ended chan struct{}      // closed when Run has ended; nil if the device has none

	mu      sync.Mutex    // guards what follows
	failed  chan struct{} // closed when there is a failure
	failure error         // the first for which a gateway would open the device again
	taken   bool          // by Failure
	ran     error         // what Run has ended with, unless it was told to end
}

// open opens a device in its Env. If that goes wrong, so do the devices that it has added.
func open(ctx context.Context, env *Env, opener devices.Opener) (*Device, error) {
	d := &Device{Env: env, failed: make(chan struct{})}
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
		err = errors.Join(err, env.removeAll())
		env.close()
		return nil, err
	}
	d.life, d.end = context.WithCancel(context.Background())
	if r, ok := d.dev.(devices.Runner); ok {
		d.ended = make(chan struct{})
		go func() {
			defer close(d.ended)
			ran := guarded(func() error { return d.run(r) })
			d.mu.Lock()
			defer d.mu.Unlock()
			d.ran = ran
			d.failLocked(ran)
		}()
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

// fail notes a failure, unless there was one before.
func (d *Device) fail(err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.failLocked(err)
}

func (d *Device) failLocked(err error) {
	if err != nil && d.failure == nil {
		d.failure = err
		close(d.failed)
	}
}

// runError returns what Run has ended with by itself.
func (d *Device) runError() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.ran
}

// Ended returns a channel that is closed when Run has ended, by itself or since the device was closed; nil if the device has no Run.
func (d *Device) Ended() <-chan struct{} { return d.ended }

// Failure waits for a failure, after which a gateway would close the device and open it again: the end of Run, or an error of Handle,
// Observe, Set or Read that refuses nothing. It returns nil if there is none within that time. Close does not return a failure
// that Failure has.
func (d *Device) Failure(within time.Duration) error {
	select {
	case <-d.failed:
	case <-time.After(within):
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.taken = d.taken || d.failure != nil
	return d.failure
}

// forgive has Close return no failure.
func (d *Device) forgive() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.taken = true
}

// Handle gives the device a message, as the gateway does: a command to its Handle, or to its Set or Read if it is for entities of
// the device; a status to its Observe. Handle returns what the device says of it, or why the gateway refuses it. A device without
// Observe gets no status, and nil is returned. One that goes on when its time is over is left alone, with an error.
func (d *Device) Handle(msg messages.InternalMsg) error {
	return d.timed("handle", func(ctx context.Context) error { return d.handle(ctx, msg) })
}

func (d *Device) handle(ctx context.Context, msg messages.InternalMsg) error {
	asked, err := d.teller.Description().Ask(msg)
	switch {
	case err != nil:
		return err
	case !asked.IsZero():
		return d.teller.Do(ctx, d.dev, asked)
	case msg.Type() != messages.Status:
		return d.teller.Description().Handled(msg, d.dev.Handle(ctx, msg))
	}
	if o, ok := d.dev.(devices.Observer); ok {
		return o.Observe(ctx, msg)
	}
	return nil
}

// Set sets an entity, as the topic set/ID does: the value may be of its kind, or text such as "ON" and "21.5". Set returns what
// the device says, or why the gateway refuses the value.
func (d *Device) Set(id string, value any) error {
	v, err := messages.ValueOf(value)
	if err != nil {
		return err
	}
	asked, err := d.asked(id, v)
	if err != nil {
		return err
	}
	return d.ask("set", asked)
}

// asked returns what it means to set an entity alone.
func (d *Device) asked(id string, value messages.Value) (entities.Request, error) {
	return d.teller.Description().AskByID(messages.New(messages.Command, messages.Address{}, entity.ActionSet).WithArg(id, value))
}

// Press presses a Button.
func (d *Device) Press(id string) error { return d.Set(id, nil) }

// Read has the device read its entities, as the command GET does.
func (d *Device) Read() error {
	asked, err := d.teller.Description().Ask(messages.New(messages.Command, messages.Address{}, entity.ActionGet))
	if err != nil {
		return err
	}
	return d.ask("read", asked)
}

func (d *Device) ask(what string, asked entities.Request) error {
	return d.timed(what, func(ctx context.Context) error { return d.teller.Do(ctx, d.dev, asked) })
}

// timed calls f with a context that ends when the device has had its time, and notes a failure.
func (d *Device) timed(what string, f func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(d.life, patience)
	defer cancel()
	err := within(patience+grace, func() error { return f(ctx) })
	if errors.Is(err, errGoesOn) {
		err = fmt.Errorf("%s goes on %v after its context has ended", what, grace)
	}
	if isFailure(err) {
		d.fail(err)
	}
	return err
}

// isFailure reports whether a gateway opens a device again that has returned err.
func isFailure(err error) bool {
	return err != nil && !errors.Is(err, devices.ErrAction) && !errors.Is(err, devices.ErrNotMine)
}

// Close closes the devices that the device has added, tells Run to end, closes the device and waits for Run. The error joins
// all that goes wrong, what the gateway has refused (see [Env.Refused]), and what Run ended with if it had ended before. What the
// device emits in Close can still be taken. Closing again does nothing.
func (d *Device) Close() error {
	if d.life.Err() != nil {
		return nil
	}
	closing, running := d.shut()
	d.mu.Lock()
	defer d.mu.Unlock()
	ran := d.ran
	if d.taken {
		ran = nil
	}
	return errors.Join(append([]error{ran, running, closing}, d.Refused()...)...)
}

// shut ends the device's life. It returns what is wrong with closing, and with the end of Run.
func (d *Device) shut() (closing, running error) {
	added := d.removeAll()
	d.end()
	closing = within(patience, d.dev.Close)
	if errors.Is(closing, errGoesOn) {
		closing = fmt.Errorf("close %w after %v", errGoesOn, patience)
	}
	if d.ended != nil {
		select {
		case <-d.ended:
		case <-time.After(patience):
			running = fmt.Errorf("run %w %v after it was told to end", errGoesOn, patience)
		}
	}
	d.Env.close()
	return errors.Join(added, closing), running
}

// giveUp is shut for a device of which nobody wants to know any more.
func (d *Device) giveUp() { _, _ = d.shut() }

// errGoesOn is what within returns when the time is over.
var errGoesOn = errors.New("goes on")

// within calls f on a goroutine of its own, and waits for it for a while.
func within(limit time.Duration, f func() error) error {
	done := make(chan error, 1)
	go func() {
		err := errors.New("the device has ended its goroutine, by runtime.Goexit or t.FailNow")
		defer func() { done <- err }()
		err = guarded(f)
	}()
	late := time.NewTimer(limit)
	defer late.Stop()
	select {
	case err := <-done:
		return err
	case <-late.C:
		return errGoesOn
	}
}

// errPanic is what the error of a panic wraps.
var errPanic = errors.New("panic")

// guarded calls f and turns a panic into an error, with its stack.
func guarded(f func() error) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("%w: %v\n%s", errPanic, cause, debug.Stack())
		}
	}()
	return f()
}
