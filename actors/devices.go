package actors

import (
	"errors"
	"fmt"
	"runtime"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/messages"
)

// parent is the actor above the devices' actors. It is their strategy too: a panic that reaches it,
// by a bug of ours, becomes the same failure as any other, and the supervisor says when the actor begins again.
type parent struct {
	*system
	left    int                    // actors that have not terminated
	failed  map[string]*actor.PID  // suspended, or nil if it has ended, until they begin again
	again   map[string]*time.Timer // when
	closing bool
	restart func(pids ...*actor.PID) // of protoactor's; set with the first failure
	hosts   *actor.Props             // of all devices
	next    *device                  // to be spawned
}

var _ actor.SupervisorStrategy = (*parent)(nil)

// restartDue tells the parent, or the supervisor, to begin an actor again.
type restartDue struct{ who string }

func newParent(s *system) *parent {
	p := &parent{
		system: s,
		failed: make(map[string]*actor.PID),
		again:  make(map[string]*time.Timer),
	}
	find := p.deviceOf
	p.hosts = actor.PropsFromProducer(func() actor.Actor { return &host{find: find} },
		actor.WithMailbox(func() actor.Mailbox { return p.next.box }), actor.WithDispatcher(&p.workers),
		actor.WithOnInit(func(c actor.Context) { c.Actor().(*host).device = p.next }))
	return p
}

// Receive implements actor.Actor.
func (p *parent) Receive(c actor.Context) {
	defer guard(c, devicesName, p.supervisor)
	switch m := c.Message().(type) {
	case *actor.Started:
		for i, d := range p.hosted {
			p.spawn(c, d)
			takeTurns(i)
		}
	case *actor.Terminated:
		p.left--
		p.gone(m.Who)
		p.closed()
	case messages.Reopen:
		p.reopen(m)
	case restartDue:
		if pid, ok := p.failed[m.who]; ok && !p.closing {
			delete(p.failed, m.who)
			if pid == nil {
				p.spawn(c, p.byName[m.who])
			} else {
				p.restart(pid)
			}
		}
	case messages.CloseDevices:
		p.close(c)
	case *actor.Stopping:
		for _, timer := range p.again {
			timer.Stop()
		}
	}
}

// spawn begins the actor of a device. Devices share what protoactor wants for that, which is more than an actor takes
// itself: they are told apart by their mailboxes, which they keep, and their devices, which they find by their names when
// they begin again.
func (p *parent) spawn(c actor.Context, d *device) {
	p.next = d
	pid, err := c.SpawnNamed(p.hosts, d.config.Name)
	if err != nil {
		panic(fmt.Errorf("device %q: %w", d.config.Name, err)) // names are checked to be unique
	}
	d.pid = pid
	p.left++
}

// takeTurns lets devices open, or close, after every few that have been told to: else there would be a goroutine for each
// of them before the first could begin.
func takeTurns(i int) {
	if i%32 == 31 {
		runtime.Gosched()
	}
}

// HandleFailure implements actor.SupervisorStrategy for the devices' actors. The one that failed is suspended.
func (p *parent) HandleFailure(_ *actor.ActorSystem, s actor.Supervisor, pid *actor.PID, rs *actor.RestartStatistics, cause, msg any) {
	rs.Reset() // the supervisor counts
	d := p.deviceOf(pid)
	d.set(refuseOffline)
	p.restart = s.RestartChildren
	p.failed[d.config.Name] = pid
	p.supervisor.send(failureOf(d.config.Name, newCrash(cause), msg))
	if p.closing {
		s.StopChildren(pid)
	}
}

// failureOf is that of a device's actor which panicked over msg.
func failureOf(device string, c *crash, msg any) messages.Failure {
	why := &reason{doing: messages.Receiving, err: c}
	switch m := msg.(type) {
	case messages.Handle:
		why.doing, why.action = messages.Handling, m.Msg.Action()
	case *actor.Started:
		why.doing = messages.Opening
	}
	f := messages.Failure{Who: device, What: why.doing, Stack: c.stack, Final: errors.Is(c, devices.ErrConfig)}
	if late, ok := c.cause.(errOverdue); ok { // no fault of the code
		why.err, f.Stack = late, ""
	}
	f.Err = why
	return f
}

// gone makes a failure of an actor that has stopped itself.
func (p *parent) gone(pid *actor.PID) {
	if p.closing {
		return
	}
	d := p.deviceOf(pid)
	p.failed[d.config.Name] = nil
	p.supervisor.send(messages.Failure{Who: d.config.Name, What: messages.Receiving, Err: errors.New("actor stopped itself")})
}

func (p *parent) deviceOf(pid *actor.PID) *device {
	return p.byName[pid.Id[len(p.devices.pid.Id)+1:]]
}

// reopen passes the word on to a device's actor, or begins an actor that failed again when it is time.
func (p *parent) reopen(m messages.Reopen) {
	if _, ok := p.failed[m.Device]; ok {
		p.again[m.Device] = p.devices.later(m.After, restartDue{m.Device})
		return
	}
	address{p.root, p.byName[m.Device].pid}.send(m)
}

// close has each device finish what it has, and end.
func (p *parent) close(c actor.Context) {
	if p.closing {
		return
	}
	p.closing = true
	for i, d := range p.hosted {
		d.set(refuseClosing)
		switch pid, failed := p.failed[d.config.Name]; {
		case !failed:
			c.Poison(d.pid)
		case pid != nil:
			c.Stop(pid) // suspended, it would never come to the pill
		}
		takeTurns(i)
	}
	p.closed()
}

func (p *parent) closed() {
	if p.closing && p.left == 0 {
		p.supervisor.send(messages.DevicesClosed{})
	}
}
