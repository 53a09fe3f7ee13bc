package actors

import (
	"context"
	"errors"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/mqttgateway/mqttgateway/actors/mailbox"
	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/messages"
)

// device is the actor that hosts one devices.Device: it opens it, hands it its messages one at a time, recovers its
// panics, and closes it. What goes wrong is told to the supervisor, which answers with when to open it again.
type device struct {
	*slot // nil until the first message of one that begins again
	find  func(*actor.PID) *slot
	self  address

	env     *env
	dev     devices.Device     // nil while it is down
	call    context.Context    // of every Handle; nil until there is one
	give    context.CancelFunc // up: of call
	running *run               // nil if the device has no Run, and when it is known that it has ended

	retry *time.Timer
	due   bool // it is time to open again, but Run has not ended
}

// run is a Run that goes on.
type run struct {
	life  context.Context
	end   context.CancelFunc
	ended chan struct{} // closed when it has
}

// What a device's actor says to itself, with the count of openings that tells an old message.
type (
	reopenDue struct {
		opening uint64
		after   time.Duration
	}
	runEnded struct {
		opening uint64
		err     error
	}
)

// Receive implements actor.Actor.
func (d *device) Receive(c actor.Context) {
	if d.slot == nil {
		d.slot = d.find(c.Self())
	}
	defer guard(c, d.Name, d.supervisor)
	switch m := c.Message().(type) {
	case *actor.Started:
		d.self = address{d.root, c.Self()}
		d.open()
	case messages.Handle:
		d.handle(m)
	case messages.Reopen:
		d.retry = d.self.later(m.After, reopenDue{d.opening, m.After})
	case reopenDue:
		if m.opening == d.opening && d.dev == nil {
			d.due = true
			d.reopen(m.after)
		}
	case runEnded:
		d.ended(m)
	case *actor.Stopping, *actor.Restarting:
		d.stop()
	case *actor.Stopped:
		d.vacate()
	}
}

// open makes a new device, with all that belongs to it.
func (d *device) open() {
	d.opening++
	d.due = false
	d.env = newEnv(d.slot)
	ctx, cancel := context.WithTimeout(d.system.life, d.OpenTimeout)
	var dev devices.Device
	overdue, err := d.during(messages.Opening, d.OpenTimeout, cancel, func() (err error) {
		defer recovered(&err)
		dev, err = d.typ.Open(ctx, d.env)
		return err
	})
	cancel()
	switch {
	case err == nil && dev == nil:
		err = errors.New("the opener returned no device")
	case err == nil && overdue:
		err = errOverdue{d.OpenTimeout}
		d.dev = dev // to be closed
	}
	if err != nil {
		d.fail(&reason{doing: messages.Opening, err: err})
		return
	}
	d.dev = dev
	answerer, ok := dev.(devices.Answerer)
	if itself := ok && answerer.Answers(); itself != d.itself {
		d.itself = itself
		d.mapper.send(messages.AnswersItself{Device: d.Name, Itself: itself})
	}
	if r, ok := dev.(devices.Runner); ok {
		d.run(r)
	}
	d.set(admit)
	d.supervisor.send(messages.DeviceChanged{Device: d.Name, State: messages.Online})
}

// recovered is deferred around every call of a device's own code; it turns a panic into the error.
func recovered(err *error) {
	if cause := recover(); cause != nil {
		*err = newCrash(cause)
	}
}

// run starts Run, on a goroutine that ends when Run does.
func (d *device) run(r devices.Runner) {
	running, opening := &run{ended: make(chan struct{})}, d.opening
	running.life, running.end = context.WithCancel(d.system.life)
	d.running = running
	go func() {
		err := mailbox.ErrGoexit
		defer func() {
			close(running.ended)
			d.self.send(runEnded{opening, err})
		}()
		err = func() (err error) {
			defer recovered(&err)
			return r.Run(running.life)
		}()
	}()
}

// ended acts on the end of a Run: that of a device which is up is a failure; that of one which is down has been
// waited for.
func (d *device) ended(m runEnded) {
	if m.opening != d.opening {
		return
	}
	told := d.running.life.Err() != nil
	d.running.end()
	d.running = nil
	if d.dev == nil {
		d.env.closed.Store(true)
		d.reopen(0)
		return
	}
	if told { // to end
		return
	}
	if m.err == nil {
		m.err = errors.New("it has ended by itself")
	}
	why := new(reason)
	if !errors.As(m.err, &why) { // else a registered actor has said what it was at
		why = &reason{doing: messages.Running, err: m.err}
	}
	d.fail(why)
}

// reopen opens again if it is time and nothing of the device before is left; else it tells for how long it has waited.
func (d *device) reopen(waited time.Duration) {
	switch {
	case !d.due:
	case d.running == nil:
		d.open()
	default:
		why := &reason{doing: messages.Running, err: errOverdue{waited}}
		d.supervisor.send(messages.DeviceChanged{Device: d.Name, State: messages.Stuck, Err: why})
	}
}

func (d *device) handle(h messages.Handle) {
	if d.dev == nil { // let in before it went down
		d.refuse(h, errOffline)
		return
	}
	if d.call == nil {
		d.call, d.give = context.WithCancel(d.system.life)
	}
	var overdue bool
	var err error
	if r, ok := d.dev.(*registered); ok {
		overdue, err = d.request(r, h)
	} else {
		overdue, _, err = d.watch(h, d.give, func() (err error) {
			defer recovered(&err)
			return d.dev.Handle(d.call, h.Msg)
		})
	}
	switch {
	case overdue:
		if err == nil || errors.Is(err, errLater) || errors.Is(err, context.Canceled) {
			err = errOverdue{d.Timeout}
		}
	case err == nil || errors.Is(err, devices.ErrAction):
		return
	}
	d.fail(&reason{messages.Handling, h.Msg.Action(), err})
}

// fail takes the device down and tells the supervisor.
func (d *device) fail(why *reason) {
	d.set(refuseOffline)
	d.close()
	f := messages.Failure{Who: d.Name, What: why.doing, Err: why, Final: errors.Is(why, devices.ErrConfig)}
	if c := (*crash)(nil); errors.As(why, &c) {
		f.Stack = c.stack
	}
	d.supervisor.send(f)
}

// close gives back what the device holds. Its Run may take its time to end.
func (d *device) close() {
	if d.give != nil {
		d.give()
		d.call, d.give = nil, nil
	}
	if d.running != nil {
		d.running.end()
	}
	if d.dev == nil {
		return
	}
	dev := d.dev
	d.dev = nil
	_, err := d.during(messages.Closing, d.Timeout, nil, func() (err error) {
		defer recovered(&err)
		return dev.Close()
	})
	if err != nil {
		d.env.Report(&reason{doing: messages.Closing, err: err})
	}
	if d.running == nil {
		d.env.closed.Store(true)
	}
}

// stop is the end of the actor: the last words of Run and Close are still emitted.
func (d *device) stop() {
	if d.retry != nil {
		d.retry.Stop()
	}
	d.waitForAnswers(0, messages.InternalMsg{})
	d.close()
	if d.running != nil {
		_, _ = d.during(messages.Running, d.Timeout, nil, func() error {
			select {
			case <-d.running.ended:
			case <-d.system.life.Done():
			}
			return nil
		})
	}
	if d.env != nil {
		d.env.closed.Store(true)
	}
}
