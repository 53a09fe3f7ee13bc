package devicetest

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/entity"
	"github.com/mqttgateway/mqttgateway/internal/entities"
	"github.com/mqttgateway/mqttgateway/messages"
)

// Update is what a device has handed over by one Env.Update.
type Update struct {
	At       time.Time
	Readings []entity.Reading
}

// Event is what a device has told by Env.Event.
type Event struct {
	ID, Type string
	Args     []messages.Argument
}

// Describe implements devices.Env. A device that describes itself wrongly is not opened; one that does so later has reported it.
func (e *Env) Describe(description entity.Device) {
	whole := entities.Whole(description, e.Address())
	err := e.teller.Describe(whole)
	if err == nil {
		faults := checkWords(whole)
		e.mu.Lock()
		defer e.mu.Unlock()
		e.refused = noted(e.refused, faults...)
		e.news()
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if err = fmt.Errorf("%w: description: %w", devices.ErrConfig, err); e.opened {
		e.reports = noted(e.reports, err)
		e.refused = noted(e.refused, err)
	} else {
		e.misdescribed = err
	}
}

// fault returns what is wrong with the descriptions of a device so far, when its opener has returned.
func (e *Env) fault(d devices.Device) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.opened = true
	if _, sets := d.(devices.Setter); e.misdescribed == nil && !sets && e.teller.Description().Settable() {
		return fmt.Errorf("%w: the description has entities that can be set, but the device has no Set", devices.ErrConfig)
	}
	return e.misdescribed
}

// news wakes those who wait for a value. The caller holds the lock.
func (e *Env) news() {
	close(e.changed)
	e.changed = make(chan struct{})
}

// Update implements devices.Env: NextUpdate finds it, and Next the statuses that it makes due.
func (e *Env) Update(at time.Time, values ...entity.Reading) {
	err := e.teller.Update(at, values...)
	e.told(err, fmt.Sprint("updated ", ids(values)))
	keep(e.updates, Update{at, slices.Clone(values)})
}

// Event implements devices.Env: NextEvent finds it, and Next the status.
func (e *Env) Event(id, typ string, args ...messages.Argument) {
	err := e.teller.Event(id, typ, args...)
	e.told(err, fmt.Sprintf("told the event %q of %q", typ, id))
	keep(e.events, Event{id, typ, slices.Clone(args)})
}

// told notes what a device has told of its entities, and what was wrong with it.
func (e *Env) told(err error, what string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	switch {
	case e.closed:
		e.late = noted(e.late, errors.New(what))
	case err != nil:
		e.reports = noted(e.reports, err)
		e.refused = noted(e.refused, err)
	}
	e.news()
}

func ids(values []entity.Reading) (ids []string) {
	for _, v := range values {
		ids = append(ids, v.ID)
	}
	return ids
}

// keep puts what a device has told where a test finds it. If nobody takes it, the earliest goes.
func keep[T any](in chan T, told T) {
	for {
		select {
		case in <- told:
			return
		default:
		}
		select {
		case <-in:
		default:
		}
	}
}

// NextUpdate takes the earliest update that is left, and waits for one if there is none. It finds the latest 1,000.
func (e *Env) NextUpdate(within time.Duration) (Update, error) {
	return next(e.updates, within, "updated")
}

// NextEvent takes the earliest event that is left, and waits for one if there is none. It finds the latest 1,000.
func (e *Env) NextEvent(within time.Duration) (Event, error) { return next(e.events, within, "told") }

// Value returns the latest value of an entity. The error says why there is none.
func (e *Env) Value(id string) (messages.Value, error) {
	state, ok := e.teller.State(id)
	switch {
	case !ok:
		return messages.Value{}, fmt.Errorf("the description has no entity %q with a value", id)
	case state.Reason != nil:
		return messages.Value{}, fmt.Errorf("%s is unknown: %w", id, state.Reason)
	}
	return state.Value, nil
}

// Await waits until an entity has a value: a number, a bool, a text, or nil for unknown. The error says which one it has when the
// time is over.
func (e *Env) Await(id string, want any, within time.Duration) error {
	wanted, err := messages.ValueOf(want)
	if err != nil {
		return err
	}
	late := time.NewTimer(within)
	defer late.Stop()
	for {
		e.mu.Lock()
		changed := e.changed
		e.mu.Unlock()
		state, ok := e.teller.State(id)
		if ok && state.Value.Equal(wanted) {
			return nil
		}
		select {
		case <-changed:
		case <-late.C:
			if !ok {
				return fmt.Errorf("the description has no entity %q with a value", id)
			}
			return fmt.Errorf("%s is %v, and not %v within %v", id, state.Value.Raw(), wanted.Raw(), within)
		}
	}
}

// View returns what the broker would keep of the device below $gateway, as JSON: "info", its description, or "values"; "" if
// there is nothing.
func (e *Env) View(name string) string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.views[name]
}

// listener is an Env as the listener of its Teller.
type listener Env

var _ entities.Listener = (*listener)(nil)

// Say implements entities.Listener.
func (l *listener) Say(msg messages.InternalMsg, retain bool) { (*Env)(l).emit(msg, retain) }

// Show implements entities.Listener.
func (l *listener) Show(view, payload string, retain bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !retain {
		return
	}
	if l.views == nil {
		l.views = make(map[string]string)
	}
	l.views[view] = payload
}

// Forget implements entities.Listener.
func (l *listener) Forget(about messages.Address) { (*Env)(l).Forget(about) }

// Reroute implements entities.Listener.
func (l *listener) Reroute() {}
