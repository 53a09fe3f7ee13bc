package metrics

import (
	"cmp"
	"maps"
	"slices"
	"strings"

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
	device *device
	entity *entity.Entity
	option string
	typ    string // of an Event
}

// entities writes what is known of the entities of devices that are online. A hub's sum has none.
func (x *exposition) entities(p *picture) {
	readings := make(map[family][]reading)
	for i := range p.devices {
		x.rest.Due()
		if d := &p.devices[i]; d.online() {
			read(d, readings)
		}
	}
	for _, f := range slices.SortedFunc(maps.Keys(readings), func(a, b family) int {
		return cmp.Or(strings.Compare(a.name, b.name), cmp.Compare(truth(b.counter), truth(a.counter)))
	}) {
		name, kind, begin := f.name, "gauge", x.gauges
		if f.counter {
			kind, begin = "counter", x.counters
		}
		for !x.isFree(kind, name) {
			name += "_value"
		}
		begin(name, "Of entities: "+strings.ReplaceAll(f.name, "_", " ")+".")
		for _, r := range readings[f] {
			location := r.device.of.Description.AddressOf(r.entity).Location
			x.add(r.value, "device", r.device.label, "entity", r.entity.ID, "location", location, "option", r.option, "type", r.typ)
		}
	}
}

// read adds the metrics of a device's entities.
func read(d *device, to map[family][]reading) {
	states := d.of.States
	for i := range d.of.Description.Entities {
		e := &d.of.Description.Entities[i]
		if e.Kind == entity.Button {
			f := family{subject(e) + "_presses", true}
			to[f] = append(to[f], reading{value: float64(d.of.Pressed[e.ID]), device: d, entity: e})
		}
		if e.Kind == entity.Event && !e.Hidden {
			f := family{subject(e) + "_events", true}
			for _, typ := range e.Options {
				n := d.of.Happened[entities.Happened{ID: e.ID, Type: typ}]
				to[f] = append(to[f], reading{value: float64(n), device: d, entity: e, typ: typ})
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
		r := reading{device: d, entity: e}
		add := func(f family) { to[f] = append(to[f], r) }
		switch e.Kind {
		case entity.Number:
			number, ok := value.Float()
			if !ok {
				continue // too large for a float64
			}
			f, u := numberFamily(e)
			r.value = u.base(number)
			add(f)
		case entity.Bool:
			on, _ := value.Bool()
			r.value = truth(on)
			add(family{name: subject(e)})
		case entity.Enum:
			now, _ := value.Text()
			for _, option := range e.Options {
				r.option, r.value = option, truth(option == now)
				add(family{name: subject(e) + "_option"})
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

// numberFamily returns the family of a Number, and its unit.
func numberFamily(e *entity.Entity) (family, unit) {
	u := unitOf(e.Unit, e.Class)
	f := family{subject(e), e.StateClass() == entity.TotalIncreasing}
	if u.word != "" && !strings.HasSuffix(f.name, "_"+u.word) && f.name != u.word {
		f.name += "_" + u.word
	}
	if f.counter {
		f.name = strings.TrimSuffix(f.name, "_total")
	}
	return f, u
}
