package actors

import (
	"errors"
	"fmt"
	"time"

	"github.com/mqttgateway/mqttgateway/actors/routing"
	"github.com/mqttgateway/mqttgateway/config"
	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/entity"
	"github.com/mqttgateway/mqttgateway/messages"
)

// Describe implements devices.Env.
func (e *env) Describe(description entity.Device) {
	if e.over() {
		return
	}
	err := e.device.describe(description)
	switch {
	case err == nil:
	case e.opened.Load():
		e.Report(err)
	default: // the opening fails
		e.misdescribed.Store(&err)
	}
}

// Update implements devices.Env.
func (e *env) Update(at time.Time, values ...entity.Reading) {
	if e.over() {
		return
	}
	described := e.device.entities.Load()
	if described == nil {
		e.Report(errUndescribed)
		return
	}
	if err := described.Update(at, values...); err != nil {
		e.Report(err)
	}
}

// Event implements devices.Env.
func (e *env) Event(id, typ string, args ...messages.Argument) {
	if e.over() {
		return
	}
	described := e.device.entities.Load()
	if described == nil {
		e.Report(errUndescribed)
		return
	}
	if err := described.Event(id, typ, args...); err != nil {
		e.Report(err)
	}
}

// errUndescribed says why nothing is told of the entities of a device.
var errUndescribed = errors.New("the device has entities to tell of, but has not described itself")

// over reports whether this life of the device has ended: calls of the Env do nothing any more.
func (e *env) over() bool { return e.closed.Load() || e.device.abandoned.Load() }

// fault returns what is wrong with what an opened device has said of itself, and nil if nothing is.
func (h *host) fault(opened devices.Device) error {
	d := h.device
	h.env.opened.Store(true)
	if d.misdescribed != nil {
		return d.misdescribed
	}
	if err := h.env.misdescribed.Load(); err != nil {
		return *err
	}
	if _, sets := opened.(devices.Setter); d.description().Settable() && !sets {
		return fmt.Errorf("%w: the description has entities that can be set, but the device has no Set", devices.ErrConfig)
	}
	return nil
}

// hears reports whether a message finds the device by the description in force: the message may have found it by another one, or
// before there was any.
func (d *device) hears(msg messages.InternalMsg) bool {
	return d.description() == nil || routing.Answers(d.answers()).Matches(msg.Address())
}

// answers returns which messages find the device. For each characteristic these are the values that answers_to lists; else the values in
// the addresses of the entities; else, without entities, the value in the device's own address.
func (d *device) answers() config.AnswersTo {
	n := d.description()
	if n == nil {
		return d.config.Answers()
	}
	of, ok := n.Answers()
	if !ok {
		return d.config.Answers()
	}
	return d.config.AnswersOr(config.AnswersTo(of))
}
