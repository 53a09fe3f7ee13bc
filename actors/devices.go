package actors

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/mqttgateway/mqttgateway/actors/mailbox"
	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/messages"
)

// parent is the actor above the hosts of the devices. The parent adds the devices that are wanted, and ends those that are not wanted any
// more. It is also the hosts' strategy: a panic that reaches the parent is a bug of this package. The parent reports the panic as a
// failure like any other, and the supervisor says when a new host begins in the device.
type parent struct {
	parentOptions
	left    int // hosts that have not ended
	hosts   int // that have begun after the start
	closing bool
	fallen  map[string]*fallen     // by name, the devices whose host has ended by a bug, until a new one begins
	lines   map[string][]*device   // by name, the devices that follow each other; see devices_apply.go
	watches map[string]*time.Timer // by name, of devices that go
	leaving [][]*device            // for each routes with removals, the devices, until the mapper has answered by unrouted

	props *actor.Props // of all hosts
	next  *device      // the device whose host is to be spawned
}

// parentOptions is what the parent is given.
type parentOptions struct {
	self, supervisor, mapper address

	first   []*device // the devices at the start; the table has them
	table   *deviceTable
	shared  *shared
	workers *mailbox.Workers
	log     *slog.Logger

	cancelLife context.CancelFunc // ends the context of all calls of devices' code
}

// fallen is a device whose host has panicked, and has ended or is about to end.
type fallen struct {
	again *time.Timer // until hostDue; nil until the supervisor has said when
	due   bool        // hostDue has come, and the host has not ended yet
}

var _ actor.SupervisorStrategy = (*parent)(nil)

// What the parent says to itself.
type (
	hostDue   struct{ device string } // a new host begins
	giveUpDue struct{ device string } // a device that is to go has had time to return from its call
)

func newParent(needs parentOptions) *parent {
	p := &parent{parentOptions: needs, fallen: make(map[string]*fallen), lines: make(map[string][]*device), watches: make(map[string]*time.Timer)}
	p.props = actor.PropsFromProducer(func() actor.Actor { return new(host) },
		actor.WithMailbox(func() actor.Mailbox { return p.next.box }), actor.WithDispatcher(p.workers),
		actor.WithOnInit(func(c actor.Context) { c.Actor().(*host).device = p.next }))
	return p
}

// Receive implements actor.Actor.
func (p *parent) Receive(c actor.Context) {
	defer guard(c, devicesName, p.supervisor)
	switch m := c.Message().(type) {
	case *actor.Started:
		for i, d := range p.first {
			p.spawn(c, d)
			takeTurns(i)
		}
		p.first = nil
	case compare:
		m.answer <- p.compare(m)
	case apply:
		m.answer <- p.apply(c, m)
	case adopt:
		p.adopt(c, m)
	case disown:
		p.disown(m)
	case hubLeaves:
		p.hubLeaves(m)
	case hubEvent:
		p.hubEvent(m)
	case messages.StopDevice:
		p.stop(m.Device)
	case messages.StartDevice:
		p.start(c, m.Device)
	case messages.RestartDevice:
		p.restart(c, m.Device)
	case messages.Unrouted:
		p.unrouted()
	case messages.Drained:
		p.removed(c, m.Device)
	case giveUpDue:
		p.giveUp(c, m.device)
	case *actor.Terminated:
		p.terminated(c, m.Who)
	case messages.Reopen:
		p.reopen(m)
	case hostDue:
		p.begin(c, m.device)
	case messages.CloseDevices:
		p.close(c)
	case messages.EndDevices:
		p.endLife()
	case *actor.Stopping:
		for _, f := range p.fallen {
			if f.again != nil {
				f.again.Stop()
			}
		}
		for _, t := range p.watches {
			t.Stop()
		}
	}
}

// spawn begins a host in a device. Hosts share their Props, which take more memory than a host does: spawn passes the device
// to the functions in them by p.next. No two hosts ever have the same PID: one that was given up may still end, and of one that
// has ended the parent may yet have to hear.
func (p *parent) spawn(c actor.Context, d *device) {
	p.next = d
	id := d.config.Name
	if p.first == nil {
		p.hosts++
		id += "#" + strconv.Itoa(p.hosts)
	}
	pid, err := c.SpawnNamed(p.props, id)
	if err != nil {
		panic(fmt.Errorf("device %q: %w", d.config.Name, err))
	}
	d.pid = pid
	p.left++
}

// takeTurns yields the processor after every few devices that the parent has told to open or to close. Otherwise each device would have
// a goroutine before the first one could begin.
func takeTurns(i int) {
	if i%32 == 31 {
		runtime.Gosched()
	}
}

