package entity

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
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
//	if due {                                // also when a timer for set.Next() fires
//		news := set.Due(now)
//		// send news.Statuses, news.Words and set.Values(), and set the timer to set.Next()
//	}
//
// All methods may be used from any goroutine: a Set has a lock of its own, which no method holds for longer than its own work,
// derived values included. What two calls of Due return is in order; who sends it from several goroutines must see to it that it
// leaves in order.
//
// A value is told when it differs from the one last told, of a Number with a deadband by more than that; but not more than once in
// AtMost, and at least once in Heartbeat. An entity that is not confirmed for Stale becomes unknown. STATE and the values view
// always repeat what was last told, so that nothing is told early because another entity has changed.
type Set struct {
	mu      sync.Mutex
	device  Device
	points  []point
	index   map[string]int // where an entity stands in points
	places  []place
	derived []derivation // each behind those that it is made from
	next    time.Time    // when something is due; valid if waiting
	waiting bool
}

// point is one entity of a set, with its value.
type point struct {
	*Entity
	place int // in places; -1: its value is told to nobody
	alone bool

	raw       messages.Value // as the latest reading had it
	value     messages.Value // current, with its decimals
	err       error          // why value is unknown
	confirmed time.Time
	told      messages.Value
	toldAt    time.Time
	untold    bool // never told since the description
}

// place is an address with the points whose values are said there.
type place struct {
	address messages.Address
	points  []int
}

// State is what a Set knows of one entity.
type State struct {
	ID        string
	Value     messages.Value // current; null: unknown
	Err       error          // why the entity is unknown; nil if it is known
	Told      messages.Value // as last told
	Confirmed time.Time      // when it was last read, or derived; zero: never
}

// News is what is to be told at one moment. The zero News is nothing.
type News struct {
	Changed  []State  // the entities that are told, in the order of the description; heartbeats among them
	Statuses []Status // one for each address of those entities
	Words    []Word   // of those entities whose value has changed and has a word
}

// Status is the STATE of one address: the values of all its entities, unknown ones null, in the order of the description.
type Status struct {
	Address messages.Address
	Values  []messages.Argument
}

// Message returns the status as a message. It is to be retained.
func (s Status) Message() messages.InternalMsg {
	return messages.New(messages.Status, s.Address, ActionState).WithArgs(s.Values...)
}

// Word is the action by which an entity says its new value.
type Word struct {
	ID      string
	Address messages.Address
	Action  string
	Alone   bool // nothing else is said at the address: the word is to be retained, in STATE's place
}

// Message returns the word as a message.
func (w Word) Message() messages.InternalMsg {
	return messages.New(messages.Status, w.Address, w.Action)
}

// NewSet returns a set of no entities.
func NewSet() *Set { return &Set{} }

// Describe replaces the description. Entities that were there before with the same kind keep their value. A description that
// [Check] refuses, or derived values that can't be, are an error, and the set stays as it was.
//
// Afterwards everything is due: every status, and the word of each known value.
func (s *Set) Describe(d Device, derived ...Derived) error {
	faults := []error{Check(d)}
	d.Entities = slices.Clone(d.Entities)
	order, err := derivations(&d, derived)
	if err := errors.Join(append(faults, err)...); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	old, oldIndex := s.points, s.index
	s.device, s.derived = d, order
	s.points, s.index, s.places = make([]point, len(d.Entities)), make(map[string]int, len(d.Entities)), nil
	said := make(map[messages.Address]int)
	for i := range d.Entities {
		e := &d.Entities[i]
		s.index[e.ID] = i
		p := &s.points[i]
		*p = point{Entity: e, place: -1, err: errUnread, untold: true}
		if k, ok := oldIndex[e.ID]; ok && old[k].Kind == e.Kind {
			p.raw, p.err, p.confirmed, p.told, p.toldAt = old[k].raw, old[k].err, old[k].confirmed, old[k].told, old[k].toldAt
			p.value, p.err = p.typed(p.raw, p.err)
		}
		if e.Hidden || e.Kind == Button {
			continue
		}
		address := d.AddressOf(e)
		said[address]++
		if !e.Kind.HasValue() {
			continue
		}
		if p.place = slices.IndexFunc(s.places, func(p place) bool { return p.address == address }); p.place < 0 {
			p.place = len(s.places)
			s.places = append(s.places, place{address: address})
		}
		s.places[p.place].points = append(s.places[p.place].points, i)
	}
	for i := range s.points {
		if p := &s.points[i]; p.place >= 0 {
			p.alone = said[s.places[p.place].address] == 1
		}
	}
	s.derive()
	s.plan()
	return nil
}

