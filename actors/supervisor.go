package actors

import (
	"fmt"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/mqttgateway/mqttgateway/actors/mailbox"
	"github.com/mqttgateway/mqttgateway/messages"
)

// supervisor is the root of the actors and where every failure arrives. It decides what begins again and when, leads
// the start and the stop, and has the teller say what happened.
type supervisor struct {
	*system
	*teller
	stopped func() // called once, when an orderly stop has come to its end

	parts   map[string]*part // connection, mapper, devices
	lives   map[string]*life // of devices that have failed
	unready int              // devices that have neither opened nor failed yet
	stage   stage
	timers  []*time.Timer // of the start and the stop
}

// stage is where the gateway is between start and stop.
type stage uint8

const (
	opening  stage = iota // devices open, the link waits for them
	serving               // the link is wanted
	closing               // devices finish
	flushing              // their last words leave
	halted
)

// What the supervisor is told by those who run the gateway, and by its own timers.
type (
	halt     struct{} // stop in good order
	openOver struct{} // the link waits no longer for devices
	lifeOver struct{} // devices have no more time
	haltOver struct{} // whatever has not ended is left behind
)

func newSupervisor(s *system, stopped func()) *supervisor {
	v := &supervisor{
		system:  s,
		teller:  newTeller(s),
		stopped: stopped,
		parts:   make(map[string]*part),
		lives:   make(map[string]*life),
		unready: len(s.slots),
	}
	for _, slot := range s.slots {
		slot.unready = true
	}
	return v
}

// Receive implements actor.Actor. Nobody is above the supervisor: it survives its own panics.
func (v *supervisor) Receive(c actor.Context) {
	defer v.survive()
	if v.stage == halted {
		return // what actors say while they are cleared away
	}
	if a, news := v.standing.note(c.Message()); news {
		v.connection.send(a)
	}
	switch m := c.Message().(type) {
	case *actor.Started:
		v.start(c)
	case messages.DeviceChanged:
		v.changed(m)
	case messages.Failure:
		v.failed(m)
	case messages.Report:
		v.reported(m)
	case messages.Early:
		v.early(m)
	case messages.Refusals:
		v.refusals(m)
	case messages.Unspooled:
		v.unspooled(m)
	case messages.LinkUp:
		v.linkUp(m)
	case messages.LinkDown:
		v.linkDown(m)
	case messages.BrokerFault:
		v.brokerFault(m)
	case regranted:
		v.resubscribed(m.granted)
	case question:
		m.answer()
	case restartDue:
		v.resume(v.parts[m.who])
	case sumsDue:
		v.sums()
	case openOver:
		v.begin()
	case halt:
		v.halt()
	case lifeOver:
		v.end()
	case messages.DevicesClosed:
		v.flush()
	case messages.LinkClosed:
		v.linkClosed(m)
		v.halted()
	case haltOver:
		v.halted()
	}
}

func (v *supervisor) survive() {
	if cause := recover(); cause != nil {
		crash := newCrash(cause)
		v.Log.Error("supervisor panicked, going on", "err", crash, "stack", crash.stack)
	}
}

// start spawns the others, each after those that it sends to.
func (v *supervisor) start(c actor.Context) {
	lasting := &lasting{
		outbox:    newOutbox(v.Outbox.Messages, v.Outbox.Bytes),
		presences: newPresences(v.system),
		dropped:   v.newTally("outbox", "publications"),
		tooLarge:  v.newTally("link", "messages"),
		codec:     v.Codec,
	}
	v.unkept = v.newUnkept()
	owed := lasting.restore(v.system)
	devices := make([]*route, len(v.slots))
	for i, slot := range v.slots {
		devices[i] = slot.route()
	}
	mapper := newMapper(v.mapperOptions(), v.Codec, devices)
	spawn := func(name string, box *mailbox.Mailbox, producer func() actor.Actor) {
		pid, err := c.SpawnNamed(actor.PropsFromProducer(producer, actor.WithMailbox(box.Produce)), name)
		if err != nil {
			panic(fmt.Errorf("%s: %w", name, err))
		}
		v.parts[name] = &part{pid: pid}
	}
	mapperBox := newMapperMailbox(mapper).Lend()
	spawn(connectionName, newConnectionMailbox(v.system, lasting).Lend().Follow(mapperBox),
		func() actor.Actor { return newConnection(v.system, lasting) })
	spawn(mapperName, mapperBox, func() actor.Actor { return mapper })
	for _, r := range owed {
		v.mapper.send(r) // ahead of what the broker sends
	}
	spawn(devicesName, mailbox.New(nil, nil),
		func() actor.Actor { return newParent(v.system) })
	v.up.Store(true)
	v.timer(v.StartWait, openOver{})
	v.ready()
}

func (v *supervisor) timer(after time.Duration, msg any) {
	v.timers = append(v.timers, v.supervisor.later(after, msg))
}

// settled notes that a device has opened or failed.
func (v *supervisor) settled(device string) {
	if slot := v.byName[device]; slot != nil && slot.unready {
		slot.unready = false
		v.unready--
	}
}

// ready begins the link when each device has opened or failed once.
func (v *supervisor) ready() {
	if v.unready == 0 {
		v.begin()
	}
}

func (v *supervisor) begin() {
	if v.stage != opening {
		return
	}
	v.stage = serving
	v.standing.setLink("connecting")
	down := 0
	for name, l := range v.lives {
		if slot := v.byName[name]; slot != nil && !slot.unready && l.online.IsZero() {
			down++
		}
	}
	v.Log.Info("devices ready", "online", len(v.slots)-v.unready-down, "down", down, "opening", v.unready)
	v.connection.send(messages.Begin{})
	v.Started()
}

// changed acts on the state of a device.
func (v *supervisor) changed(m messages.DeviceChanged) {
	switch m.State {
	case messages.Online:
		v.settled(m.Device)
		l := v.lives[m.Device]
		if l != nil {
			l.online = time.Now()
		}
		v.deviceOnline(m.Device, l)
		v.ready()
	case messages.Stuck:
		v.life(m.Device).fall()
		v.deviceStuck(m)
	}
}
