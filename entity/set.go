package entity

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/mqttgateway/mqttgateway/messages"
)

// Set is the point set: the entities of one device with their values, and what of them is to be told when.
//
// The owner calls [Set.Describe] when the device describes itself, [Set.Update] with what has been read, and [Set.Due] when Update
// says so and when the time of [Set.Next] has come:
//
//	due, err := set.Update(at, readings...) // on any goroutine
//	if due {                                // or a timer for set.Next() has fired
//		news := set.Due(now)
//		// send news.Statuses, news.Words and set.Values(), and set the timer to set.Next()
//	}
//
// A value is told when it differs from the one last told, of a Number with a deadband by more than that; but not more than once in
// AtMost, and at least once in Heartbeat. An entity that is not confirmed for Stale becomes unknown. STATE and the values view
// repeat what was last told of everything else, so that no value is told early because another has changed.
//
// All methods may be used from any goroutine: a Set has a lock of its own, which no method holds for longer than its own work,
// derived values included. Each call of Due tells what has changed since the call before, so that an owner who sends on several
// goroutines has to keep their order.
type Set struct {
	mu      sync.Mutex
	device  Device
	points  []point
	index   map[string]int // where each entity stands in points
	places  []place
	derived []derivation // each behind those that it is made from
	next    time.Time    // when something is due, if waiting
	waiting bool
	rests   bool // there are no heartbeats
}

// place is an address with the points whose values are said there.
type place struct {
	address messages.Address
	points  []int
}

// NewSet returns a set of no entities.
func NewSet() *Set { return &Set{} }

// Describe replaces the description. Entities that were there before with the same kind keep their values. A description that
// [Check] refuses, and derived values that can't be, are an error, and the set stays as it was.
//
// Afterwards every status is due, and with them the words of known values, but for those that were last said at the same address
// already.
func (s *Set) Describe(d Device, derived ...Derived) error {
	order, err := derivations(&d, derived)
	if err := errors.Join(Check(d), err); err != nil {
		return err
	}
	d.Entities = slices.Clone(d.Entities)
	s.mu.Lock()
	defer s.mu.Unlock()
	before, index := s.points, s.index
	s.device, s.derived, s.places = d, order, nil
	s.points, s.index = make([]point, len(d.Entities)), make(map[string]int, len(d.Entities))
	for i := range d.Entities {
		e := &d.Entities[i]
		p := point{Entity: e, place: -1, reason: errUnread, untold: true}
		if k, ok := index[e.ID]; ok && before[k].Kind == e.Kind {
			p.keep(&before[k])
		}
		if e.Kind.HasValue() && !e.Hidden {
			p.place = s.placeOf(d.AddressOf(e))
			s.places[p.place].points = append(s.places[p.place].points, i)
		}
		s.points[i], s.index[e.ID] = p, i
	}
	for i := range s.derived {
		s.points[s.derived[i].point].derived = true
	}
	s.derive()
	s.plan()
	return nil
}

// placeOf returns where the address stands in places, after adding it if need be.
func (s *Set) placeOf(address messages.Address) int {
	i := slices.IndexFunc(s.places, func(p place) bool { return p.address == address })
	if i < 0 {
		i = len(s.places)
		s.places = append(s.places, place{address: address})
	}
	return i
}

// Device returns the description. Nothing in it is to be written.
func (s *Set) Device() Device {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.device
}

// Update takes what has been read at a time. It reports whether the owner is to call Due: something is due by then, or earlier than
// [Set.Next] has said before. A value that hasn't changed costs nothing but its confirmation.
//
// The error joins what is wrong with the readings: an ID that the description has not, or has for something without a value or
// with a derived one; a value that does not fit the kind, which makes the entity unknown. All other readings count.
func (s *Set) Update(at time.Time, readings ...Reading) (due bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	changed := false
	for i := range readings {
		r := &readings[i]
		k, ok := s.index[r.ID]
		if !ok || !s.points[k].Kind.HasValue() || s.points[k].derived {
			err = errors.Join(err, fmt.Errorf("reading of %q: %s", r.ID, s.whyNot(r.ID)))
			continue
		}
		p := &s.points[k]
		p.confirmed = at
		if p.reason == nil && r.Err == nil && r.Value == p.raw {
			continue
		}
		fault, told := p.read(r)
		if fault != nil {
			err = errors.Join(err, fmt.Errorf("reading of %q: %w", r.ID, fault))
		}
		changed = changed || told || len(s.derived) > 0
	}
	if !changed {
		return false, err
	}
	s.derive()
	return s.plan() || s.waiting && !s.next.After(at), err
}

// whyNot says why there can't be a reading of id.
func (s *Set) whyNot(id string) string {
	k, ok := s.index[id]
	switch {
	case !ok:
		return "the description has no such entity"
	case s.points[k].derived:
		return "its value is derived from others"
	}
	return fmt.Sprintf("is a %s, which has no value", s.points[k].Kind)
}

// Rest stops the heartbeats, and starts them again: nobody is to take the last value of a device that is down for a new one. A Set
// begins with them. Rest reports whether something is due earlier than [Set.Next] has said before.
func (s *Set) Rest(rests bool) (earlier bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rests = rests
	return s.plan()
}

// Next returns when Due has something to tell if nothing is updated until then, and false if never. A time that has passed, the
// zero time among them, is now.
func (s *Set) Next() (at time.Time, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.next, s.waiting
}

// plan finds out when something is due next, and reports whether that is earlier than it was.
func (s *Set) plan() (earlier bool) {
	before, was := s.next, s.waiting
	s.waiting = false
	for i := range s.points {
		p := &s.points[i]
		if at, ok := p.due(s.rests); ok {
			s.wait(at)
		}
		if p.canStale() {
			s.wait(p.confirmed.Add(p.Report.Stale))
		}
	}
	return s.waiting && (!was || s.next.Before(before))
}

func (s *Set) wait(at time.Time) {
	if !s.waiting || at.Before(s.next) {
		s.next, s.waiting = at, true
	}
}

// State is what a Set knows of one entity.
type State struct {
	ID        string
	Value     messages.Value // current; null: unknown
	Reason    error          // why the entity is unknown; nil if it is known
	Told      messages.Value // as last told
	Confirmed time.Time      // when it was last read; of a derived value, when the first of its inputs was; zero: never
}

// States returns what is known of every entity that has a value, hidden ones included, in the order of the description.
func (s *Set) States() []State { return s.AppendStates(nil) }

// AppendStates appends States.
func (s *Set) AppendStates(states []State) []State {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.confirm()
	states = slices.Grow(states, len(s.points))
	for i := range s.points {
		if p := &s.points[i]; p.Kind.HasValue() {
			states = append(states, p.state())
		}
	}
	return states
}

// State returns what is known of the entity called id, and false if there is none that has a value.
func (s *Set) State(id string) (State, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i, ok := s.index[id]
	if !ok || !s.points[i].Kind.HasValue() {
		return State{}, false
	}
	s.confirm()
	return s.points[i].state(), true
}

func (p *point) state() State {
	return State{ID: p.ID, Value: p.value, Reason: p.reason, Told: p.told, Confirmed: p.confirmed}
}
