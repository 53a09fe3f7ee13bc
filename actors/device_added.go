package actors

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/mqttgateway/mqttgateway/actors/recorder"
	"github.com/mqttgateway/mqttgateway/config"
	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/messages"
)

// Add implements devices.Env. Whether a name is free, Add knows at once; the parent of the devices does the rest.
func (e *env) Add(name string, address messages.Address, open devices.Opener) (devices.Added, error) {
	if err := devices.CheckAdded(name); err != nil {
		return nil, fmt.Errorf("device %q cannot be added: the name %w", name, err)
	}
	hub := e.device
	full := hub.config.Name + "." + name
	refused := func(err error) (devices.Added, error) {
		return nil, fmt.Errorf("device %q cannot be added: %w", full, err)
	}
	e.adding.Lock()
	defer e.adding.Unlock()
	switch other := hub.shared.table.named(full); {
	case hub.hub != nil:
		return refused(fmt.Errorf("%q was added itself", hub.config.Name))
	case e.left:
		return refused(devices.ErrStopped)
	case e.added[full], other != nil && other.hub != hub:
		return refused(errTaken)
	}
	if e.added == nil {
		e.added = make(map[string]bool)
	}
	e.added[full] = true
	hub.adds.Store(true)
	hub.shared.parent.send(adopt{hub.identity(), hub.configBelow(full, address), &devices.Type{Name: hub.config.Type, Open: opener(open)}})
	return &added{env: e, name: full}, nil
}

// opener returns what opens a device that has no parameters.
func opener(open devices.Opener) func(context.Context, devices.Env, map[string]any) (devices.Device, error) {
	return func(ctx context.Context, env devices.Env, _ map[string]any) (devices.Device, error) {
		return open(ctx, env)
	}
}

// configBelow returns the configuration of a device that this one adds.
func (d *device) configBelow(full string, address messages.Address) config.Device {
	c := *d.config
	c.Name, c.Params = full, nil
	if address == (messages.Address{}) {
		address.Device = full
	}
	c.Address, c.AnswersTo = config.Address(address), config.AnswersTo{}
	return c
}

// leave lets nothing more be added in this life of the device.
func (e *env) leave() {
	e.adding.Lock()
	defer e.adding.Unlock()
	e.left = true
}

// added implements devices.Added.
type added struct {
	env     *env
	name    string
	removed atomic.Bool
}

// Name implements devices.Added.
func (a *added) Name() string { return a.name }

// Remove implements devices.Added.
func (a *added) Remove() {
	e := a.env
	e.adding.Lock()
	defer e.adding.Unlock()
	if e.left || a.removed.Swap(true) {
		return
	}
	delete(e.added, a.name)
	e.device.shared.parent.send(disown{e.device.identity(), a.name})
}

// lose takes a device down whose hub is down, for the hub's reason: it refuses everything, and what it is doing is
// cancelled. The host hears of it by orphaned.
func (d *device) lose(why error) {
	var queued []any
	var cancel func()
	d.box.Locked(func() {
		if d.hubDown == nil || d.hubDown.Error() != why.Error() {
			d.ownRecorder().Text(time.Now(), recorder.State, messages.Offline.String(), ": ", why.Error())
		}
		d.hubDown = why
		queued = d.box.Pick(isHandle)
		if d.busy != nil {
			cancel = d.busy.cancel
		}
	})
	if cancel != nil {
		cancel()
	}
	d.box.Refuse(queued, why)
}

// blame returns the reason of the hub, if the hub is down, instead of an error that follows from that.
func (d *device) blame(err error) error {
	if err == nil {
		return nil
	}
	d.box.Locked(func() {
		if d.hubDown != nil {
			err = d.hubDown
		}
	})
	return err
}

// orphaned reports whether the hub is down.
func (d *device) orphaned() (is bool) {
	d.box.Locked(func() { is = d.hubDown != nil })
	return is
}

// orphaned closes the device of a host whose hub is down. It is opened again when its hub has added it again.
func (h *host) orphaned(m orphaned) {
	if h.retry != nil {
		h.retry.Stop()
	}
	h.due, h.orphan = false, true
	h.device.lose(m.why)
	h.close()
}

// adopted opens the device that its hub, which is there again, has added again.
func (h *host) adopted(m adopted) {
	h.device.typ, h.orphan = m.typ, false
	h.device.box.Locked(func() { h.device.hubDown = nil })
	if h.due = h.running != nil; !h.due {
		h.open()
	}
}
