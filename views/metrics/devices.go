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
	readings map[family]*[]reading
	numbers  map[number]numbers
	text     []byte                    // labels as they are written, one after the other
	latest   []byte                    // those that are being made
	states   [messages.Stopped + 1]int // how many devices are in each
	summed   int                       // devices that have no metrics of their own
}

// span is a place in the text of a picture.
type span struct{ from, to uint32 }

// device is one device, or the sum of those that a hub has added beyond the first.
type device struct {
	labels   span // its name, or HUB.* for a sum
	hub, typ string
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
	return &picture{readings: make(map[family]*[]reading), numbers: make(map[number]numbers)}
}

// empty makes a picture one of nothing, which has the memory of what it was.
func (p *picture) empty() {
	clear(p.devices)
	for _, all := range p.readings {
		*all = (*all)[:0]
	}
	*p = picture{devices: p.devices[:0], readings: p.readings, numbers: p.numbers, text: p.text[:0], latest: p.latest}
}

// keep keeps labels that are added to those at a place. It returns where they are together. Each would otherwise be made anew for each
// of a dozen metrics.
func (p *picture) keep(to span, labels ...string) span {
	p.latest = appendLabels(append(p.latest[:0], p.labels(to)...), labels...)
	from := len(p.text)
	p.text = append(p.text, p.latest...)
	return span{uint32(from), uint32(len(p.text))}
}

func (p *picture) labels(at span) []byte { return p.text[at.from:at.to] }

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
			labels := p.keep(span{}, "device", f.Name)
			p.devices = append(p.devices, device{labels, e.AddedBy, f.Type, false, up, e.Since, f.Took, of})
			if up {
				p.read(f, labels)
			}
			continue
		}
		p.summed++
		at, ok := sums[e.AddedBy]
		if !ok {
			at = len(p.devices)
			sums[e.AddedBy] = at
			p.devices = append(p.devices, device{labels: p.keep(span{}, "device", e.AddedBy+".*"), sum: true})
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
				x.addTo(p.labels(d.labels), value(d))
			}
		}
	}
	x.gauges("device_info", "The type of a device, and the hub that has added it.")
	for i := range p.devices {
		if d := &p.devices[i]; !d.sum {
			x.addTo(p.labels(d.labels), 1, "hub", d.hub, "type", d.typ)
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
			x.addTo(p.labels(p.devices[i].labels), value(&p.devices[i]))
		}
	}
	x.counters("device_restarts", "How often a device was opened again after it had failed.")
	each(func(d *device) float64 { return float64(d.restarts) })
	x.gauges("device_queue_messages", "Messages that wait in the mailbox of a device.")
	each(func(d *device) float64 { return float64(d.waiting) })
	x.counters("device_messages", "Messages that a device has got, by how it has answered.")
	for i := range p.devices {
		d := &p.devices[i]
		labels := p.labels(d.labels)
		x.addTo(labels, float64(d.failed), "outcome", "failed")
		x.addTo(labels, float64(d.handled), "outcome", "handled")
		x.addTo(labels, float64(d.refused), "outcome", "refused")
	}
	x.counters("device_emitted_messages", "Messages of a device.")
	each(func(d *device) float64 { return float64(d.emitted) })
	x.counters("device_handling_seconds", "How long a device's code has taken for messages, in all.")
	each(func(d *device) float64 { return d.spent.Seconds() })
}
