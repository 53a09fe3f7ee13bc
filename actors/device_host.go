package actors

import (
	"context"
	"errors"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/mqttgateway/mqttgateway/actors/mailbox"
	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/internal/entities"
	"github.com/mqttgateway/mqttgateway/messages"
)

// host is the actor that opens one devices.Device, passes it its messages one at a time, recovers its panics, and
// closes it. The host tells the supervisor of each failure, and the supervisor answers when the device must be opened
// again.
type host struct {
	device *device
	self   address

	env     *env
	opened  devices.Device     // nil while the device is down
	call    context.Context    // context of each Handle; nil before the first opening
	cancel  context.CancelFunc // of call
	running *run               // nil if the device has no Run, or if Run has ended and the host knows it
	failure error              // the latest; nil: none

	retry  *time.Timer // until reopenDue
	due    bool        // reopenDue has come, and the host waits for the end of Run
	orphan bool        // the hub is down: adopted opens the device again
}

// run is a Run that is under way.
type run struct {
	life  context.Context
	end   context.CancelFunc
	ended chan struct{} // closed when Run has returned
}

// Messages of a host to itself. By the number of the opening a host recognizes messages of an earlier opening.
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
func (h *host) Receive(c actor.Context) {
	defer guard(c, h.device.config.Name, h.device.shared.supervisor)
	switch m := c.Message().(type) {
	case *actor.Started:
		h.self = address{h.device.shared.root, c.Self()}
		h.device.beginEntities()
		if h.orphan = h.device.orphaned(); !h.orphan {
			h.open()
		}
	case messages.Handle:
		h.handle(m)
	case orphaned:
		h.orphaned(m)
	case adopted:
		h.adopted(m)
	case stopped:
		h.shut()
	case restarted:
		h.restarted()
	case messages.Reopen:
		h.retry = h.self.later(m.After, reopenDue{h.device.opening, m.After})
	case reopenDue:
		if m.opening == h.device.opening && h.opened == nil && !h.orphan {
			h.due = true
			h.reopen(m.after)
		}
	case runEnded:
		h.ended(m)
	case *actor.Stopping:
		h.stop()
	case *actor.Stopped:
		h.device.vacate()
	}
}

// open makes a new devices.Device, and everything that belongs to it, unless a person has stopped the device.
func (h *host) open() {
	d := h.device
	h.due = false
	if d.isStopped() {
		d.inform(d.stoppedNow()) // the record may not have known of the device when it was stopped
		return
	}
	d.opening++
	h.env = newEnv(d)
	// An opener that returns when its context ends is not stuck: it has a hundredth of the time for that.
	ctx, cancel := context.WithTimeout(d.shared.life, d.config.OpenTimeout-d.config.OpenTimeout/100)
	var opened devices.Device
	overdue, err := d.during(messages.Opening, d.config.OpenTimeout, cancel, func() (err error) {
		defer recovered(&err)
		opened, err = d.typ.Open(devices.WithLastFailure(ctx, h.failure), h.env, d.config.Params)
		return err
	})
	cancel()
	switch {
	case err == nil && opened == nil:
		err = errors.New("the opener returned no device")
	case err == nil && overdue:
		err = errOverdue{d.config.OpenTimeout}
		h.opened = opened // must be closed
	case err == nil:
		if err = h.fault(opened); err != nil {
			h.opened = opened // must be closed
		}
	}
	if err != nil {
		h.fail(&reason{doing: messages.Opening, err: err})
		return
	}
	h.opened = opened
	answerer, ok := opened.(devices.Answerer)
	itself, deaf := ok && answerer.Answers(), !observes(opened)
	if news := itself != d.itself || deaf != d.deaf; news && !d.isGoing() {
		d.shared.mapper.send(messages.Opened{Device: d.config.Name, AnswersItself: itself, Deaf: deaf})
	}
	d.itself, d.deaf = itself, deaf
	d.observes.Store(!deaf)
	if r, ok := opened.(devices.Runner); ok {
		h.run(r)
	}
	d.restEntities(false)
	d.set(admit)
	d.inform(messages.DeviceChanged{Device: d.config.Name, State: messages.Online})
}

// observes reports whether a device gets statuses.
func observes(d devices.Device) bool {
	if r, ok := d.(*registered); ok {
		return r.observes()
	}
	_, ok := d.(devices.Observer)
	return ok
}

// recovered turns a panic of a device's code into an error. It must be deferred around every call of a device's code.
func recovered(err *error) {
	if cause := recover(); cause != nil {
		*err = newCrash(cause)
	}
}

// apart calls f, which is a device's code, on another goroutine: f may end its goroutine by runtime.Goexit, and if that
// were the last goroutine of an actor that stops, the actor would never have stopped.
func apart(f func() error) error {
	err := mailbox.ErrGoexit
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer recovered(&err)
		err = f()
	}()
	<-done
	return err
}

// run starts Run on a goroutine that ends when Run does.
func (h *host) run(r devices.Runner) {
	running, opening := &run{ended: make(chan struct{})}, h.device.opening
	running.life, running.end = context.WithCancel(h.device.shared.life)
	h.running = running
	go func() {
		err := mailbox.ErrGoexit
		defer func() {
			close(running.ended)
			h.self.send(runEnded{opening, err})
		}()
		err = func() (err error) {
			defer recovered(&err)
			return r.Run(running.life)
		}()
	}()
}

