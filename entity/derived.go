package entity

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/mqttgateway/mqttgateway/messages"
)

// Derived makes the value of an entity from the values of others.
type Derived struct {
	ID   string
	From []string // the entities that it is made from, derived and hidden ones among them
	// Value returns the value, which is null if it can't be said. It is called with the current values of From, in that order, all
	// of them known: if one of them is unknown, so is the derived value. It must be quick, and must not use the Set.
	Value func(from []messages.Value) (messages.Value, error)
}

// derivation is a Derived whose entities are known by where they stand in the points.
type derivation struct {
	value func([]messages.Value) (messages.Value, error)
	point int
	from  []int
	args  []messages.Value
}

// derivations returns what is to be derived, each behind those that it is made from.
func derivations(d *Device, derived []Derived) (order []derivation, err error) {
	var faults []error
	waiting := make(map[string]bool, len(derived))
	for _, v := range derived {
		if waiting[v.ID] {
			faults = append(faults, fmt.Errorf("derived value %q: is derived twice, want it once", v.ID))
		}
		waiting[v.ID] = true
	}
	for found := true; found; {
		found = false
		for _, v := range derived {
			if !waiting[v.ID] || slices.ContainsFunc(v.From, func(id string) bool { return waiting[id] }) {
				continue
			}
			found = true
			delete(waiting, v.ID)
			dv, errs := newDerivation(d, v)
			faults = append(faults, errs...)
			order = append(order, dv)
		}
	}
	for _, id := range sortedKeys(waiting) {
		faults = append(faults, fmt.Errorf("derived value %q: is made from itself, want others", id))
	}
	return order, errors.Join(faults...)
}

func newDerivation(d *Device, v Derived) (dv derivation, faults []error) {
	dv = derivation{value: v.Value, args: make([]messages.Value, len(v.From))}
	var ok bool
	if dv.point, ok = withValue(d, v.ID); !ok {
		faults = append(faults, fmt.Errorf("derived value %q: the description has no such entity with a value", v.ID))
	}
	for _, id := range v.From {
		i, ok := withValue(d, id)
		if !ok {
			faults = append(faults, fmt.Errorf("derived value %q: the description has no entity %q with a value", v.ID, id))
		}
		dv.from = append(dv.from, i)
	}
	return dv, faults
}

// withValue returns where the entity called id stands in d, and whether there is one that has a value.
func withValue(d *Device, id string) (int, bool) {
	i := slices.IndexFunc(d.Entities, func(e Entity) bool { return e.ID == id })
	return i, i >= 0 && d.Entities[i].Kind.HasValue()
}

// derive makes the derived values anew.
func (s *Set) derive() {
	for i := range s.derived {
		dv := &s.derived[i]
		p := &s.points[dv.point]
		p.value, p.reason = s.derivedValue(dv)
	}
}

func (s *Set) derivedValue(dv *derivation) (messages.Value, error) {
	for i, k := range dv.from {
		from := &s.points[k]
		if from.reason != nil {
			return messages.Value{}, fmt.Errorf("%s is unknown: %w", from.ID, from.reason)
		}
		dv.args[i] = from.value
	}
	v, err := dv.value(dv.args)
	if err != nil {
		return messages.Value{}, err
	}
	if v.Kind() == messages.Null {
		return messages.Value{}, errNull
	}
	return s.points[dv.point].typed(v)
}

// confirm says of the derived values when the first of their inputs was confirmed.
func (s *Set) confirm() {
	for _, dv := range s.derived {
		p := &s.points[dv.point]
		p.confirmed = time.Time{}
		for i, k := range dv.from {
			if at := s.points[k].confirmed; i == 0 || at.Before(p.confirmed) {
				p.confirmed = at
			}
		}
	}
}
