package entity

import (
	"errors"
	"fmt"

	"github.com/mqttgateway/mqttgateway/messages"
)

// Derived makes the value of an entity from the values of others.
type Derived struct {
	ID   string
	From []string // the entities it is made from, derived ones among them, hidden or not
	// Value returns the value. It is called with the current values of From, in that order, all of them known: if one is unknown,
	// so is the derived value. It must be quick, and must not use the Set.
	Value func(from []messages.Value) (messages.Value, error)
}

// derivation is a Derived whose entities are known by their place in the set.
type derivation struct {
	Derived
	point int
	from  []int
	args  []messages.Value
}

// derivations returns what is to be derived, in an order in which each stands behind those that it is made from.
func derivations(d *Device, derived []Derived) ([]derivation, error) {
	at := make(map[string]int, len(d.Entities))
	for i := range d.Entities {
		at[d.Entities[i].ID] = i
	}
	var faults []error
	var order []derivation
	waiting := make(map[string]bool)
	for _, v := range derived {
		waiting[v.ID] = true
	}
	for done := false; !done; {
		done = true
		for _, v := range derived {
			if !waiting[v.ID] {
				continue
			}
			ready := true
			for _, id := range v.From {
				ready = ready && !waiting[id]
			}
			if !ready {
				continue
			}
			delete(waiting, v.ID)
			done = false
			dv := derivation{Derived: v, args: make([]messages.Value, len(v.From))}
			i, ok := at[v.ID]
			if !ok || !d.Entities[i].Kind.HasValue() {
				faults = append(faults, fmt.Errorf("derived value %q: the description has no such entity with a value", v.ID))
				continue
			}
			dv.point = i
			for _, id := range v.From {
				i, ok := at[id]
				if !ok || !d.Entities[i].Kind.HasValue() {
					faults = append(faults, fmt.Errorf("derived value %q: is made from %q, but the description has no such entity with a value", v.ID, id))
				}
				dv.from = append(dv.from, i)
			}
			order = append(order, dv)
		}
	}
	for _, v := range derived {
		if waiting[v.ID] {
			faults = append(faults, fmt.Errorf("derived value %q: is made from itself", v.ID))
		}
	}
	return order, errors.Join(faults...)
}

// derive makes the derived values from what they are made from.
func (s *Set) derive() {
	for i := range s.derived {
		dv := &s.derived[i]
		p := &s.points[dv.point]
		p.value, p.err = s.value(dv)
	}
}

func (s *Set) value(dv *derivation) (messages.Value, error) {
	p := &s.points[dv.point]
	for i, k := range dv.from {
		from := &s.points[k]
		if from.err != nil {
			return messages.Value{}, fmt.Errorf("%s is unknown: %w", from.ID, from.err)
		}
		dv.args[i] = from.value
		if i == 0 || from.confirmed.Before(p.confirmed) {
			p.confirmed = from.confirmed
		}
	}
	return p.typed(dv.Value(dv.args))
}
