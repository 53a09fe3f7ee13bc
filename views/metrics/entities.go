package metrics

import (
	"cmp"
	"maps"
	"math"
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
	labels span
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
		if len(*p.readings[f]) == 0 { // of a former picture
			continue
		}
		begin(name, "Of entities: "+strings.ReplaceAll(f.name, "_", " ")+".")
		for _, r := range *p.readings[f] {
			x.addTo(p.labels(r.labels), r.value)
		}
	}
}

// read adds the metrics of a device's entities. labels are the device's.
func (p *picture) read(of *actors.Figures, labels span) {
	states := of.States
	for i := range of.Description.Entities {
		e := &of.Description.Entities[i]
		add := func(f family, value float64, option, typ string) {
			all := p.readings[f]
			if all == nil {
				all = new([]reading)
				p.readings[f] = all
			}
			location := cmp.Or(e.Address.Location, of.Description.Address.Location)
			*all = append(*all, reading{value, p.keep(labels, "entity", e.ID, "location", location, "option", option, "type", typ)})
		}
		if e.Kind == entity.Button {
			add(family{subject(e) + "_presses", true}, float64(of.Pressed[e.ID]), "", "")
		}
		if e.Kind == entity.Event && !e.Hidden {
			f := family{subject(e) + "_events", true}
			for _, typ := range e.Options {
				add(f, float64(of.Happened[entities.Happened{ID: e.ID, Type: typ}]), "", typ)
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
			n := p.numberOf(e)
			if float, ok := value.Float(); ok && !math.IsInf(n.unit.base(float), 0) { // else it is too large for a float64
				add(n.family, n.unit.base(float), "", "")
			}
		case entity.Bool:
			on, _ := value.Bool()
			add(family{name: subject(e)}, truth(on), "", "")
		case entity.Enum:
			now, _ := value.Text()
			f := family{name: subject(e) + "_option"}
			for _, option := range e.Options {
				add(f, truth(option == now), option, "")
			}
		}
	}
}

// subject returns what the metrics of an entity are about: its class, or its ID if its class says nothing, without _total, which says
// that a metric is a counter's.
func subject(e *entity.Entity) string {
	if e.Class == "" || e.Class == "enum" {
		return strings.TrimSuffix(e.ID, "_total")
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

// family returns the family of a Number, and its unit. Most things of some classes are counters, energy for one: what is a gauge there
// has a name of its own whether there is a counter or not, so that adding one renames nothing.
func (n number) family() (family, unit) {
	u := unitOf(n.unit, n.class)
	f := family{n.subject, n.counter}
	if u.word != "" && !strings.HasSuffix(f.name, "_"+u.word) && f.name != u.word {
		f.name += "_" + u.word
	}
	if class := (entity.Entity{Kind: entity.Number, Class: n.class}); !f.counter && class.StateClass() == entity.TotalIncreasing {
		f.name += "_value"
	}
	return f, u
}
