package metrics

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/mqttgateway/mqttgateway/actors"
	"github.com/mqttgateway/mqttgateway/entity"
	"github.com/mqttgateway/mqttgateway/internal/entities"
	"github.com/mqttgateway/mqttgateway/messages"
)

// family identifies a family of entities.
type family struct {
	name    string // without the prefix, and without _total
	counter bool
}

// reading is one metric of an entity.
type reading struct {
	value  float64
	entity *entity.Entity
	device int32 // its place in the picture
	option int32 // the place of the option, or of an Event's type, that the metric is about; -1: it is about none
}

// entities writes what is known of the entities of devices that are online. A hub's sum has none.
func (x *exposition) entities(p *picture) {
	for _, f := range slices.SortedFunc(maps.Keys(p.readings), func(a, b family) int {
		return cmp.Or(strings.Compare(a.name, b.name), cmp.Compare(truth(b.counter), truth(a.counter)))
	}) {
		name, kind, begin := f.name, "gauge", x.gauges
		if f.counter {
			kind, begin = "counter", x.counters
		}
		for !x.isFree(kind, name) {
			name += "_value"
		}
		if len(p.readings[f]) == 0 { // of a former picture
			continue
		}
		begin(name, "Of entities: "+strings.ReplaceAll(f.name, "_", " ")+".")
		for _, r := range p.readings[f] {
			d, option, typ := &p.devices[r.device], "", ""
			if r.option >= 0 {
				if option = r.entity.Options[r.option]; r.entity.Kind == entity.Event {
					option, typ = "", option
				}
			}
			x.add(r.value, "device", d.label, "entity", r.entity.ID, "location", cmp.Or(r.entity.Address.Location, d.location), "option", option, "type", typ)
		}
	}
}

// read adds the metrics of the latest device's entities.
func (p *picture) read(of *actors.Figures) {
	states := of.States
	for i := range of.Description.Entities {
		e := &of.Description.Entities[i]
		r := reading{entity: e, device: int32(len(p.devices) - 1), option: -1}
		add := func(f family, value float64) {
			r.value = value
			all := p.readings[f]
			if len(all) == cap(all) {
				all = slices.Grow(all, len(all)+1) // twice as many: append would copy them more often
			}
			p.readings[f] = append(all, r)
		}
		if e.Kind == entity.Button {
			add(family{subject(e) + "_presses", true}, float64(of.Pressed[e.ID]))
		}
		if e.Kind == entity.Event && !e.Hidden {
			f := family{subject(e) + "_events", true}
			for n, typ := range e.Options {
				r.option = int32(n)
				add(f, float64(of.Happened[entities.Happened{ID: e.ID, Type: typ}]))
			}
		}
		if !e.Kind.HasValue() || len(states) == 0 || states[0].ID != e.ID { // it may have been described anew meanwhile
			continue
		}
		value := states[0].Value
		states = states[1:]
		if e.Hidden || value.Kind() == messages.Null {
			continue
		}
		switch e.Kind {
		case entity.Number:
			if float, ok := value.Float(); ok { // else it is too large for a float64
				n := p.numberOf(e)
				add(n.family, n.unit.base(float))
			}
		case entity.Bool:
			on, _ := value.Bool()
			add(family{name: subject(e)}, truth(on))
		case entity.Enum:
			now, _ := value.Text()
			f := family{name: subject(e) + "_option"}
			for n, option := range e.Options {
				r.option = int32(n)
				add(f, truth(option == now))
			}
		}
	}
}

// subject returns what the metrics of an entity are about: its class, or its ID if its class says nothing.
func subject(e *entity.Entity) string {
	if e.Class == "" || e.Class == "enum" {
		return e.ID
	}
	return e.Class
}

// number is what the family of a Number depends on.
type number struct {
	subject, unit, class string
	counter              bool
}

// numbers are Numbers of one family and one unit.
type numbers struct {
	family
	unit unit
}

// numberOf returns the family of a Number, and its unit. It finds them out once for all of a kind.
func (p *picture) numberOf(e *entity.Entity) numbers {
	key := number{subject(e), e.Unit, e.Class, e.StateClass() == entity.TotalIncreasing}
	n, known := p.numbers[key]
	if !known {
		n.family, n.unit = key.family()
		p.numbers[key] = n
	}
	return n
}

func (n number) family() (family, unit) {
	u := unitOf(n.unit, n.class)
	f := family{n.subject, n.counter}
	if u.word != "" && !strings.HasSuffix(f.name, "_"+u.word) && f.name != u.word {
		f.name += "_" + u.word
	}
	if f.counter {
		f.name = strings.TrimSuffix(f.name, "_total")
	}
	return f, u
}
