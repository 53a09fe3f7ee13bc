// Package point has what a configuration says of a point, as users call an entity there, whatever its device speaks. A type of device
// embeds [Params] in the struct of its own points, and adds how each is read and written:
//
//	type Point struct {
//		point.Params
//		Match string `koanf:"match" doc:"pattern that finds its value" default:""`
//	}
package point

import (
	"cmp"
	"errors"
	"strings"
	"time"

	"github.com/mqttgateway/mqttgateway/entity"
	"github.com/mqttgateway/mqttgateway/internal/options"
	"github.com/mqttgateway/mqttgateway/messages"
)

// Params are the options that every point has.
type Params struct {
	ID        string            `koanf:"id" doc:"by which it is known, for ever: a small letter, then small letters, digits and _" example:"power"`
	Name      string            `koanf:"name" doc:"for people; without one it is made from id" default:""`
	Kind      string            `koanf:"kind" doc:"number, bool, enum, text, event or button; without one what the other options tell, else number" default:""`
	Unit      string            `koanf:"unit" doc:"as Home Assistant spells it" default:"" example:"kWh"`
	Class     string            `koanf:"class" doc:"Home Assistant's device class" default:"" example:"energy"`
	State     string            `koanf:"state" doc:"measurement, total or total_increasing; without one what follows from class" default:""`
	Category  string            `koanf:"category" doc:"config, diagnostic or none" default:""`
	Min       *float64          `koanf:"min" min:"-1e15" max:"1e15" doc:"the least that it can be set to"`
	Max       *float64          `koanf:"max" min:"-1e15" max:"1e15" doc:"the most that it can be set to"`
	Step      *float64          `koanf:"step" min:"0" max:"1e15" doc:"by which it can be set, from min on"`
	Decimals  *int              `koanf:"decimals" min:"0" max:"15" doc:"digits after the point that are told; without it all"`
	Options   []string          `koanf:"options" doc:"the values of an enum, the types of an event"`
	Words     map[string]string `koanf:"words" doc:"an action for each value, both ways" example:"{true: GATE_OPEN, false: GATE_CLOSE}"`
	Function  string            `koanf:"function" doc:"of its address; without one the device's" default:""`
	Gateway   string            `koanf:"gateway" doc:"of its address; without one the device's" default:""`
	Location  string            `koanf:"location" doc:"of its address; without one the device's" default:""`
	Device    string            `koanf:"device" doc:"of its address; without one the device's" default:""`
	Group     Group             `koanf:"group" doc:"a thing that people see as one, and that the point is a part of"`
	Deadband  float64           `koanf:"deadband" doc:"a number is told when it differs by more from what was last told" default:"0" min:"0" max:"1e15"`
	AtMost    time.Duration     `koanf:"at_most" doc:"it is told once in this time at most" default:"0" min:"1ms" max:"8760h" zero:"as often as it changes"`
	Heartbeat time.Duration     `koanf:"heartbeat" doc:"it is told once in this time at least" default:"0" min:"1s" max:"8760h" zero:"when it changes"`
	Stale     time.Duration     `koanf:"stale" doc:"it is unknown when it has not been read for so long" default:"0" min:"1s" max:"8760h" zero:"never"`
	Hidden    bool              `koanf:"hidden" doc:"other points are made from it, and nobody else is told" default:"false"`
}

// Group makes a point a part of a thing that people see as one.
type Group struct {
	Kind string `koanf:"kind" doc:"light or cover" default:""`
	ID   string `koanf:"id" doc:"of the thing" default:""`
	Role string `koanf:"role" doc:"what the point is in it: on, brightness, position …" default:""`
}

// Entity returns the entity that p describes, of a kind unless p says of which.
func (p *Params) Entity(kind entity.Kind, write bool) entity.Entity {
	return entity.Entity{
		ID: p.ID, Name: p.Name, Kind: cmp.Or(entity.Kind(p.Kind), kind), Write: write,
		Unit: p.Unit, Class: p.Class, State: p.State, Category: p.Category,
		Min: p.Min, Max: p.Max, Step: p.Step, Decimals: p.Decimals, Options: p.Options, Words: p.Words,
		Address: messages.Address{Function: p.Function, Gateway: p.Gateway, Location: p.Location, Device: p.Device},
		Group:   entity.Group(p.Group),
		Report:  entity.Report{Deadband: p.Deadband, AtMost: p.AtMost, Heartbeat: p.Heartbeat, Stale: p.Stale},
		Hidden:  p.Hidden,
	}
}

// Check returns what [entity.Check] finds wrong with one entity, each fault at its option below a key: points[2].class. What is
// wrong with several together, such as a doubled ID, Check does not know.
func Check(key string, e entity.Entity) error {
	e.Group = entity.Group{} // its other parts are other entities
	var faults []error
	for _, err := range options.Each(entity.Check(entity.Device{Entities: []entity.Entity{e}})) {
		text := err.Error()
		if _, rest, ok := strings.Cut(text, `": `); ok {
			text = rest
		}
		at := key
		if option, rest, ok := strings.Cut(text, ": "); ok && !strings.ContainsAny(option, ` "`) {
			at, text = key+"."+strings.TrimPrefix(option, "report."), rest
		}
		faults = append(faults, &options.Fault{Key: at, Err: errors.New(text)})
	}
	return errors.Join(faults...)
}

// Probes returns values that an entity may be set to: the bounds of a number, both of a bool, each option of an enum.
func Probes(e *entity.Entity) (values []messages.Value) {
	switch e.Kind {
	case entity.Number:
		low, high := 0.0, 1.0
		if e.Max != nil {
			low, high = *e.Max, *e.Max
		}
		if e.Min != nil {
			low = *e.Min
		}
		return []messages.Value{messages.FloatValue(low), messages.FloatValue(max(low, high))}
	case entity.Bool:
		return []messages.Value{messages.BoolValue(false), messages.BoolValue(true)}
	case entity.Enum:
		for _, option := range e.Options {
			values = append(values, messages.TextValue(option))
		}
		return values
	case entity.Button:
		return []messages.Value{{}}
	}
	return []messages.Value{messages.TextValue("text")}
}
