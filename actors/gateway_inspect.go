package actors

import (
	"slices"

	"github.com/mqttgateway/mqttgateway/actors/recorder"
	"github.com/mqttgateway/mqttgateway/actors/supervision"
	"github.com/mqttgateway/mqttgateway/config"
	"github.com/mqttgateway/mqttgateway/entity"
	"github.com/mqttgateway/mqttgateway/internal/options"
	"github.com/mqttgateway/mqttgateway/messages"
)

// Inspection is all that the gateway can show of one device. Nothing in it may be changed.
type Inspection struct {
	DeviceInfo
	Entry       supervision.Entry // of the record: how it is, since when, why, by whom it was added
	Address     messages.Address  // what its own messages are about
	Config      config.Device     // without secrets: stars stand in their places
	Description *entity.Device    // in force; nil while the device has not described itself
	Recorded    []recorder.Entry  // what its flight recorder has, the oldest first
	Values      []entity.State    // of the entities that have one, but not of hidden ones, in the order of the description
}

// Inspect returns all that the gateway can show of a device, or false if there is no device of that name, or the record does
// not know it yet. The parts of an Inspection are as they are at one moment each, not all at the same. Like Device, Inspect waits for no actor. Any goroutine may call Inspect,
// also before the gateway runs and afterwards.
func (g *Gateway) Inspect(name string) (Inspection, bool) {
	d, e := g.table.named(name), g.board.entry(supervision.Device, name)
	if d == nil || e.Name == "" {
		return Inspection{}, false
	}
	i := Inspection{DeviceInfo: d.info(), Entry: e, Address: d.address(), Config: d.shownConfig(), Recorded: d.recorded()}
	if t := d.entities.Load(); t != nil {
		if n := t.Description(); n != nil {
			of := n.Device()
			i.Description, i.Values = &of, shownStates(of, t.States())
		}
	}
	return i, true
}

// Address returns what a device's own messages are about, or false if there is no device of that name. Any goroutine may call Address.
func (g *Gateway) Address(name string) (messages.Address, bool) {
	d := g.table.named(name)
	if d == nil {
		return messages.Address{}, false
	}
	return d.address(), true
}

// shownStates returns the states of those entities that others may know of.
func shownStates(of entity.Device, all []entity.State) []entity.State {
	return slices.DeleteFunc(all, func(s entity.State) bool {
		e, ok := of.Entity(s.ID)
		return !ok || e.Hidden
	})
}

// shownConfig returns the configuration of d without secrets.
func (d *device) shownConfig() config.Device {
	c := *d.config
	c.Params = options.HideSecrets(c.Params, d.typ.Params, d.typ.Check != nil)
	return c
}
