package actors

import (
	"errors"
	"fmt"
	"strings"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/mqttgateway/mqttgateway/messages"
)

// How a hub's devices go down and come up with it:
//
//	hub fails  ─ hubLeaves →  orphaned → each device below: it refuses everything, its call is cancelled, it is closed
//	             hubEvent  →  Failure → supervisor; each is connecting again as soon as the hub is there
//	hub opens  ─ adopt     →  adopted → a device that it had: opened again, with what is left in its mailbox; or a new device
//	             hubEvent  →  those that were not adopted go, as by apply; Online → supervisor

// adopt adds a device below a hub. A device that the hub had added in a former life goes on, unless its address has changed.
func (p *parent) adopt(c actor.Context, m adopt) {
	hub, name := p.table.named(m.hub.name), m.config.Name
	if p.closing || hub == nil || hub.identity() != m.hub { // the hub is to go
		return
	}
	old := p.table.named(name)
	switch {
	case old != nil && old.hub != hub: // the configuration has taken the name meanwhile
		p.supervisor.send(messages.Report{Device: hub.config.Name, Err: fmt.Errorf("device %q cannot be added: %w", name, errTaken)})
		return
	case old != nil && sameConfiguration(old.config, &m.config):
		p.readopt(old, m)
		return
	}
	var to rerouting
	if old != nil {
		p.remove(&to, name)
	}
	d := newDevice(p.shared, &m.config, m.typ)
	d.hub = hub
	if hub.below == nil {
		hub.below = make(map[*device]struct{})
	}
	hub.below[d] = struct{}{}
	p.table.put(d)
	to.add(p, d)
	to.send(p)
	p.enter(c, d)
}

// errTaken refuses a name.
var errTaken = errors.New("there is one already")

// readopt has a device go on: its hub has been opened again, and has added it again.
func (p *parent) readopt(d *device, m adopt) {
	d.orphan = false
	if d.pid != nil {
		address{p.shared.root, d.pid}.send(adopted{m.typ})
		return
	}
	d.typ = m.typ // for its host, which begins later
	d.box.Locked(func() { d.hubDown = nil })
}

// disown removes a device: its hub has removed it.
func (p *parent) disown(m disown) {
	if d := p.table.named(m.device); d != nil && d.hub != nil && d.hub.identity() == m.hub {
		var to rerouting
		p.remove(&to, m.device)
		to.send(p)
	}
}

// hubEvent passes a hub's message to the supervisor, and takes the devices below the hub down or up.
func (p *parent) hubEvent(m hubEvent) {
	hub := p.identified(m.hub)
	if hub == nil {
		return
	}
	switch e := m.event.(type) {
	case messages.Failure:
		p.hubDown(hub, e.Err, e.Final)
	case messages.DeviceChanged:
		switch e.State {
		case messages.Online:
			p.hubUp(hub)
		case messages.Connecting:
			p.hubDown(hub, errRestarted, true)
			hub.down = "" // it is not down in the record
			p.connecting(hub)
		default:
			p.hubDown(hub, e.Err, e.State == messages.Stopped)
		}
	default:
		p.supervisor.send(m.event)
		return
	}
	p.supervisor.send(m.event)
	p.connecting(hub)
}

// connecting tells the supervisor that the devices below a hub are closed, and opened anew when their hub adds them again, but for
// those that a person has stopped.
func (p *parent) connecting(hub *device) {
	for d := range hub.below {
		if d.orphan && !d.stopped {
			p.supervisor.send(messages.DeviceChanged{Device: d.config.Name, State: messages.Connecting})
		}
	}
}

// hubLeaves takes the devices below a hub down: the hub has failed.
func (p *parent) hubLeaves(m hubLeaves) {
	if hub := p.identified(m.hub); hub != nil {
		p.hubDown(hub, m.why, false)
	}
}

// hubDown takes the devices below a hub down. Their reason is the first failure of the hub, as in the record, unless a later one is final.
func (p *parent) hubDown(hub *device, why error, final bool) {
	news := hub.down == "" || final
	if news {
		hub.down = why.Error()
	}
	reason := fmt.Errorf("%s: %s", hub.config.Name, hub.down)
	for d := range hub.below {
		if d.going || d.orphan && !news {
			continue
		}
		d.lose(reason)
		if d.orphan {
			continue
		}
		d.orphan = true
		if d.pid != nil {
			address{p.shared.root, d.pid}.send(orphaned{reason})
		}
	}
}

// hubUp removes the devices that a hub has not added again.
func (p *parent) hubUp(hub *device) {
	hub.down = ""
	var to rerouting
	for d := range hub.below {
		if d.orphan && !d.going {
			p.remove(&to, d.config.Name)
		}
	}
	to.send(p)
}

// endedBelow forgets a device that has ended. If its hub waits only for this device, the hub ends.
func (p *parent) endedBelow(d *device) {
	hub := d.hub
	if hub == nil {
		return
	}
	delete(hub.below, d)
	switch {
	case len(hub.below) > 0 || !hub.waits:
	case hub.going:
		p.end(hub)
	default: // the gateway is stopping
		hub.waits = false
		p.shared.root.Poison(hub.pid)
	}
}

// hubOf returns the name of the device that adds one of this name, HUB.NAME, unless the configuration does; "" if none can.
func hubOf(device string) string {
	return device[:max(0, strings.LastIndexByte(device, '.'))]
}

// addedBy returns the name of the hub, if there is one.
func (d *device) addedBy() string {
	if d.hub == nil {
		return ""
	}
	return d.hub.config.Name
}