// Device returns the description, with the entities' addresses as they were described. Its slices are not to be written.
func (s *Set) Device() Device {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.device
}

// Update takes what has been read at a time. It reports whether something is due earlier than [Set.Next] has said before, so that
// the owner is to call Due. A value that hasn't changed costs nothing but its confirmation.
//
// The error joins what is wrong with the readings: an ID that the description lacks, or a value that does not fit the kind, which
// makes the entity unknown. All others are taken all the same.
func (s *Set) Update(at time.Time, readings ...Reading) (due bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	changed := false
	for i := range readings {
		r := &readings[i]
		k, ok := s.index[r.ID]
		if !ok || !s.points[k].Kind.HasValue() {
			err = errors.Join(err, fmt.Errorf("reading of %q: the description has no such entity with a value", r.ID))
			continue
		}
		p := &s.points[k]
		p.confirmed = at
		if p.err == nil && r.Err == nil && r.Value == p.raw {
			continue
		}
		p.raw = r.Value
		value, reason := p.typed(r.Value, r.Err)
		if reason != nil && r.Err == nil && r.Value.Kind() != messages.Null {
			err = errors.Join(err, fmt.Errorf("reading of %q: %w", r.ID, reason))
		}
		p.value, p.err = value, reason
		changed = true
	}
	if !changed {
		return false, err
	}
	s.derive()
	return s.plan(), err
}

// typed returns a value as e has it: with its decimals, or unknown with the reason.
func (e *Entity) typed(v messages.Value, reason error) (messages.Value, error) {
	if reason != nil {
		return messages.Value{}, reason
	}
	switch {
	case v.Kind() == messages.Null:
		return messages.Value{}, errNull
	case e.Kind == Number && v.Kind() == messages.Number:
		f, ok := v.Float()
		if !ok {
			return messages.Value{}, errInfinite
		}
		if e.Decimals != nil {
			w, err := messages.ParseValue(strconv.FormatFloat(f, 'f', *e.Decimals, 64))
			return w, err
		}
		return v, nil
	case e.Kind == Bool && v.Kind() == messages.Bool, e.Kind == Text && v.Kind() == messages.Text:
		return v, nil
	case e.Kind == Enum && v.Kind() == messages.Text:
		if text, _ := v.Text(); slices.Contains(e.Options, text) {
			return v, nil
		}
	}
	return messages.Value{}, fmt.Errorf("the device gave %s, want %s", v.Raw(), e.want())
}

// Due returns what is to be told at now, and takes it as told.
func (s *Set) Due(now time.Time) News {
	s.mu.Lock()
	defer s.mu.Unlock()
	stale := false
	for i := range s.points {
		if p := &s.points[i]; p.err == nil && p.Report.Stale > 0 && now.Sub(p.confirmed) >= p.Report.Stale {
			p.value, p.err, stale = messages.Value{}, fmt.Errorf("not confirmed for %s", p.Report.Stale), true
		}
	}
	if stale {
		s.derive()
	}
	news := s.tell(now, func(p *point) bool {
		at, ok := p.due()
		return ok && !at.After(now)
	})
	s.plan()
	return news
}

