package entities

import (
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/mqttgateway/mqttgateway/entity"
	"github.com/mqttgateway/mqttgateway/messages"
)

// Teller has what a device has said of itself, and the values of its entities, and tells of both what is due. It stays while the
// equipment fails and is opened again.
//
// Any goroutine may call the methods. What an update makes due is told on the goroutine of the update; what time makes due, on
// that of a timer, of which a Teller has one, and none while nothing is to come.
type Teller struct {
	to   Listener
	set  *entity.Set
	said atomic.Pointer[Description] // nil before the first

	telling sync.Mutex // held while something is told, so that it leaves in the order in which it was due
	begun   bool       // what is described may be told
	over    bool       // nothing is told any more
	timer   *time.Timer

	counting sync.Mutex // guards happened and pressed
	happened map[Happened]uint64
	pressed  map[string]uint64 // by the ID of the Button
}

// Happened is one type of an entity's events.
type Happened struct{ ID, Type string }

// Listener takes what a Teller tells. None of the methods blocks, or calls the Teller.
type Listener interface {
	// Say sends a message.
	Say(msg messages.InternalMsg, retain bool)
	// Show publishes a view. An empty one that is retained is a clearing.
	Show(view, payload string, retain bool)
	// Forget has the broker forget what has been said about an address, at which nothing is said any more.
	Forget(about messages.Address)
	// Reroute takes notice that other messages may find the device.
	Reroute()
}

// NewTeller returns a Teller that knows no entities, and tells nothing before Begin.
func NewTeller(to Listener) *Teller { return &Teller{to: to, set: entity.NewSet()} }

// Description returns the description in force; nil if there is none.
func (t *Teller) Description() *Description { return t.said.Load() }

// Describe puts a description in force, unless it is in force already. Its address must be whole. The error says what is wrong with
// the description; the one before stays in force then.
func (t *Teller) Describe(d entity.Device) error {
	t.telling.Lock()
	defer t.telling.Unlock()
	before := t.said.Load()
	if t.over || before != nil && before.is(d) {
		return nil
	}
	if err := t.set.Describe(d); err != nil {
		return err
	}
	t.said.Store(NewDescription(d))
	if t.begun {
		t.to.Reroute()
		t.tellAll(before)
	}
	return nil
}

// Begin tells the description that there is, and from then on all that is due.
func (t *Teller) Begin() {
	t.telling.Lock()
	defer t.telling.Unlock()
	if t.begun || t.over {
		return
	}
	t.begun = true
	if t.said.Load() != nil {
		t.tellAll(nil)
	}
}

// Rest says that the device is down, or up again. What is down has no heartbeats: its values stay as they were last told, until
// they are stale.
func (t *Teller) Rest(down bool) {
	if t.set.Rest(down) {
		t.tell()
	}
}

// End has nothing told any more.
func (t *Teller) End() {
	t.telling.Lock()
	defer t.telling.Unlock()
	t.over = true
	if t.timer != nil {
		t.timer.Stop()
	}
}

// tellAll tells a new description, and has forgotten what is not said any more.
func (t *Teller) tellAll(before *Description) {
	now := t.said.Load()
	t.to.Show("info", now.info(), true)
	if before != nil {
		for _, at := range before.places {
			if !slices.Contains(now.places, at) {
				t.to.Forget(at)
			}
		}
		if len(before.places) > 0 && len(now.places) == 0 {
			t.to.Show("values", "", true)
		}
	}
	t.tellDue()
}

// Update takes what has been read. The error joins what is wrong with the readings; all the others are taken.
func (t *Teller) Update(at time.Time, values ...entity.Reading) error {
	due, err := t.set.Update(at, values...)
	if due {
		t.tell()
	}
	return err
}

func (t *Teller) tell() {
	t.telling.Lock()
	defer t.telling.Unlock()
	if t.begun && !t.over {
		t.tellDue()
	}
}

// tellDue tells what is due, and sets the timer to when more will be.
func (t *Teller) tellDue() {
	t.send(t.set.Due(time.Now()))
	switch next, waits := t.set.Next(); {
	case waits && t.timer == nil:
		t.timer = time.AfterFunc(time.Until(next), t.tell)
	case waits:
		t.timer.Reset(time.Until(next))
	case t.timer != nil:
		t.timer.Stop()
	}
}

// State returns what is known of an entity, and false if there is none of the ID that has a value.
func (t *Teller) State(id string) (entity.State, bool) { return t.set.State(id) }

// States returns what is known of every entity that has a value, hidden ones included, in the order of the description.
func (t *Teller) States() []entity.State { return t.set.States() }

// AppendStates appends States.
func (t *Teller) AppendStates(to []entity.State) []entity.State { return t.set.AppendStates(to) }

// Again says the values at some addresses, whether they have changed or not.
func (t *Teller) Again(at []messages.Address) {
	t.telling.Lock()
	defer t.telling.Unlock()
	if t.begun && !t.over {
		t.send(t.set.All(time.Now(), at...))
	}
}

func (t *Teller) send(news entity.News) {
	if len(news.Changed) == 0 {
		return
	}
	description := t.said.Load()
	for _, s := range news.Statuses {
		t.to.Say(s.Message(), description.retains(s))
	}
	for _, w := range news.Words {
		t.to.Say(w.Message(), w.Alone)
	}
	t.to.Show("values", t.set.Values().Raw(), true)
}

// Event tells that an event has happened. The error says why it can't be told.
func (t *Teller) Event(id, typ string, args ...messages.Argument) error {
	t.telling.Lock()
	defer t.telling.Unlock()
	msg, hidden, err := t.said.Load().event(id, typ, args)
	if err != nil || hidden || !t.begun || t.over {
		return err
	}
	t.counting.Lock()
	count(&t.happened, Happened{id, typ})
	t.counting.Unlock()
	t.to.Say(msg, false)
	t.to.Show("event/"+id, eventView(typ, msg), false)
	return nil
}

// count counts one of what in a map, which it makes with the first.
func count[K comparable](counts *map[K]uint64, what K) {
	if *counts == nil {
		*counts = make(map[K]uint64)
	}
	(*counts)[what]++
}

// Happened returns how many events of each type have been told; nil if none.
func (t *Teller) Happened() map[Happened]uint64 {
	t.counting.Lock()
	defer t.counting.Unlock()
	return maps.Clone(t.happened)
}

// Pressed returns how often the device has carried out the press of each Button, by the Button's ID; nil if never.
func (t *Teller) Pressed() map[string]uint64 {
	t.counting.Lock()
	defer t.counting.Unlock()
	return maps.Clone(t.pressed)
}

// countPresses counts the Buttons among changes that the device has carried out: they are those without a value.
func (t *Teller) countPresses(changes []entity.Change) {
	for _, c := range changes {
		if c.Value.Kind() == messages.Null {
			t.counting.Lock()
			count(&t.pressed, c.ID)
			t.counting.Unlock()
		}
	}
}
