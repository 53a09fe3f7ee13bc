package metrics

import (
	"slices"
	"time"

	"github.com/mqttgateway/mqttgateway/actors"
	"github.com/mqttgateway/mqttgateway/actors/supervision"
	"github.com/mqttgateway/mqttgateway/internal/rest"
	"github.com/mqttgateway/mqttgateway/messages"
)

// mostAdded is how many of the devices that one hub has added have metrics of their own.
const mostAdded = 250

// picture is how everything is while one request is answered. It keeps of each device what is written, and no more: a request would else
// leave much garbage behind, and collecting that holds up messages.
type picture struct {
	link     supervision.Entry
	parts    []supervision.Entry
	devices  []device
	readings map[family][]reading
	numbers  map[number]numbers
	states   [messages.Stopped + 1]int // how many devices are in each
	summed   int                       // devices that have no metrics of their own
}

// device is one device, or the sum of those that a hub has added beyond the first.
type device struct {
	label    string // its name, or HUB.* for a sum
	hub, typ string
	location string // of its entities that have none of their own
	sum, up  bool
	since    time.Time
	call     time.Duration // that is under way
	counted
}

// counted are what is summed.
type counted struct {
	restarts, waiting                 int
	handled, refused, failed, emitted uint64
	spent                             time.Duration
}

func newPicture() any {
	return &picture{readings: make(map[family][]reading), numbers: make(map[number]numbers)}
}

// empty makes a picture one of nothing, which has the memory of what it was.
func (p *picture) empty() {
	clear(p.devices)
	for f, all := range p.readings {
		clear(all)
		p.readings[f] = all[:0]
	}
	*p = picture{devices: p.devices[:0], readings: p.readings, numbers: p.numbers}
}

// take takes the picture of a gateway.
func (p *picture) take(g *actors.Gateway, mostAdded int, pause *rest.Rest) {
	now := g.State()
	p.devices = slices.Grow(p.devices, now.Online+now.Opening+now.Down)
	p.link, p.parts = g.Own()
	added := make(map[string]int) // by hub: how many of its devices have been seen
	sums := make(map[string]int)  // by hub: where its sum is
	for f := range g.Figures() {
		pause.Due()
		e := &f.Entry
		p.states[e.State]++
		of := counted{e.Restarts, f.Waiting, f.Handled, f.Refused, f.Failed, f.Emitted, f.Spent}
		if e.AddedBy != "" {
			added[e.AddedBy]++
		}
		if e.AddedBy == "" || added[e.AddedBy] <= mostAdded {
			up := e.State == messages.Online
			p.devices = append(p.devices, device{f.Name, e.AddedBy, f.Type, f.Description.Address.Location, false, up, e.Since, f.Took, of})
			if up {
				p.read(f)
			}
			continue
		}
		p.summed++
		at, ok := sums[e.AddedBy]
		if !ok {
			at = len(p.devices)
			sums[e.AddedBy] = at
			p.devices = append(p.devices, device{label: e.AddedBy + ".*", sum: true})
		}
		p.devices[at].add(of)
	}
}

// add adds what another device has counted.
func (c *counted) add(other counted) {
	c.restarts += other.restarts
	c.waiting += other.waiting
	c.handled += other.handled
	c.refused += other.refused
	c.failed += other.failed
	c.emitted += other.emitted
	c.spent += other.spent
}

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
	x.counts(p)
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
			x.add(1, "device", d.label, "hub", d.hub, "type", d.typ)
		}
	}
	x.gauges("device_up", "Whether a device is online: 1, otherwise 0.")
	each(func(d *device) float64 { return truth(d.up) })
	x.gauges("device_since_timestamp_seconds", "When a device came online, went down or was first opened.")
	each(func(d *device) float64 { return timestamp(d.since) })
	x.gauges("device_call_seconds", "How long the call of a device's code takes that is under way; 0: there is none.")
	each(func(d *device) float64 { return max(d.call, 0).Seconds() })
}

// counts writes what devices count.
func (x *exposition) counts(p *picture) {
	each := func(value func(d *device) float64) {
		for i := range p.devices {
			x.add(value(&p.devices[i]), "device", p.devices[i].label)
		}
	}
	x.counters("device_restarts", "How often a device was opened again after it had failed.")
	each(func(d *device) float64 { return float64(d.restarts) })
	x.gauges("device_queue_messages", "Messages that wait in the mailbox of a device.")
	each(func(d *device) float64 { return float64(d.waiting) })
	x.counters("device_messages", "Messages that a device has got, by how it has answered.")
	for i := range p.devices {
		d := &p.devices[i]
		x.add(float64(d.failed), "device", d.label, "outcome", "failed")
		x.add(float64(d.handled), "device", d.label, "outcome", "handled")
		x.add(float64(d.refused), "device", d.label, "outcome", "refused")
	}
	x.counters("device_emitted_messages", "Messages of a device.")
	each(func(d *device) float64 { return float64(d.emitted) })
	x.counters("device_handling_seconds", "How long a device's code has taken for messages, in all.")
	each(func(d *device) float64 { return d.spent.Seconds() })
}
