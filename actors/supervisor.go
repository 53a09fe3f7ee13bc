package actors

import (
	"fmt"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/mqttgateway/mqttgateway/actors/supervision"
	"github.com/mqttgateway/mqttgateway/messages"
)

// supervisor is the root of the actors, and gets every failure. It keeps the record, which decides when something is
// begun again, directs the start and the stop, and logs what has happened.
type supervisor struct {
	supervisorOptions
	parts  map[string]*part // connection, mapper, devices
	stage  stage
	timers []*time.Timer // for the start and the stop
}

// supervisorOptions are what the supervisor needs from the gateway.
type supervisorOptions struct {
	self, connection, mapper, devices address

	children  []child // in the order in which they are spawned
	board     *board
	log       *supervisorLog
	counters  *Counters
	pulse     *pulse
	startWait time.Duration // how long the link waits for devices
	grace     time.Duration

	spawned func() // called once, when all children are spawned
	begun   func() // called once, when the link begins
	stopped func() // called once, at the end of an orderly stop
}

// child is an actor that the supervisor spawns.
type child struct {
	name  string
	props *actor.Props
	first []any // messages that the child gets before all others
}

// stage is the stage of the gateway's life.
type stage uint8

const (
	opening   stage = iota // devices open, and the link waits for them
	serving                // the link is wanted
	closing                // devices finish their messages
	finishing              // the last words are sent
	halted
)

// Messages of the supervisor's timers to itself.
type (
	openOver struct{}              // the link waits for devices no longer
	lifeOver struct{}              // devices have no more time
	haltOver struct{}              // the stop waits for nothing any more
	partDue  struct{ name string } // a child that is down must begin again
)

func newSupervisor(options supervisorOptions) *supervisor {
	return &supervisor{supervisorOptions: options, parts: make(map[string]*part)}
}

// Receive implements actor.Actor. No actor is above the supervisor, so that it survives its own panics.
func (v *supervisor) Receive(c actor.Context) {
	defer v.survive()
	if v.stage == halted {
		return // messages of actors that are being ended
	}
	switch m := c.Message().(type) {
	case *actor.Started:
		v.start(c)
	case messages.DeviceAdded:
		v.connection.send(m)
		v.note(m, m.Device)
	case messages.DeviceRemoved:
		v.note(m, m.Device)
		v.log.forget(m.Device)
		v.ready()
	case messages.DeviceChanged:
		v.changed(m)
	case messages.Failure:
		v.failed(m)
	case messages.StopDevice:
		v.order(m, "a person stops the device", m.Device)
	case messages.StartDevice:
		v.order(m, "a person starts the device", m.Device)
	case messages.RestartDevice:
		v.order(m, "a person restarts the device", m.Device)
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

// start spawns the children.
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
	v.begun()
	v.connection.send(messages.Begin{})
}

// changed handles a change of a device's state.
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

// order passes on what a person orders about a device. What was wrong with the device before belongs to no account after that.
func (v *supervisor) order(order any, text, device string) {
	v.log.forget(device)
	v.log.Info(text, "device", device)
	v.devices.send(order)
}

// note applies an event to the record, tells the connection the new states of devices, and carries out the record's
// orders. It returns the change of the device or child with this name, and whether there was one.
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

// appear tells the connection the new state of a device, if the change makes a difference in its topic.
func (v *supervisor) appear(c supervision.Change) {
	if c.Now == (supervision.Entry{}) {
		v.connection.send(messages.DeviceRemoved{Device: c.Before.Name})
		return
	}
	if now := availability(c.Now); now != availability(c.Before) {
		v.connection.send(now)
	}
}

// availability returns what the availability topic of an entry's device must show.
func availability(e supervision.Entry) messages.Availability {
	a := messages.Availability{Device: e.Name, State: e.State, Reason: e.Reason}
	switch e.State {
	case messages.Stuck, messages.Misconfigured, messages.Stopped:
		a.State = messages.Offline
	}
	return a
}
