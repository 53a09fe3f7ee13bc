package actors

import (
	"reflect"
	"slices"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/mqttgateway/mqttgateway/config"
	"github.com/mqttgateway/mqttgateway/messages"
)

// How devices come and go:
//
//	apply ─┬─ added:   DeviceAdded → supervisor, a host begins, route → mapper
//	       ├─ removed: route out → mapper → unrouted → poison pill, so that the device handles what it has and closes →
//	       │           host ended → drained → mapper → drained → DeviceRemoved → supervisor
//	       └─ changed: the route of the new device takes the place of the old one's at once. What comes for the new device
//	                   waits in its mailbox until the old one is removed; then the new one is added.
//
// Devices of one name that follow each other stand in a line: the first has a host, or its host has just ended; the others
// wait. There is a line for a name only while a device of that name goes.

// routesAtOnce is the most devices that one message to the mapper adds or removes: messages that arrive meanwhile hardly wait.
const routesAtOnce = 100

// giveUpAfter is how long a device that is to go may be in a call beyond the call's deadline.
const giveUpAfter = 10 * time.Second

// compare answers the difference between the present devices and the wanted ones.
func (p *parent) compare(m compare) answered {
	if p.closing {
		return answered{err: errClosing}
	}
	return answered{changes: changesTo(p.table.configured(), m.wanted)}
}

// apply makes the wanted devices the present ones.
func (p *parent) apply(c actor.Context, a apply) answered {
	if p.closing {
		return answered{err: errClosing}
	}
	p.carryOut(c, a)
	return answered{changes: a.changes}
}

// carryOut changes the devices.
func (p *parent) carryOut(c actor.Context, a apply) {
	wanted := make(map[string]*config.Device, len(a.wanted))
	for i := range a.wanted {
		wanted[a.wanted[i].Name] = &a.wanted[i]
	}
	added := func(name string) *device {
		w := *wanted[name] // a copy: the other configurations may be dropped earlier
		d := newDevice(p.shared, &w, a.types[w.Type])
		p.table.put(d)
		return d
	}
	var to rerouting
	for _, name := range a.changes.Removed {
		p.remove(&to, name)
	}
	for _, name := range a.changes.Changed {
		p.remove(&to, name)
		d := added(name)
		p.lines[name] = append(p.lines[name], d)
		to.add(p, d)
	}
	var come []*device
	for _, name := range a.changes.Added {
		if p.table.named(name) != nil { // another device has added it: the configuration comes first
			p.remove(&to, name)
		}
		d := added(name)
		to.add(p, d)
		come = append(come, d)
	}
	to.send(p)
	for _, d := range come {
		p.enter(c, d)
	}
}

// enter begins a device. The mapper must have been sent its route before, since the mapper takes messages only of devices that it knows.
// While a device of the same name has not ended yet, the new one waits in line.
func (p *parent) enter(c actor.Context, d *device) {
	if line := p.lines[d.config.Name]; len(line) > 0 {
		p.lines[d.config.Name] = append(line, d)
	} else {
		p.announce(c, d)
	}
}

// remove removes a device, and before it the devices that it has added.
func (p *parent) remove(to *rerouting, name string) {
	for d := range p.table.named(name).below {
		if !d.going {
			p.remove(to, d.config.Name)
		}
	}
	to.remove(p, p.dismiss(name))
}

// rerouting collects the routes that the mapper is to add and to remove.
type rerouting struct {
	routes
	leaving []*device
}

func (r *rerouting) add(p *parent, d *device) {
	r.routes.add = append(r.routes.add, d.route())
	r.full(p)
}

// remove removes the route of a device. If the next route that is added has the same name, both go into one message.
func (r *rerouting) remove(p *parent, d *device) {
	r.full(p)
	r.routes.remove = append(r.routes.remove, d.config.Name)
	r.leaving = append(r.leaving, d)
}

// full sends the collected routes if they are enough for one message.
func (r *rerouting) full(p *parent) {
	if len(r.routes.add) >= routesAtOnce || len(r.routes.remove) >= routesAtOnce {
		r.send(p)
	}
}

