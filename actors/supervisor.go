package actors

import (
	"fmt"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/mqttgateway/mqttgateway/actors/supervision"
	"github.com/mqttgateway/mqttgateway/messages"
)

// supervisor is the root of the actors and where every failure arrives. It keeps the record, which decides what begins again
// and when, leads the start and the stop, and writes to the log what happened.
type supervisor struct {
	supervisorOptions
	parts  map[string]*part // connection, mapper, devices
	stage  stage
	timers []*time.Timer // of the start and the stop
}

// supervisorOptions is what a supervisor is given.
type supervisorOptions struct {
	self, connection, mapper, devices address

	children  []child // in the order in which they are spawned
	board     *board
	log       *supervisorLog
	counters  *Counters
	pulse     *pulse
	startWait time.Duration // the link waits for devices
	grace     time.Duration

	spawned func() // called once, when all its children are there
	begun   func() // called once, when the link begins
	stopped func() // called once, when an orderly stop has come to its end
}

// child is an actor that the supervisor is to spawn.
type child struct {
	name  string
	props *actor.Props
	first []any // messages that the child is sent ahead of all others
}

// stage is where the gateway is between start and stop.
type stage uint8

const (
	opening   stage = iota // devices open, the link waits for them
	serving                // the link is wanted
	closing                // devices finish
	finishing              // their last words leave
	halted
)

// What the supervisor tells itself by its timers.
type (
	openOver struct{}              // the link no longer waits for devices
	lifeOver struct{}              // devices have no more time
	haltOver struct{}              // nothing is waited for any more
	partDue  struct{ name string } // a child that is down is to begin again
)

func newSupervisor(options supervisorOptions) *supervisor {
	return &supervisor{supervisorOptions: options, parts: make(map[string]*part)}
}

// Receive implements actor.Actor. No actor is above the supervisor, so that it survives its own panics.
func (v *supervisor) Receive(c actor.Context) {
	defer v.survive()
	if v.stage == halted {
		return // what actors say while they are cleared away
	}
	switch m := c.Message().(type) {
	case *actor.Started:
		v.start(c)
	case messages.DeviceAdded:
		v.connection.send(m)
		v.note(m, m.Device)
	case messages.DeviceRemoved:
		v.note(m, m.Device)
		v.log.deviceRemoved(m.Device)
		v.ready()
	case messages.DeviceChanged:
		v.changed(m)
	case messages.Failure:
		v.failed(m)
	case messages.Report:
		v.log.reported(m)
	case messages.Early:
		v.log.early(m)
	case messages.Refusals:
		v.log.refusals(m)
	case messages.Unmatched:
		v.log.unmatched(m)
	case messages.Unspooled:
		v.log.unspooled(m)
	case messages.LinkUp:
		v.note(m, "")
		v.log.linkUp(m)
	case messages.LinkDown:
		v.note(m, "")
		v.log.linkDown(m)
	case messages.LinkUnanswered:
		v.note(m, "")
	case messages.BrokerFault:
		v.log.brokerFault(m)
	case messages.Regranted:
		v.log.regranted(m.Granted)
	case question:
		v.pulse.answer()
	case partDue:
		v.resume(m.name)
	case sumsDue:
		v.log.sums()
	case openOver:
		v.begin()
	case halt:
		v.halt()
	case lifeOver:
		v.end()
	case messages.DevicesClosed:
		v.finish()
	case messages.LinkClosed:
		v.note(m, "")
		v.log.linkClosed(m)
		v.halted()
	case haltOver:
		v.halted()
	}
}

func (v *supervisor) survive() {
	if cause := recover(); cause != nil {
		crash := newCrash(cause)
		v.log.Error("supervisor panicked, going on", "err", crash, "stack", crash.stack)
	}
}

// start spawns the others.
func (v *supervisor) start(c actor.Context) {
	for _, child := range v.children {
		pid, err := c.SpawnNamed(child.props, child.name)
		if err != nil {
			panic(fmt.Errorf("%s: %w", child.name, err))
		}
		v.parts[child.name] = &part{pid: pid}
		v.note(partBegan(child.name), "")
		for _, msg := range child.first {
			c.Send(pid, msg)
		}
	}
	v.children = nil
	v.spawned()
	v.timer(v.startWait, openOver{})
	v.ready()
}

func (v *supervisor) timer(after time.Duration, msg any) {
	v.timers = append(v.timers, v.self.later(after, msg))
}

// ready begins the link when each configured device has opened or failed once.
func (v *supervisor) ready() {
	if v.stage == opening && v.board.firstOpening() == 0 {
		v.begin()
	}
}

func (v *supervisor) begin() {
	if v.stage != opening {
		return
	}
	v.stage = serving
	v.note(messages.Begin{}, "")
	_, n := v.board.sum()
	v.log.Info("devices ready", "online", n.Online, "down", n.Down, "opening", n.Opening)
	v.connection.send(messages.Begin{})
	v.begun()
}

// changed acts on the state of a device.
func (v *supervisor) changed(m messages.DeviceChanged) {
	change, news := v.note(m, m.Device)
	switch {
	case m.State == messages.Stuck:
		v.log.deviceStuck(m)
	case news && change.Now.State == messages.Online:
		_, n := v.board.sum()
		v.log.deviceOnline(change, n.Online+n.Opening+n.Down)
	}
	v.ready()
}

// note enters an event in the record, tells the connection how devices appear from then on, and carries out the record's orders.
// It returns what has changed for the device or child of this name, and whether anything has.
func (v *supervisor) note(event any, name string) (own supervision.Change, news bool) {
	changes, orders := v.board.apply(event)
	for _, c := range changes {
		if c.Now.Name == name || c.Before.Name == name {
			own, news = c, true
		}
		if c.Now.Kind == supervision.Device || c.Before.Kind == supervision.Device {
			v.appear(c)
		}
	}
	for _, o := range orders {
		if o.Kind == supervision.Device {
			v.devices.send(messages.Reopen{Device: o.Name, After: o.After})
		} else {
			v.leaveAlone(o.Name, o.After)
		}
	}
	return own, news
}

// appear tells the connection how a device is to appear from now on, if the change makes a difference there.
func (v *supervisor) appear(c supervision.Change) {
	if c.Now == (supervision.Entry{}) {
		v.connection.send(messages.DeviceRemoved{Device: c.Before.Name})
		return
	}
	if now := availability(c.Now); now != availability(c.Before) {
		v.connection.send(now)
	}
}

// availability returns how the device of an entry is to appear.
func availability(e supervision.Entry) messages.Availability {
	a := messages.Availability{Device: e.Name, State: e.State, Reason: e.Reason}
	if e.State == messages.Stuck || e.State == messages.Misconfigured {
		a.State = messages.Offline
	}
	return a
}