// ended handles the end of a Run. If the device is up, that is a failure. If the device is down, the host may have
// waited for the end before it opens the device again.
func (h *host) ended(m runEnded) {
	if m.opening != h.device.opening {
		return
	}
	told := h.running.life.Err() != nil
	h.running.end()
	h.running = nil
	if h.opened == nil {
		h.env.closed.Store(true)
		h.reopen(0)
		return
	}
	if told { // to end
		return
	}
	if m.err == nil {
		m.err = errors.New("it has ended by itself")
	}
	why := new(reason)
	if !errors.As(m.err, &why) { // otherwise a registered actor has said what it was doing
		why = &reason{doing: messages.Running, err: m.err}
	}
	h.fail(why)
}

// reopen opens the device again if reopenDue has come and the Run before has ended. While that Run goes on, reopen
// tells the supervisor how long the host has waited for it.
func (h *host) reopen(waited time.Duration) {
	switch {
	case !h.due:
	case h.running == nil:
		h.open()
	default:
		why := &reason{doing: messages.Running, err: errOverdue{waited}}
		h.device.inform(messages.DeviceChanged{Device: h.device.config.Name, State: messages.Stuck, Err: why})
	}
}

// handle makes the device handle one message: a command, or a status if the device observes.
func (h *host) handle(m messages.Handle) {
	d := h.device
	switch {
	case h.opened == nil: // the mailbox admitted it before the device went down
		d.refuse(m, d.blame(errOffline))
		return
	case d.deaf && m.Msg.Type() == messages.Status: // the mapper did not know that yet
		d.answer(m, nil)
		return
	}
	d.recordIn(m)
	asked, err := d.asked(m)
	if err == nil && asked.IsZero() && !m.Early && !d.hears(m.Msg) {
		err = devices.ErrNotMine
	}
	if err != nil {
		d.answer(m, err)
		return
	}
	if h.call == nil {
		h.call, h.cancel = context.WithCancel(d.shared.life)
	}
	var overdue bool
	if r, ok := h.opened.(*registered); ok && (asked.At == nil || r.reads()) {
		overdue, err = h.request(r, m, asked)
	} else {
		overdue, _, err = d.watch(m, h.cancel, func() (err error) {
			defer recovered(&err)
			return d.blame(h.take(m.Msg, asked))
		})
	}
	switch {
	case overdue:
		if err == nil || errors.Is(err, errLater) || errors.Is(err, context.Canceled) {
			err = errOverdue{d.config.Timeout}
		}
	case livesOn(err):
		return
	}
	h.fail(&reason{messages.Handling, m.Msg.Action(), err})
}

// take calls the device's code for a message, or for what the message asks of the device's entities.
func (h *host) take(msg messages.InternalMsg, asked entities.Request) error {
	switch {
	case !asked.IsZero():
		return h.device.entities.Load().Do(h.call, h.opened, asked)
	case msg.Type() == messages.Status:
		return h.opened.(devices.Observer).Observe(h.call, msg) // otherwise the device would be deaf
	}
	return h.device.description().Handled(msg, h.opened.Handle(h.call, msg))
}

// fail takes the device down, and tells the supervisor.
func (h *host) fail(why *reason) {
	h.failure = why
	// A device that is to end is hurried while it is opened, and nobody wants it opened any more.
	hurried := why.doing == messages.Opening && (h.device.isGoing() || h.device.isClosing())
	panicked, recorded := (*crash)(nil), ""
	if errors.As(why, &panicked) {
		recorded = h.device.recordedText() // before what waits is refused
	}
	h.device.set(refuseOffline)
	h.env.leave()
	if h.device.adds.Load() {
		h.device.shared.parent.send(hubLeaves{h.device.identity(), why})
	}
	h.close()
	if h.device.orphaned() {
		return // the device has failed with its hub, whose failure is reported
	}
	if hurried {
		return
	}
	f := messages.Failure{
		Who: h.device.config.Name, What: why.doing, Err: why, Final: errors.Is(why, devices.ErrConfig),
		Listens: why.doing == messages.Opening && errors.Is(why, devices.ErrSilent),
	}
	if panicked != nil {
		f.Stack, f.Recorded = panicked.stack, recorded
	}
	h.device.inform(f)
}

// close closes the device. Its Run may still be under way afterwards.
func (h *host) close() {
	h.device.restEntities(true)
	if h.cancel != nil {
		h.cancel()
		h.call, h.cancel = nil, nil
	}
	if h.running != nil {
		h.running.end()
	}
	if h.opened == nil {
		return
	}
	opened := h.opened
	h.opened = nil
	_, err := h.device.during(messages.Closing, h.device.config.Timeout, nil, func() error { return apart(opened.Close) })
	if err != nil {
		h.env.Report(&reason{doing: messages.Closing, err: err})
	}
	if h.running == nil {
		h.env.closed.Store(true)
	}
}

// stop closes the device at the end of the actor, and waits for Run. What Close and Run emit meanwhile is still sent.
func (h *host) stop() {
	if h.retry != nil {
		h.retry.Stop()
	}
	if h.env != nil {
		h.env.leave()
	}
	h.waitForAnswers(0, messages.InternalMsg{})
	h.close()
	if h.running != nil {
		_, _ = h.device.during(messages.Running, h.device.config.Timeout, nil, func() error {
			select {
			case <-h.running.ended:
			case <-h.device.shared.life.Done():
			}
			return nil
		})
	}
	if h.env != nil {
		h.env.closed.Store(true)
	}
}