// All returns every status with the current values, and takes them as told: for whoever asks, or for a broker that has lost them.
// It has no words.
func (s *Set) All(now time.Time) News {
	s.mu.Lock()
	defer s.mu.Unlock()
	news := s.tell(now, func(*point) bool { return true })
	news.Words = nil
	s.plan()
	return news
}

// Next returns when Due has something to tell if nothing is updated until then, and false if never. A time that has passed, the
// zero time among them, is now.
func (s *Set) Next() (at time.Time, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.next, s.waiting
}

// Values returns one JSON object with the values of all entities that have one and are not hidden, as last told, unknown ones null,
// in the order of the description.
func (s *Set) Values() messages.Value {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := []byte{'{'}
	for i := range s.points {
		p := &s.points[i]
		if p.place < 0 {
			continue
		}
		if len(b) > 1 {
			b = append(b, ',')
		}
		b = messages.AppendText(b, p.ID)
		b = append(b, ':')
		b = append(b, p.told.Raw()...)
	}
	v, err := messages.ParseValue(string(append(b, '}')))
	if err != nil {
		panic(err) // of literals and texts that are JSON
	}
	return v
}

// States returns what is known of every entity that has a value, hidden ones included, in the order of the description.
func (s *Set) States() []State {
	s.mu.Lock()
	defer s.mu.Unlock()
	var states []State
	for i := range s.points {
		if p := &s.points[i]; p.Kind.HasValue() {
			states = append(states, p.state())
		}
	}
	return states
}

func (p *point) state() State {
	return State{ID: p.ID, Value: p.value, Err: p.err, Told: p.told, Confirmed: p.confirmed}
}

// changed reports whether p has a value that is worth telling.
func (p *point) changed() bool {
	if p.untold {
		return true
	}
	if (p.value.Kind() == messages.Null) != (p.told.Kind() == messages.Null) {
		return true
	}
	if p.value == p.told {
		return false
	}
	if p.Kind == Number && p.Report.Deadband > 0 {
		a, _ := p.value.Float()
		b, _ := p.told.Float()
		return math.Abs(a-b) > p.Report.Deadband+1e-12*max(math.Abs(a), math.Abs(b))
	}
	return !p.value.Equal(p.told)
}

// due returns when p is to be told if it isn't updated, and false if never.
func (p *point) due() (at time.Time, ok bool) {
	if p.place < 0 {
		return time.Time{}, false
	}
	if p.changed() {
		if p.untold || p.Report.AtMost == 0 || p.toldAt.IsZero() {
			return time.Time{}, true
		}
		return p.toldAt.Add(p.Report.AtMost), true
	}
	if p.Report.Heartbeat > 0 {
		return p.toldAt.Add(p.Report.Heartbeat), true
	}
	return time.Time{}, false
}

// plan finds out when something is due next, and reports whether that is earlier than it was.
func (s *Set) plan() (earlier bool) {
	before, was := s.next, s.waiting
	s.waiting = false
	for i := range s.points {
		p := &s.points[i]
		if at, ok := p.due(); ok {
			s.wait(at)
		}
		if p.err == nil && p.Report.Stale > 0 {
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

// tell takes the points that are due as told, and returns the news of it.
func (s *Set) tell(now time.Time, due func(*point) bool) (news News) {
	at := make([]bool, len(s.places))
	for i := range s.points {
		p := &s.points[i]
		if p.place < 0 || !due(p) {
			continue
		}
		if word, ok := p.Word(p.value); ok && (p.untold || !p.value.Equal(p.told)) {
			news.Words = append(news.Words, Word{p.ID, s.places[p.place].address, word, p.alone})
		}
		p.told, p.toldAt, p.untold = p.value, now, false
		at[p.place] = true
		news.Changed = append(news.Changed, p.state())
	}
	for i, pl := range s.places {
		if !at[i] {
			continue
		}
		st := Status{Address: pl.address}
		for _, k := range pl.points {
			st.Values = append(st.Values, messages.Argument{Key: s.points[k].ID, Value: s.points[k].told})
		}
		news.Statuses = append(news.Statuses, st)
	}
	return news
}
