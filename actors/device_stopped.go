package actors

import (
	"errors"

	"github.com/mqttgateway/mqttgateway/messages"
)

// errShut refuses messages in place of a device that a person has stopped.
var errShut = errors.New("device stopped")

// shut has the device refuse everything, and cancels its opening. The host hears of it by stopped.
func (d *device) shut() {
	d.recordNews(d.stoppedNow())
	var queued []any
	var cancel func()
	d.box.Locked(func() {
		d.stopped = true
		queued = d.box.Pick(isHandle)
		if c := d.busy; c != nil && c.doing == messages.Opening {
			cancel = c.cancel
		}
		d.informLocked(d.stoppedNow()) // ahead of the failure of an opening that is cancelled
	})
	if cancel != nil {
		cancel()
	}
	d.box.Refuse(queued, errShut)
}

// stoppedNow tells the supervisor that the device is stopped.
func (d *device) stoppedNow() messages.DeviceChanged {
	return messages.DeviceChanged{Device: d.config.Name, State: messages.Stopped, Err: errStopped}
}

// isStopped reports whether a person has stopped the device.
func (d *device) isStopped() (is bool) {
	d.box.Locked(func() { is = d.stopped })
	return is
}

// shut closes the device.
func (h *host) shut() {
	h.leave(errStopped)
	h.device.set(refuseOffline)
	h.device.inform(h.device.stoppedNow())
}

// restarted opens the device anew, unless a person has stopped it meanwhile, or its hub is down, with which it is opened.
func (h *host) restarted() {
	d := h.device
	if d.isStopped() {
		return
	}
	h.leave(errRestarted)
	d.inform(messages.DeviceChanged{Device: d.config.Name, State: messages.Connecting})
	if h.orphan {
		return
	}
	d.set(admit) // what comes while it opens waits, as at the start
	if h.due = h.running != nil; !h.due {
		h.open()
	}
}

// leave closes the device for a reason that is no failure of its own.
func (h *host) leave(why error) {
	if h.retry != nil {
		h.retry.Stop()
	}
	h.due = false
	if h.env != nil {
		h.env.leave()
	}
	if h.device.adds.Load() {
		h.device.shared.parent.send(hubLeaves{h.device.identity(), why})
	}
	h.close()
}