// HandleFailure implements actor.SupervisorStrategy for the hosts. A host that has panicked ends; its device stays.
func (p *parent) HandleFailure(_ *actor.ActorSystem, s actor.Supervisor, pid *actor.PID, rs *actor.RestartStatistics, cause, msg any) {
	rs.Reset() // the supervisor counts failures, not the statistics
	s.StopChildren(pid)
	d := p.hostedBy(pid)
	if d == nil {
		return // the device has been given up
	}
	recorded := d.recordedText() // before what waits is refused
	d.set(refuseOffline)
	if name := d.config.Name; !d.going {
		p.fallen[name] = new(fallen)
		failure := failureOf(name, newCrash(cause), msg)
		failure.Recorded = recorded
		d.recordNews(failure)
		p.supervisor.send(failure)
	}
}

// failureOf returns the failure of a host that has panicked over msg.
func failureOf(device string, c *crash, msg any) messages.Failure {
	why := &reason{doing: messages.Receiving, err: c}
	switch m := msg.(type) {
	case messages.Handle:
		why.doing, why.action = messages.Handling, m.Msg.Action()
	case *actor.Started:
		why.doing = messages.Opening
	}
	return messages.Failure{Who: device, What: why.doing, Err: why, Stack: c.stack, Final: errors.Is(c, devices.ErrConfig)}
}

// hostedBy returns the device of a host; nil if the device has been given up.
func (p *parent) hostedBy(pid *actor.PID) *device {
	name := deviceName(pid)
	d := p.table.named(name)
	if line := p.lines[name]; len(line) > 0 {
		d = line[0]
	}
	if d == nil || !pid.Equal(d.pid) {
		return nil
	}
	return d
}

// identified returns the device of an identity; nil if the device is no more.
func (p *parent) identified(id identity) *device {
	if d := p.table.named(id.name); d != nil && d.generation == id.generation {
		return d
	}
	for _, d := range p.lines[id.name] {
		if d.generation == id.generation {
			return d
		}
	}
	return nil
}

// terminated acts on the end of a host. A host ends by a poison pill, or because it has panicked, which HandleFailure has told.
func (p *parent) terminated(c actor.Context, pid *actor.PID) {
	d := p.hostedBy(pid)
	if d == nil {
		return
	}
	p.left--
	d.pid = nil
	if p.closing && !d.going {
		p.endedBelow(d)
	}
	if d.going && d.unrouted {
		p.mapper.send(messages.Drained{Device: d.config.Name})
	}
	if f := p.fallen[d.config.Name]; f != nil && f.due {
		p.begin(c, d.config.Name)
	}
	p.closed()
}

// deviceName returns the name of the device that a host has, or had.
func deviceName(pid *actor.PID) string {
	name, _, _ := strings.Cut(pid.Id[strings.LastIndexByte(pid.Id, '/')+1:], "#")
	return name
}

// reopen has a host open its device again, after a time. If the host has ended, reopen has a new host begin then.
func (p *parent) reopen(m messages.Reopen) {
	d := p.table.named(m.Device)
	if f := p.fallen[m.Device]; f != nil {
		f.again = p.self.later(m.After, hostDue{m.Device})
	} else if d != nil && d.pid != nil { // else the device that failed is no more
		address{p.shared.root, d.pid}.send(m)
	}
}

// begin begins a new host in a device whose host has panicked, at once or when that host has ended.
func (p *parent) begin(c actor.Context, name string) {
	f, d := p.fallen[name], p.table.named(name)
	switch {
	case f == nil || p.closing:
	case d.pid != nil:
		f.due = true
	default:
		delete(p.fallen, name)
		p.spawn(c, d)
	}
}

// close has each device finish the messages of its mailbox, and end. One that is being opened, with no message that waits for it, has nothing
// to finish.
func (p *parent) close(c actor.Context) {
	if p.closing {
		return
	}
	p.closing = true
	for i, d := range p.table.all() {
		d.set(refuseClosing)
		d.hurry()
		switch {
		case d.going || d.pid == nil || p.fallen[d.config.Name] != nil:
		case len(d.below) > 0:
			d.waits = true
		default:
			c.Poison(d.pid)
		}
		takeTurns(i)
	}
	p.closed()
}

// endLife cancels the calls of devices that have not closed in time.
func (p *parent) endLife() {
	if p.left > 0 {
		p.log.Warn("devices did not close in time", "devices", p.table.lingering())
	}
	p.cancelLife()
}

// closed tells the supervisor when all devices have ended.
func (p *parent) closed() {
	if p.closing && p.left == 0 && len(p.lines) == 0 {
		p.supervisor.send(messages.DevicesClosed{})
	}
}
