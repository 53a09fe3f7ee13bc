package actors

import (
	"github.com/mqttgateway/mqttgateway/actors/supervision"
	"github.com/mqttgateway/mqttgateway/messages"
)

// note enters an event in the record, tells the connection how devices appear from then on, and carries out the record's orders.
// It returns what has changed for the device or child of this name, and whether anything has.
func (v *supervisor) note(event any, name string) (own supervision.Change, news bool) {
	changes, orders := v.board.apply(event)
	for _, c := range changes {
		if c.Now.Name == name || c.Before.Name == name {
			own, news = c, true
		}
		if c.Now.Kind == supervision.Device || c.Before.Kind == supervision.Device {
			v.appear(c)
		}
	}
	for _, o := range orders {
		if o.Kind == supervision.Device {
			v.devices.send(messages.Reopen{Device: o.Name, After: o.After})
		} else {
			v.leaveAlone(o.Name, o.After)
		}
	}
	return own, news
}

// appear tells the connection how a device is to appear from now on, if the change makes a difference there.
func (v *supervisor) appear(c supervision.Change) {
	if c.Now == (supervision.Entry{}) {
		v.connection.send(messages.DeviceRemoved{Device: c.Before.Name})
		return
	}
	if now := availability(c.Now); now != availability(c.Before) {
		v.connection.send(now)
	}
}

// availability returns how the device of an entry is to appear.
func availability(e supervision.Entry) messages.Availability {
	a := messages.Availability{Device: e.Name, State: e.State, Reason: e.Reason}
	if e.State == messages.Stuck || e.State == messages.Misconfigured {
		a.State = messages.Offline
	}
	return a
}