func (r *rerouting) send(p *parent) {
	if len(r.routes.add)+len(r.routes.remove) == 0 {
		return
	}
	if len(r.leaving) > 0 {
		p.leaving = append(p.leaving, r.leaving)
	}
	p.mapper.send(r.routes)
	*r = rerouting{}
}

// dismiss takes the name from a device, which is to go.
func (p *parent) dismiss(name string) *device {
	d := p.table.leave(name)
	d.box.Locked(func() { d.going = true })
	if len(p.lines[name]) == 0 {
		p.lines[name] = []*device{d}
	}
	if f := p.fallen[name]; f != nil {
		if f.again != nil {
			f.again.Stop()
		}
		delete(p.fallen, name)
	}
	return d
}

// announce tells the supervisor of a device and begins its host.
func (p *parent) announce(c actor.Context, d *device) {
	p.supervisor.send(deviceAdded(d.config, d.addedBy()))
	p.spawn(c, d)
}

// deviceAdded returns what the record needs to know of a new device.
func deviceAdded(c *config.Device, addedBy string) messages.DeviceAdded {
	return messages.DeviceAdded{
		Device: c.Name, Type: c.Type, AddedBy: addedBy, Address: addressOf(c), RetryMin: c.Retry.Min, RetryMax: c.Retry.Max,
	}
}

// unrouted ends the devices to which the mapper sends nothing any more, except those that still wait in a line.
func (p *parent) unrouted() {
	batch := p.leaving[0]
	p.leaving = p.leaving[1:]
	for i, d := range batch {
		d.unrouted = true
		if p.lines[d.config.Name][0] == d {
			p.end(d)
		}
		takeTurns(i)
	}
}

// end has the first device of a line finish its messages and end. A device that has added others ends after them.
func (p *parent) end(d *device) {
	name := d.config.Name
	if d.waits = len(d.below) > 0; d.waits {
		return
	}
	if d.pid == nil { // its host has ended already
		p.mapper.send(messages.Drained{Device: name})
		return
	}
	d.hurry()
	p.shared.root.Poison(d.pid)
	p.lookAfter(name, d.patience())
}

// lookAfter checks, after some time, whether a device that is to go must be given up.
func (p *parent) lookAfter(name string, after time.Duration) {
	p.watches[name] = p.self.later(after, giveUpDue{name})
}

// giveUp gives up the first device of a line if it has been in a call for too long. Its host goes on if the call ever returns, but the
// host tells nobody.
func (p *parent) giveUp(c actor.Context, name string) {
	line := p.lines[name]
	if len(line) == 0 || line[0].pid == nil || !line[0].unrouted {
		return
	}
	d := line[0]
	if left := d.patience(); left > 0 {
		p.lookAfter(name, left)
		return
	}
	p.log.Warn("device that was to go given up, for its call does not return", "device", name, "err", d.abandon())
	d.pid = nil
	p.left--
	p.mapper.send(messages.Drained{Device: name})
}

// removed tells the supervisor of the first device of a line that it is no more, and goes on with the next.
func (p *parent) removed(c actor.Context, name string) {
	p.supervisor.send(messages.DeviceRemoved{Device: name})
	p.leaveLine(name)
	p.follow(c, name)
	p.closed()
}

// leaveLine takes the first device out of its line.
func (p *parent) leaveLine(name string) {
	d := p.lines[name][0]
	p.table.ended(d)
	p.lines[name] = p.lines[name][1:]
	defer p.endedBelow(d)
	if t := p.watches[name]; t != nil {
		t.Stop()
		delete(p.watches, name)
	}
}

// follow begins the next device of a line. A device that is to go itself by now, or comes while the gateway is stopping,
// begins only if messages wait for it.
func (p *parent) follow(c actor.Context, name string) {
	for len(p.lines[name]) > 0 && p.lines[name][0].unrouted && p.lines[name][0].idle() {
		p.leaveLine(name)
	}
	if len(p.lines[name]) == 0 {
		delete(p.lines, name)
		return
	}
	d := p.lines[name][0]
	if !d.going { // then it is the last
		delete(p.lines, name)
	}
	switch {
	case d.unrouted:
		p.announce(c, d)
		p.end(d)
	case !p.closing || d.going:
		p.announce(c, d)
	case !d.idle():
		p.announce(c, d)
		c.Poison(d.pid)
	}
}

