package entity

import (
	"slices"
	"strings"
	"time"

	"github.com/mqttgateway/mqttgateway/messages"
)

// Device describes one device to everybody else. Nothing in it is written any more once it has been handed over.
type Device struct {
	Name         string           `json:"name,omitempty"` // for people; empty: the device's name in the configuration
	Manufacturer string           `json:"manufacturer,omitempty"`
	Model        string           `json:"model,omitempty"`
	Serial       string           `json:"serial,omitempty"`
	HW           string           `json:"hw,omitempty"`       // version of the hardware
	SW           string           `json:"sw,omitempty"`       // version of its firmware
	URL          string           `json:"url,omitempty"`      // of a page to configure it: http or https
	Address      messages.Address `json:"address,omitzero"`   // of all entities that set none of their own
	Entities     []Entity         `json:"entities,omitempty"` // in the order in which people are to see them
}

// Entity is one thing of a device that has a value, happens (Event) or can be pressed (Button).
type Entity struct {
	ID       string            `json:"id"`                 // [a-z][a-z0-9_]*, for ever: whoever listens knows the entity by it
	Name     string            `json:"name,omitempty"`     // for people; empty: made from ID
	Kind     Kind              `json:"kind"`               // closed: composites are a Group of several entities
	Write    bool              `json:"write,omitempty"`    // can be set; reading is implied but for a Button
	Unit     string            `json:"unit,omitempty"`     // as Home Assistant spells it: V kWh °C %
	Class    string            `json:"class,omitempty"`    // Home Assistant's device class: voltage energy door …
	State    string            `json:"state,omitempty"`    // Home Assistant's state class; empty: StateClass says
	Category string            `json:"category,omitempty"` // "", config or diagnostic
	Min      *float64          `json:"min,omitempty"`      // in Unit; of what is set, not of what is read
	Max      *float64          `json:"max,omitempty"`      // in Unit
	Step     *float64          `json:"step,omitempty"`     // in Unit, counted from Min, from 0 without one
	Decimals *int              `json:"decimals,omitempty"` // digits after the point that are told; nil: as they come
	Options  []string          `json:"options,omitempty"`  // the values of an Enum; the types of an Event
	Words    map[string]string `json:"words,omitempty"`    // value → action, both ways: {"true": GATE_OPEN}; see [Entity.Word]
	Address  messages.Address  `json:"address,omitzero"`   // what is set overrides the device's
	Group    Group             `json:"group,omitzero"`     // what it is a part of
	Report   Report            `json:"report,omitzero"`    // when a value is worth telling
	Hidden   bool              `json:"hidden,omitempty"`   // known to derived values, told to nobody
}

// Kind is what an entity is.
type Kind string

// The kinds.
const (
	Number Kind = "number"
	Bool   Kind = "bool"
	Enum   Kind = "enum"   // one of Options
	Text   Kind = "text"   //
	Event  Kind = "event"  // happens, and has no value; its types are Options
	Button Kind = "button" // is pressed, and has no value
)

// HasValue reports whether entities of the kind have a value.
func (k Kind) HasValue() bool { return k == Number || k == Bool || k == Enum || k == Text }

// Group makes an entity a part of a thing that people see as one: a light of a switch and a brightness. The roles are, of a light, on
// (which it must have), brightness, color_temp and effect; of a cover, position, tilt, state and move, one of position and move being
// there.
type Group struct {
	Kind string `json:"kind"` // light or cover
	ID   string `json:"id"`   // of the thing, unique within the device, in the grammar of entities' IDs
	Role string `json:"role"` // what the entity is in it
}

// Report says when a value is worth telling.
type Report struct {
	Deadband  float64       // of a Number, in Unit: told is what differs by more from the value last told
	AtMost    time.Duration // one report in it at most, the latest value at its end; 0: no bound
	Heartbeat time.Duration // one report in it at least; 0: none
	Stale     time.Duration // not confirmed for so long: unknown; 0: never
}

// The actions that entities are said and set by.
const (
	ActionState = "STATE" // a status with the values of all entities of one address
	ActionSet   = "SET"   // a command with what is to be set: {id: value …}
	ActionGet   = "GET"   // a command that asks for STATE
)

// Press is the key under which the Words of a Button have its action.
const Press = "press"

// F returns a pointer to f, for Min, Max and Step.
func F(f float64) *float64 { return &f }

// D returns a pointer to n, for Decimals.
func D(n int) *int { return &n }

// Entity returns the entity called id, and whether there is one.
func (d *Device) Entity(id string) (*Entity, bool) {
	i := slices.IndexFunc(d.Entities, func(e Entity) bool { return e.ID == id })
	if i < 0 {
		return nil, false
	}
	return &d.Entities[i], true
}

// AddressOf returns where the values of e, an entity of d, are said.
func (d *Device) AddressOf(e *Entity) messages.Address { return Overlay(d.Address, e.Address) }

// Overlay returns base with the characteristics that over sets.
func Overlay(base, over messages.Address) messages.Address {
	for _, c := range [...]struct{ to, from *string }{
		{&base.Function, &over.Function}, {&base.Gateway, &over.Gateway}, {&base.Location, &over.Location}, {&base.Device, &over.Device},
	} {
		if *c.from != "" {
			*c.to = *c.from
		}
	}
	return base
}

// Label returns the name for people: Name, or one made from ID: "Flow temperature" from flow_temperature.
func (e *Entity) Label() string {
	if e.Name != "" || e.ID == "" {
		return e.Name
	}
	return strings.ToUpper(e.ID[:1]) + strings.ReplaceAll(e.ID[1:], "_", " ")
}
