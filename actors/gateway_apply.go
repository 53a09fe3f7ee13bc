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

// Apply makes the wanted devices those of the gateway, and returns what that changes.
//
// A device whose configuration stays the same is not touched: it is not opened again, and what waits for it waits on. One that
// is not wanted any more gets nothing new, finishes what waits for it and closes. One whose configuration has changed is
// replaced: what comes for it meanwhile waits until the old one has closed, and is handled by the new one, in order. A device
// that goes and is stuck in a call of its code is given up 10 s after the deadline of the call.
//
// Every fault of the wanted devices is in the error, also those of their parameters, and then nothing is changed. Without an
// error Apply returns when the new set is in force: a message that arrives later finds the new devices, and none that is gone.
// New devices may still be opening then, and others closing. If ctx is done first, Apply returns its cause, and the change may
// take effect all the same.
//
// Any goroutine may call Apply while the gateway runs, the start included; calls take effect in their order. Before Run and
// after it, and once the gateway is stopping, Apply returns an error. Neither the slice nor what it holds may be written to
// afterwards.
func (g *Gateway) Apply(ctx context.Context, wanted []config.Device) (Changes, error) {
	return g.apply(ctx, wanted, false)
}

// Configuration returns the configuration of a device that is there, and whether there is one of that name. What it holds may
// not be written to. Any goroutine may call it, also before the gateway runs and after.
func (g *Gateway) Configuration(device string) (config.Device, bool) {
	d := g.table.named(device)
	if d == nil {
		return config.Device{}, false
	}
	return *d.config, true
}

// Compare returns what Apply would change, or why it would change nothing, and does nothing.
func (g *Gateway) Compare(ctx context.Context, wanted []config.Device) (Changes, error) {
	return g.apply(ctx, wanted, true)
}

func (g *Gateway) apply(ctx context.Context, wanted []config.Device, compareOnly bool) (Changes, error) {
	if !g.up.Load() {
		return Changes{}, errNotRunning
	}
	select { // one at a time: what has been compared is still so when it is applied
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

// ask gives the parent of the devices an order, and waits for what the parent answers.
func (g *Gateway) ask(ctx context.Context, order any, answer <-chan answered) (Changes, error) {
	g.devices.send(order)
	select {
	case did := <-answer:
		return did.changes, did.err
	case <-ctx.Done():
		return Changes{}, context.Cause(ctx)
	case <-g.life.Done():
		return Changes{}, errNotRunning
	}
}

// checkDevices returns the types of the devices, by the names of the types, and what is wrong with the devices beside their
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

// checkParams returns what is wrong with the parameters of the devices that are not kept.
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

// Reload puts another map in force, for the same name, and leaves the link alone: the words count from the next message
// on, and the living session's subscriptions become the new map's, as those of all later sessions. What the broker
// grants is logged when it has answered, after Reload has returned. Another root is refused: what is retained below the
// old one would be there for ever. Any goroutine may call it while the gateway runs.
func (g *Gateway) Reload(codec *mapping.Codec) error {
	if !g.up.Load() {
		return errNotRunning
	}
	if was, is := g.options.Codec.Root(), codec.Root(); was != is {
		return fmt.Errorf("root %q instead of %q: another root needs a restart", is, was)
	}
	g.mapper.send(remap{codec}) // which sends it on to the connection: what a new filter brings is for the new words
	return nil
}
