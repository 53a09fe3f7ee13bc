package supervision

import (
	"time"

	"github.com/mqttgateway/mqttgateway/messages"
)

// device is what the record knows of a device. There may be 100,000 of them, so that it is small: 96 bytes.
type device struct {
	name     string
	typ      string
	hub      *device // that has added it; nil: the configuration has
	reason   string  // of its own; "" unless down
	since    time.Duration
	next     time.Duration // if waits
	failures uint32
	restarts uint32
	place    uint32         // among those that the hub has added
	state    messages.State // its own, whatever the hub's
	waits    bool           // it is offline, and begun again at next; else its hub comes first, or the gateway stops
}

// clock returns the time of the event as devices keep times.
func (r *Record) clock() time.Duration { return r.now.Sub(r.born) }

// entry returns what is to be told of a device.
func (r *Record) entry(d *device) Entry {
	e := Entry{
		Kind: Device, Name: d.name, State: d.state, Since: r.born.Add(d.since), Reason: d.reason,
		Failures: int(d.failures), Restarts: int(d.restarts), Type: d.typ,
	}
	if d.waits {
		e.Next = r.born.Add(d.next)
	}
	if d.hub != nil {
		e.AddedBy = d.hub.name
	}
	if reason, down := d.hubDown(); down {
		e.State, e.Reason, e.Next = messages.Offline, reason, time.Time{}
	}
	if r.ended {
		return closed(e, r.now)
	}
	return e
}

// hubDown reports whether the hub of a device is down, or that one's hub, and returns the reason that it gives to what it has
// added: "HUB: its own".
func (d *device) hubDown() (reason string, is bool) {
	hub := d.hub
	if hub == nil {
		return "", false
	}
	if reason, is := hub.hubDown(); is {
		return reason, true
	}
	if !down(hub.state) {
		return "", false
	}
	return hub.name + ": " + hub.reason, true
}

// change has a device changed, notes what has become of it and of all that it has added, and counts anew.
func (r *Record) change(d *device, how func()) {
	affected := r.family(nil, d)
	before := make([]Entry, len(affected))
	for i, d := range affected {
		before[i] = r.entry(d)
	}
	how()
	for i, d := range affected {
		r.changed(d, before[i])
	}
}

// family appends a device and all that it has added, and those have, each behind its hub.
func (r *Record) family(to []*device, d *device) []*device {
	to = append(to, d)
	for _, child := range r.added[d] {
		to = r.family(to, child)
	}
	return to
}

// changed notes what has become of a device. Its time begins anew if it has come up or gone down.
func (r *Record) changed(d *device, before Entry) {
	now := r.entry(d)
	if now.State != before.State && (!down(now.State) || !down(before.State)) {
		d.since = r.clock()
		now.Since = r.now
	}
	r.counts[before.State]--
	r.counts[now.State]++
	r.note(before, now)
}

// set gives a device another state of its own.
func (r *Record) set(d *device, s messages.State) {
	if d.hub == nil && d.state == messages.Connecting && s != messages.Connecting {
		r.firstOpening--
	}
	d.state, d.waits = s, false
}

func (r *Record) add(m messages.DeviceAdded) {
	hub := r.devices[m.AddedBy]
	if d, ok := r.devices[m.Device]; ok {
		if d.typ == m.Type && d.hub == hub {
			return
		}
		r.remove(m.Device)
		hub = r.devices[m.AddedBy]
	}
	d := &device{name: m.Device, typ: m.Type, hub: hub, state: messages.Connecting, since: r.clock()}
	r.devices[d.name] = d
	if hub == nil {
		r.firstOpening++
	} else {
		d.place = uint32(len(r.added[hub]))
		r.added[hub] = append(r.added[hub], d)
	}
	now := r.entry(d)
	r.counts[now.State]++
	r.note(Entry{}, now)
}

// remove forgets a device. What it has added and is not removed yet stands for itself from then on.
func (r *Record) remove(name string) {
	d, ok := r.devices[name]
	if !ok {
		return
	}
	before := r.entry(d)
	r.counts[before.State]--
	r.note(before, Entry{})
	for _, child := range r.added[d] {
		r.change(child, func() {
			child.hub = nil
			if child.state == messages.Connecting {
				r.firstOpening++
			}
			r.release(child)
		})
	}
	r.set(d, messages.Closed)
	delete(r.added, d)
	delete(r.devices, name)
	if d.hub != nil {
		r.leave(d.hub, d)
	}
}

// leave takes a device out of those that its hub has added. The last takes its place.
func (r *Record) leave(hub, d *device) {
	children := r.added[hub]
	last := children[len(children)-1]
	children[d.place], last.place = last, d.place
	children[len(children)-1] = nil
	if r.added[hub] = children[:len(children)-1]; len(children) == 1 {
		delete(r.added, hub)
	}
}

func (r *Record) deviceChanged(m messages.DeviceChanged) {
	d, ok := r.devices[m.Device]
	if !ok {
		return
	}
	switch m.State {
	case messages.Online:
		r.change(d, func() {
			r.set(d, messages.Online)
			d.reason = ""
			r.release(d)
		})
	case messages.Stuck:
		if d.state != messages.Misconfigured {
			r.change(d, func() { r.fall(d, messages.Stuck, m.Err) })
		}
	}
}

func (r *Record) deviceFailed(m messages.Failure) {
	d, ok := r.devices[m.Who]
	switch {
	case !ok || m.What == messages.Closing: // of an actor on its way to its end, or to begin again
		return
	case d.state == messages.Misconfigured: // it has not been begun again
		return
	}
	r.change(d, func() {
		if m.Final {
			r.fall(d, messages.Misconfigured, m.Err)
			d.failures++
			return
		}
		r.fall(d, messages.Offline, m.Err)
		d.failures++
		if _, down := d.hubDown(); !down {
			r.begin(d, r.wait(int(d.failures)))
		}
	})
}

// fall takes a device down. The reason for which it went down stands; a life that was long ends the row of failures.
func (r *Record) fall(d *device, to messages.State, err error) {
	if d.state == messages.Online && r.clock()-d.since >= steadyAfter {
		d.failures = 0
	}
	if !down(d.state) || to == messages.Misconfigured {
		d.reason = err.Error()
	}
	r.set(d, to)
}

// begin orders that a device that is offline is begun again, unless the gateway is stopping.
func (r *Record) begin(d *device, after time.Duration) {
	if r.stopping {
		return
	}
	d.restarts++
	d.waits, d.next = true, r.clock()+after
	r.orders = append(r.orders, Order{Device, d.name, after})
}

// release begins a device again that has failed while a hub was down which is not any more, and likewise what it has added.
func (r *Record) release(d *device) {
	if _, down := d.hubDown(); down {
		return
	}
	if d.state == messages.Offline && !d.waits {
		r.begin(d, 0)
	}
	for _, child := range r.added[d] {
		r.release(child)
	}
}
