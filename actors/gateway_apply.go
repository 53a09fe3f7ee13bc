package actors

import (
	"context"
	"errors"
	"fmt"

	"github.com/mqttgateway/mqttgateway/config"
	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/mapping"
	"github.com/mqttgateway/mqttgateway/topic"
)

// Apply makes wanted the devices of the gateway, and returns what that changes.
//
// A device whose configuration has not changed is not disturbed: it is not opened again, and its messages stay in its
// mailbox. A device that is not wanted any more gets no further messages, handles those in its mailbox and closes. A
// device whose configuration has changed is replaced: messages that come meanwhile wait until the old device has
// closed, and the new device handles them in order. A device that must go and is stuck in a call of its code is given
// up 10 s after the call's deadline.
//
// If there are faults in the wanted devices, also in their parameters, the error holds all of them, and nothing
// changes. Without an error, Apply returns when the new devices are in force: messages that arrive later find the new
// devices, and no removed ones. New devices may still be opening, and others closing. If ctx is done first, Apply
// returns its cause; the change may take effect nevertheless.
//
// Any goroutine may call Apply while the gateway runs or starts; calls take effect in their order. Before Run, after
// Run, and while the gateway is stopping, Apply returns an error. The caller must not change the slice, or anything in
// it, afterwards.
func (g *Gateway) Apply(ctx context.Context, wanted []config.Device) (Changes, error) {
	return g.apply(ctx, wanted, false)
}

// Configuration returns the configuration of a device, or false if there is no device of that name. The caller must not
// change anything in it. Any goroutine may call Configuration, also before the gateway runs and afterwards.
func (g *Gateway) Configuration(device string) (config.Device, bool) {
	d := g.table.named(device)
	if d == nil {
		return config.Device{}, false
	}
	return *d.config, true
}

// Compare returns what Apply would change, or Apply's error, and changes nothing.
func (g *Gateway) Compare(ctx context.Context, wanted []config.Device) (Changes, error) {
	return g.apply(ctx, wanted, true)
}

func (g *Gateway) apply(ctx context.Context, wanted []config.Device, compareOnly bool) (Changes, error) {
	if !g.up.Load() {
		return Changes{}, ErrNotRunning
	}
	select { // one at a time: nothing changes between comparing and applying
	case g.applying <- struct{}{}:
		defer func() { <-g.applying }()
	case <-ctx.Done():
		return Changes{}, context.Cause(ctx)
	}
	types, faults := checkDevices(wanted)
	answer := make(chan answered, 1)
	changes, err := g.ask(ctx, compare{wanted, answer}, answer)
	if err != nil {
		return Changes{}, err
	}
	if err := errors.Join(append(faults, checkParams(wanted, types, changes)...)...); err != nil || compareOnly || changes.None() {
		return changes, err
	}
	return g.ask(ctx, apply{wanted, types, changes, answer}, answer)
}

// ask sends an order to the parent of the devices, and waits for the answer.
func (g *Gateway) ask(ctx context.Context, order any, answer <-chan answered) (Changes, error) {
	g.devices.send(order)
	select {
	case did := <-answer:
		return did.changes, did.err
	case <-ctx.Done():
		return Changes{}, context.Cause(ctx)
	case <-g.life.Done():
		return Changes{}, ErrNotRunning
	}
}

// checkDevices returns the types of the devices by name, and all faults of the devices except those in their
// parameters.
func checkDevices(list []config.Device) (types map[string]*devices.Type, faults []error) {
	types = make(map[string]*devices.Type)
	taken := make(map[string]bool, len(list))
	for i := range list {
		d := &list[i]
		fault := func(err error) { faults = append(faults, fmt.Errorf("device %q: %w", d.Name, err)) }
		if err := topic.CheckLevel(d.Name); err != nil {
			fault(err)
		} else if d.Name == "" {
			fault(errors.New("want a name"))
		} else if taken[d.Name] {
			fault(errors.New("a name that another has already"))
		}
		taken[d.Name] = true
		if types[d.Type] != nil {
			continue
		}
		if t, err := devices.Lookup(d.Type); err != nil {
			fault(err)
		} else {
			types[d.Type] = &t
		}
	}
	return types, faults
}

// checkParams returns the faults in the parameters of those devices that are not kept.
func checkParams(wanted []config.Device, types map[string]*devices.Type, c Changes) (faults []error) {
	kept := make(map[string]bool, len(c.Kept))
	for _, name := range c.Kept {
		kept[name] = true
	}
	for i := range wanted {
		d := &wanted[i]
		t := types[d.Type]
		if kept[d.Name] || t == nil || t.Check == nil {
			continue
		}
		if err := t.Check(d.Params); err != nil {
			faults = append(faults, fmt.Errorf("device %q: %w", d.Name, err))
		}
	}
	return faults
}

// Reload puts another map in force, for the same gateway name, and keeps the link. The map applies to the next message;
// the present session and all later ones subscribe to the map's filters. The broker's answers are logged when they
// come, after Reload has returned. A map with another root is refused, since topics retained below the old root would
// stay for ever. Any goroutine may call Reload while the gateway runs.
func (g *Gateway) Reload(codec *mapping.Codec) error {
	if !g.up.Load() {
		return ErrNotRunning
	}
	if was, is := g.options.Codec.Root(), codec.Root(); was != is {
		return fmt.Errorf("root %q instead of %q: another root needs a restart", is, was)
	}
	// The mapper sends it on to the connection: messages of a new filter are for the new map.
	g.mapper.send(remap{codec})
	return nil
}
