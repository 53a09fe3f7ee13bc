package devicetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/entity"
	"github.com/mqttgateway/mqttgateway/messages"
)

// unknownAction is none that a device has.
const unknownAction = "DEVICETEST_UNKNOWN"

// live lets the device live and work for some times, and looks at what it leaves behind.
func (r *trial) live() {
	r.t.Helper()
	left := leftovers{trial: r}
	for n := range r.lives {
		left.begin()
		d := r.opened(fmt.Sprintf("in life %d", n+1))
		if d == nil {
			return
		}
		if n > 0 && !r.work(d) { // the first is closed at once
			r.shut(d)
			return
		}
		if !r.close(d) {
			return
		}
		left.end()
	}
}

// work has the device, and those that it has added, do what it is told to. It returns false if one has failed.
func (r *trial) work(d *Device) bool {
	r.t.Helper()
	for _, p := range r.probes(d) {
		if !r.probe(d, p) {
			return false
		}
	}
	for _, name := range d.Names() {
		added, err := d.Added(name)
		switch {
		case err != nil && !slices.Contains(d.Names(), name): // it has been removed meanwhile
			continue
		case err != nil:
			r.fault(Opens, "%s, which it has added: %v", name, err)
			continue
		}
		for _, p := range r.probesOf(added) {
			if !r.probe(added, p) {
				return false
			}
		}
	}
	return true
}

// probe is a call, and what may come of it.
type probe struct {
	what string
	do   func(d *Device, ctx context.Context) error
	rule Rule // that is broken if the call goes wrong
	must bool // the device may not refuse
}

// probes returns the commands that the test has given, and probesOf.
func (r *trial) probes(d *Device) (all []probe) {
	for _, command := range r.commands {
		all = append(all, probe{command.String(), handling(command), Works, true})
	}
	return append(all, r.probesOf(d)...)
}

// probesOf returns what the description of a device says that the device can, and what no device knows.
func (r *trial) probesOf(d *Device) (all []probe) {
	for _, e := range d.teller.Description().Device().Entities {
		if value, ok := something(&e); ok && !e.Hidden {
			all = append(all, probe{"set " + e.ID + " to " + value.Raw(), setting(e.ID, value), Works, false})
		}
	}
	if _, reads := d.dev.(devices.Reader); reads {
		all = append(all, probe{"read", reading, Works, false})
	}
	if _, observes := d.dev.(devices.Observer); observes {
		all = append(all, probe{"a status that it does not know", handling(messages.New(messages.Status, d.Address(), unknownAction)), Works, false})
	}
	return append(all, probe{"", handling(messages.New(messages.Command, d.Address(), unknownAction)), Refuses, false})
}

func handling(msg messages.InternalMsg) func(*Device, context.Context) error {
	return func(d *Device, ctx context.Context) error { return d.handle(ctx, msg) }
}

func setting(id string, value messages.Value) func(*Device, context.Context) error {
	return func(d *Device, ctx context.Context) error {
		asked, err := d.asked(id, value)
		if err != nil {
			return err
		}
		return d.teller.Do(ctx, d.dev, asked)
	}
}

func reading(d *Device, ctx context.Context) error { return d.dev.(devices.Reader).Read(ctx) }

// something returns a value that an entity can be set to.
func something(e *entity.Entity) (messages.Value, bool) {
	switch {
	case e.Kind == entity.Button:
		return messages.Value{}, true
	case !e.Write:
		return messages.Value{}, false
	}
	switch e.Kind {
	case entity.Bool:
		return messages.BoolValue(true), true
	case entity.Enum:
		return messages.TextValue(e.Options[0]), true
	case entity.Text:
		return messages.TextValue("devicetest"), true
	}
	at := 0.0
	switch {
	case e.Min != nil:
		at = *e.Min
	case e.Max != nil:
		at = min(at, *e.Max)
	}
	return messages.FloatValue(at), true
}

// probe makes a call and judges what has come of it. It returns false if the device has failed.
func (r *trial) probe(d *Device, p probe) bool {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(d.life, patience)
	defer cancel()
	err := r.call(patience+grace, func() error { return p.do(d, ctx) }, d.giveUp)
	switch {
	case errors.Is(err, errGoesOn):
		r.fault(ReturnsInTime, "%s: it goes on %v after its context has ended", p.name(), grace)
	case isFailure(err):
		r.fault(p.rule, "%s: it fails: %v", p.name(), err)
	case p.must && err != nil:
		r.fault(p.rule, "%s: it refuses: %v", p.name(), err)
	case p.rule == Refuses && err == nil && !r.anything:
		r.fault(p.rule, "it says that it has done the action %s, which there is not: want devices.ErrAction (or the option AnyAction)", unknownAction)
	}
	return !isFailure(err)
}

func (p probe) name() string {
	if p.what == "" {
		return unknownAction
	}
	return p.what
}

// endContexts ends the context of each call, before the call and while it goes on. A device that fails over that is opened again.
func (r *trial) endContexts() {
	r.t.Helper()
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	switch d, err := r.open(ended, r.params, grace); {
	case errors.Is(err, errGoesOn):
		r.fault(OpensInTime, "the opener goes on %v after its context has ended", grace)
		return
	case err == nil && !r.shut(d): // its equipment may have been given back when the context ended
		return
	}
	d := r.opened("after its context had ended")
	if d == nil {
		return
	}
	for _, p := range r.probes(d) {
		for _, after := range []time.Duration{0, 10 * time.Millisecond} {
			if d.Failure(0) != nil {
				if !r.shut(d) {
					return
				}
				if d = r.opened("after the context of a call had ended"); d == nil {
					return
				}
			}
			ctx, cancel := context.WithTimeout(d.life, after)
			err := r.call(after+grace, func() error { return p.do(d, ctx) }, d.giveUp)
			cancel()
			if errors.Is(err, errGoesOn) {
				r.fault(ReturnsInTime, "%s: it goes on %v after its context has ended", p.name(), grace)
				return
			}
			if isFailure(err) {
				d.fail(err)
			}
		}
	}
	r.shut(d)
}

// goAway lets the device live while the broker is away, so that no receipt is decided.
func (r *trial) goAway() {
	r.t.Helper()
	r.away = newEnv(r.name, r.address)
	r.away.leave()
	var waited atomic.Bool
	back := make(chan struct{})
	late := time.AfterFunc(grace, func() { // a call that waits for a receipt would never return
		waited.Store(r.away.back())
		close(back)
	})
	d := r.opened("while the broker is away")
	end := r.close
	if d != nil && !r.work(d) {
		end = r.shut
	}
	if !late.Stop() {
		<-back
	}
	if waited.Load() {
		r.fault(WaitsForNobody, "a call has waited for the receipt of what it had emitted")
	}
	if d != nil {
		end(d)
	}
	r.away.back()
	r.away = nil
}
