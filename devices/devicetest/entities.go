package devicetest

import (
	"fmt"
	"time"

	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/entity"
	"github.com/mqttgateway/mqttgateway/internal/entities"
	"github.com/mqttgateway/mqttgateway/messages"
)

// Describe implements devices.Env. A device that describes itself wrongly is not opened; one that does so later has reported it.
func (e *Env) Describe(description entity.Device) {
	err := e.teller.Describe(entities.Whole(description, e.Address()))
	if err == nil {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if err = fmt.Errorf("%w: description: %w", devices.ErrConfig, err); e.opened {
		e.reports = append(e.reports, err)
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

// Update implements devices.Env: Next finds the statuses that it makes due.
func (e *Env) Update(at time.Time, values ...entity.Reading) {
	if err := e.teller.Update(at, values...); err != nil {
		e.Report(err)
	}
}

// Event implements devices.Env: Next finds the status.
func (e *Env) Event(id, typ string, args ...messages.Argument) {
	if err := e.teller.Event(id, typ, args...); err != nil {
		e.Report(err)
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

var _ devices.Env = (*Env)(nil)