// isGoing reports whether the device is not wanted any more.
func (d *device) isGoing() (going bool) {
	d.box.Locked(func() { going = d.going })
	return going
}

// isClosing reports whether the device finishes what it has, since the gateway stops.
func (d *device) isClosing() (closing bool) {
	d.box.Locked(func() { closing = d.admits == refuseClosing })
	return closing
}

// idle reports whether nothing waits in the mailbox.
func (d *device) idle() bool { return d.box.UserMessageCount() == 0 }

// hurry cancels the opening of a device that is to end, if no message waits for it.
func (d *device) hurry() {
	d.box.Locked(func() {
		if c := d.busy; c != nil && c.doing == messages.Opening && c.cancel != nil && d.waiting == 0 {
			c.cancel()
		}
	})
}

// patience returns for how much longer a device that is to go may be busy before it is given up.
func (d *device) patience() (left time.Duration) {
	d.box.Locked(func() {
		left = giveUpAfter
		if c := d.busy; c != nil {
			left += c.limit - time.Since(c.began)
		}
	})
	return left
}

// abandon gives the device up, and returns in which call it is. What waits in the mailbox is refused, and nothing that the
// device says or emits goes anywhere any more.
func (d *device) abandon() error {
	var why *reason
	d.box.Locked(func() {
		d.abandoned.Store(true)
		d.admits = refuseStuck
		why = &reason{doing: messages.Closing, err: errStuck}
		if c := d.busy; c != nil {
			why = c.reason(errOverdue{time.Since(c.began)})
		}
	})
	d.box.Shed(isHandle, errStuck)
	d.stopTallies()
	d.endEntities()
	return why
}

// Changes is the difference between the devices of a gateway and those that are wanted: names, sorted, each in one list.
type Changes struct {
	Added   []string
	Removed []string
	Changed []string // there is a device of the name, with another configuration
	Kept    []string
}

// None reports whether the wanted devices are those that are there.
func (c Changes) None() bool { return len(c.Added)+len(c.Removed)+len(c.Changed) == 0 }

// changesTo returns what is to be done to a set of devices, given by their names, so that the wanted set is there.
func changesTo(present map[string]*config.Device, wanted []config.Device) (c Changes) {
	stays := make(map[string]bool, len(wanted))
	for i := range wanted {
		w := &wanted[i]
		stays[w.Name] = true
		switch is, ok := present[w.Name]; {
		case !ok:
			c.Added = append(c.Added, w.Name)
		case sameConfiguration(is, w):
			c.Kept = append(c.Kept, w.Name)
		default:
			c.Changed = append(c.Changed, w.Name)
		}
	}
	for name := range present {
		if !stays[name] {
			c.Removed = append(c.Removed, name)
		}
	}
	for _, names := range [][]string{c.Added, c.Removed, c.Changed, c.Kept} {
		slices.Sort(names)
	}
	return c
}

// sameConfiguration reports whether two configurations mean the same device. An empty list or no parameters mean the same as
// lists and parameters that were left out.
func sameConfiguration(a, b *config.Device) bool {
	return a.Name == b.Name && a.Type == b.Type && a.Reply == b.Reply && a.ReplyArguments == b.ReplyArguments && a.Retain == b.Retain &&
		a.Timeout == b.Timeout && a.OpenTimeout == b.OpenTimeout && a.Mailbox == b.Mailbox &&
		a.Address == b.Address && a.Retry == b.Retry &&
		slices.Equal(a.AnswersTo.Function, b.AnswersTo.Function) && slices.Equal(a.AnswersTo.Gateway, b.AnswersTo.Gateway) &&
		slices.Equal(a.AnswersTo.Location, b.AnswersTo.Location) && slices.Equal(a.AnswersTo.Device, b.AnswersTo.Device) &&
		(len(a.Params) == 0 && len(b.Params) == 0 || reflect.DeepEqual(a.Params, b.Params))
}
