package metrics

import (
	"context"

	"github.com/mqttgateway/mqttgateway/actors"
	"github.com/mqttgateway/mqttgateway/actors/supervision"
	"github.com/mqttgateway/mqttgateway/internal/rest"
	"github.com/mqttgateway/mqttgateway/messages"
)

// mostAdded is how many of the devices that one hub has added have metrics of their own.
const mostAdded = 250

// picture is how everything is while one request is answered.
type picture struct {
	link    supervision.Entry
	parts   []supervision.Entry
	devices []device
	states  [messages.Stopped + 1]int // how many devices are in each
	summed  int                       // devices that have no metrics of their own
}

// device is one device, or the sum of those that a hub has added beyond the first.
type device struct {
	label string // its name, or HUB.* for a sum
	sum   bool
	entry *supervision.Entry
	of    actors.Figures
}

// take takes a picture of a gateway: first of the record, then of the devices.
func take(ctx context.Context, g *actors.Gateway, mostAdded int, pause *rest.Rest) *picture {
	p := new(picture)
	var entries map[string]*supervision.Entry
	for u := range g.Watch(ctx) { // once: the whole record
		entries = make(map[string]*supervision.Entry, len(u.Entries))
		for i := range u.Entries {
			switch e := &u.Entries[i]; e.Kind {
			case supervision.Link:
				p.link = *e
			case supervision.Part:
				p.parts = append(p.parts, *e)
			case supervision.Device:
				entries[e.Name] = e
				p.states[e.State]++
			}
		}
		break
	}
	p.devices = make([]device, 0, len(entries))
	added := make(map[string]int) // by hub: how many of its devices have been seen
	sums := make(map[string]int)  // by hub: where its sum is
	for f := range g.Figures() {
		pause.Due()
		e := entries[f.Name]
		if e == nil {
			continue // it has come since
		}
		if e.AddedBy == "" {
			p.devices = append(p.devices, device{label: f.Name, entry: e, of: f})
			continue
		}
		if added[e.AddedBy]++; added[e.AddedBy] <= mostAdded {
			p.devices = append(p.devices, device{label: f.Name, entry: e, of: f})
			continue
		}
		p.summed++
		at, ok := sums[e.AddedBy]
		if !ok {
			at = len(p.devices)
			sums[e.AddedBy] = at
			p.devices = append(p.devices, device{label: e.AddedBy + ".*", sum: true, entry: new(supervision.Entry)})
		}
		p.devices[at].add(e, f)
	}
	return p
}

// add adds another device to a sum.
func (d *device) add(e *supervision.Entry, f actors.Figures) {
	d.entry.Restarts += e.Restarts
	d.of.Waiting += f.Waiting
	d.of.Handled += f.Handled
	d.of.Refused += f.Refused
	d.of.Failed += f.Failed
	d.of.Early += f.Early
	d.of.Emitted += f.Emitted
	d.of.Spent += f.Spent
}

func (d *device) online() bool { return d.entry.State == messages.Online }

// devices writes what the record knows, and what devices have counted and read.
func (x *exposition) devices(p *picture) {
	x.link(p.link)
	x.parts(p.parts)
	x.gauges("devices", "How many devices are in each state.")
	for s, n := range p.states {
		x.add(float64(n), "state", messages.State(s).String())
	}
	x.gauges("devices_summed", "Devices beyond the bound for what one hub adds: their metrics are summed, with HUB.* for a device.")
	x.add(float64(p.summed))
	x.own(p)
	x.counted(p)
	x.entities(p)
}

// own writes what a sum of devices does not have.
func (x *exposition) own(p *picture) {
	each := func(value func(d *device) float64) {
		for i := range p.devices {
			if d := &p.devices[i]; !d.sum {
				x.add(value(d), "device", d.label)
			}
		}
	}
	x.gauges("device_info", "The type of a device, and the hub that has added it.")
	for i := range p.devices {
		if d := &p.devices[i]; !d.sum {
			x.add(1, "device", d.label, "hub", d.entry.AddedBy, "type", d.of.Type)
		}
	}
	x.gauges("device_up", "Whether a device is online: 1, otherwise 0.")
	each(func(d *device) float64 { return truth(d.online()) })
	x.gauges("device_since_timestamp_seconds", "When a device came online, went down or was first opened.")
	each(func(d *device) float64 { return timestamp(d.entry.Since) })
	x.gauges("device_call_seconds", "How long the call of a device's code takes that is under way; 0: there is none.")
	each(func(d *device) float64 { return max(d.of.Took, 0).Seconds() })
}

// counted writes what devices count.
func (x *exposition) counted(p *picture) {
	each := func(value func(d *device) float64) {
		for i := range p.devices {
			x.add(value(&p.devices[i]), "device", p.devices[i].label)
		}
	}
	x.counters("device_restarts", "How often a device was opened again after it had failed.")
	each(func(d *device) float64 { return float64(d.entry.Restarts) })
	x.gauges("device_queue_messages", "Messages that wait in the mailbox of a device.")
	each(func(d *device) float64 { return float64(d.of.Waiting) })
	x.counters("device_messages", "Messages that a device has got, by how it has answered.")
	for i := range p.devices {
		d := &p.devices[i]
		x.add(float64(d.of.Failed), "device", d.label, "outcome", "failed")
		x.add(float64(d.of.Handled), "device", d.label, "outcome", "handled")
		x.add(float64(d.of.Refused), "device", d.label, "outcome", "refused")
	}
	x.counters("device_emitted_messages", "Messages of a device.")
	each(func(d *device) float64 { return float64(d.of.Emitted) })
	x.counters("device_handling_seconds", "How long a device's code has taken for messages, in all.")
	each(func(d *device) float64 { return d.of.Spent.Seconds() })
}
