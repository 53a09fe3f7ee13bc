package supervision

import (
	"time"

	"github.com/mqttgateway/mqttgateway/actors/backoff"
	"github.com/mqttgateway/mqttgateway/messages"
)

// device is what the record knows of a device. It is small (112 bytes), since there may be 100,000 devices.
type device struct {
	name     string
	typ      string
	hub      *device // the device that has added this one; nil: the configuration has
	reason   string  // why the device itself is down; "" unless it is
	since    time.Duration
	next     time.Duration // if waits is true: when the device is begun again
	retry    backoff.Policy
	failures uint32
	restarts uint32
	place    uint32         // index among the devices that the hub has added
	state    messages.State // of the device itself, whatever the state of its hub
	// The device is offline and is begun again at next; if false, its hub must come first, or the gateway is stopping.
	waits bool
}

// clock returns the time of the event as devices keep times: since the first event.
func (r *Record) clock() time.Duration { return r.now.Sub(r.born) }

// entry returns the entry of a device.
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

// hubDown reports whether the hub of a device is down, or the hub's own hub, and returns the reason that the device
// then has: "HUB: the hub's reason".
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

// change calls how, which changes d, and notes the changed entries of d and of all devices that d has added.
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

// family appends d, the devices that d has added, and those that these have added, each behind its hub.
func (r *Record) family(to []*device, d *device) []*device {
	to = append(to, d)
	for _, child := range r.added[d] {
		to = r.family(to, child)
	}
	return to
}

// changed notes the change of d's entry, and counts d by its new state. Since begins anew if d has come up or gone
// down.
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

// set gives d another state.
func (r *Record) set(d *device, s messages.State) {
	if was, is := d.state == messages.Connecting, s == messages.Connecting; d.hub == nil && was != is {
		if is {
			r.firstOpening++
		} else {
			r.firstOpening--
		}
	}
	d.state, d.waits = s, false
}

func (r *Record) add(m messages.DeviceAdded) {
	hub := r.devices[m.AddedBy]
	if d, ok := r.devices[m.Device]; ok {
		if d.typ == m.Type && d.hub == hub {
			d.retry = retryOf(m)
			return
		}
		r.remove(m.Device)
		hub = r.devices[m.AddedBy]
	}
	d := &device{name: m.Device, typ: m.Type, hub: hub, retry: retryOf(m), state: messages.Connecting, since: r.clock()}
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

// retryOf returns the back-off of a device that is added.
func retryOf(m messages.DeviceAdded) backoff.Policy {
	if m.RetryMax == 0 {
		return restarts
	}
	return backoff.Policy{Min: m.RetryMin, Max: m.RetryMax}
}

// remove forgets a device. Devices that it has added, and that are not removed yet, have no hub from then on.
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

// leave removes d from the devices that hub has added. The last of them takes its place.
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
	case messages.Connecting: // closed, since its hub is down, or since a person wants it opened anew
		r.change(d, func() {
			r.set(d, messages.Connecting)
			d.reason = ""
			r.release(d)
		})
	case messages.Stopped:
		r.change(d, func() { r.fall(d, messages.Stopped, m.Err) })
	case messages.Online:
		if d.state == messages.Stopped { // while it opened
			return
		}
		r.change(d, func() {
			r.set(d, messages.Online)
			d.reason = ""
			r.release(d)
		})
	case messages.Stuck:
		if d.state != messages.Misconfigured && d.state != messages.Stopped {
			r.change(d, func() { r.fall(d, messages.Stuck, m.Err) })
		}
	}
}

func (r *Record) deviceFailed(m messages.Failure) {
	d, ok := r.devices[m.Who]
	switch {
	case !ok || m.What == messages.Closing: // a device that is closing was down already, or is about to be removed
		return
	case d.state == messages.Misconfigured, d.state == messages.Stopped: // it has not been begun again
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
			after := r.wait(d.retry, int(d.failures))
			if m.Listens {
				after = min(after, d.retry.Min)
			}
			r.begin(d, after)
		}
	})
}

// fall takes d down. A device that is down already keeps its reason, unless it is now misconfigured or stopped. If d was online
// for steadyAfter, its failures are counted from 0 again.
func (r *Record) fall(d *device, to messages.State, err error) {
	if d.state == messages.Online && r.clock()-d.since >= steadyAfter {
		d.failures = 0
	}
	if !down(d.state) || to == messages.Misconfigured || to == messages.Stopped {
		d.reason = err.Error()
	}
	r.set(d, to)
}

// begin orders that an offline device is begun again, unless the gateway is stopping.
func (r *Record) begin(d *device, after time.Duration) {
	if r.stopping {
		return
	}
	d.restarts++
	d.waits, d.next = true, r.clock()+after
	r.orders = append(r.orders, Order{Device, d.name, after})
}

// release orders that d is begun again if d failed while its hub was down, and the hub is up again. It does the same
// for the devices that d has added.
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
