package entities

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"

	"github.com/mqttgateway/mqttgateway/entity"
	"github.com/mqttgateway/mqttgateway/messages"
)

// Description is a description with what follows from it. Nobody writes to it any more.
type Description struct {
	device entity.Device
	shown  []*entity.Entity                    // those that others may know of
	places []messages.Address                  // where values are said, in the order of the entities
	lone   map[messages.Address]*entity.Entity // those with words that have an address for themselves
}

// Device returns what the device has said. Nobody writes to it. Of a nil Description it is nothing.
func (n *Description) Device() entity.Device {
	if n == nil {
		return entity.Device{}
	}
	return n.device
}

// Whole returns a copy of d that shares nothing with it, with the characteristics of its address that it leaves empty taken from
// address. So an author who writes to his description and describes the device again is not taken at his word of before.
func Whole(d entity.Device, address messages.Address) entity.Device {
	d.Address = entity.Overlay(address, d.Address)
	d.Entities = slices.Clone(d.Entities)
	for i := range d.Entities {
		e := &d.Entities[i]
		e.Options, e.Words = slices.Clone(e.Options), maps.Clone(e.Words)
		e.Min, e.Max, e.Step, e.Decimals = copied(e.Min), copied(e.Max), copied(e.Step), copied(e.Decimals)
	}
	return d
}

func copied[T any](p *T) *T {
	if p == nil {
		return nil
	}
	v := *p
	return &v
}

// NewDescription returns the description d, which [entity.Check] takes.
func NewDescription(d entity.Device) *Description {
	n := &Description{device: d, lone: make(map[messages.Address]*entity.Entity)}
	said := make(map[messages.Address]int)
	for i := range n.device.Entities {
		e := &n.device.Entities[i]
		if e.Hidden {
			continue
		}
		n.shown = append(n.shown, e)
		at := d.AddressOf(e)
		if e.Kind != entity.Button {
			said[at]++
		}
		if e.Kind.HasValue() && !slices.Contains(n.places, at) {
			n.places = append(n.places, at)
		}
	}
	for _, e := range n.shown {
		if at := d.AddressOf(e); said[at] == 1 && e.Kind.HasValue() && len(e.Words) > 0 {
			n.lone[at] = e
		}
	}
	return n
}

// is reports whether d is the description n.
func (n *Description) is(d entity.Device) bool { return reflect.DeepEqual(n.device, d) }

// info returns the payload of the info view: the description as JSON, without what is hidden.
func (n *Description) info() string {
	d := n.device
	d.Entities = make([]entity.Entity, 0, len(n.shown))
	for _, e := range n.shown {
		d.Entities = append(d.Entities, *e)
	}
	b, err := json.Marshal(d)
	if err != nil {
		panic(err) // of texts, and numbers that entity.Check has taken
	}
	return string(b)
}

// Settable reports whether an entity can be set or pressed. Of a nil Description none can.
func (n *Description) Settable() bool {
	return n != nil && slices.ContainsFunc(n.shown, func(e *entity.Entity) bool { return e.Write || e.Kind == entity.Button })
}

// retains reports whether the broker is to keep a STATE. It keeps the word instead, if an entity with words has its address for
// itself, and a word for its value.
func (n *Description) retains(s entity.Status) bool {
	e := n.lone[s.Address]
	if e == nil {
		return true
	}
	_, worded := e.Word(s.Values[0].Value)
	return !worded
}

// Answers are lists of what a message may say to find a device; an empty list allows everything.
type Answers struct{ Function, Gateway, Location, Device []string }

// Answers returns, of each characteristic, the values that the addresses of the entities have. It is empty where an entity has
// none, and false if there are no entities.
func (n *Description) Answers() (a Answers, ok bool) {
	for _, c := range [...]struct {
		list *[]string
		of   func(messages.Address) string
	}{
		{&a.Function, func(at messages.Address) string { return at.Function }},
		{&a.Gateway, func(at messages.Address) string { return at.Gateway }},
		{&a.Location, func(at messages.Address) string { return at.Location }},
		{&a.Device, func(at messages.Address) string { return at.Device }},
	} {
		for _, e := range n.shown {
			word := c.of(n.device.AddressOf(e))
			if ok = true; word == "" {
				*c.list = nil
				break
			}
			if !slices.Contains(*c.list, word) {
				*c.list = append(*c.list, word)
			}
		}
	}
	return a, ok
}

// event returns the message by which an entity says that an event of a type has happened, and whether nobody is to hear of it.
func (n *Description) event(id, typ string, args []messages.Argument) (msg messages.InternalMsg, hidden bool, err error) {
	e, ok := n.entity(id)
	if !ok {
		return msg, false, fmt.Errorf("event of %q: the description has no such entity", id)
	}
	action, err := e.EventAction(typ)
	if err != nil {
		return msg, false, fmt.Errorf("event of %q: %w", id, err)
	}
	return messages.New(messages.Status, n.device.AddressOf(e), action).WithArgs(args...), e.Hidden, nil
}

// entity returns the entity of an ID. A nil Description has none.
func (n *Description) entity(id string) (*entity.Entity, bool) {
	if n == nil {
		return nil, false
	}
	return n.device.Entity(id)
}
