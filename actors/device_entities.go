package actors

import (
	"errors"
	"fmt"

	"github.com/mqttgateway/mqttgateway/actors/routing"
	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/entity"
	"github.com/mqttgateway/mqttgateway/internal/entities"
	"github.com/mqttgateway/mqttgateway/messages"
)

// The description of a device and the values of its entities stay while the equipment fails and is opened again. What the device answers
// to and what the broker has retained stay with them, until a value is stale. The Teller has description and values. It tells what is due on
// the goroutine of Env.Update, or on that of a timer.

// description returns the description in force; nil if there is none. Most devices never have one.
func (d *device) description() *entities.Description {
	if t := d.entities.Load(); t != nil {
		return t.Description()
	}
	return nil
}

// describe puts a description in force.
func (d *device) describe(description entity.Device) error {
	t := d.entities.Load()
	if t == nil {
		t = entities.NewTeller((*deviceListener)(d))
		t.Begin()
		if !d.entities.CompareAndSwap(nil, t) {
			t = d.entities.Load()
		}
	}
	return misdescribed(t.Describe(entities.Whole(description, d.address())))
}

// describeFirst puts the description in force that the type of the device gives. The Teller does not tell it yet.
func (d *device) describeFirst() {
	if d.typ.Describe == nil {
		return
	}
	description, err := d.typ.Describe(d.config.Params)
	if errors.Is(err, devices.ErrOnlyOpening) {
		return
	}
	t := entities.NewTeller((*deviceListener)(d))
	if err == nil {
		err = t.Describe(entities.Whole(description, d.address()))
	}
	if d.misdescribed = misdescribed(err); err == nil {
		t.Rest(true)
		d.entities.Store(t)
	}
}

// misdescribed returns the error of a device whose description is wrong; nil if err is.
func misdescribed(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%w: description: %s", devices.ErrConfig, oneLine(err.Error()))
}

// beginEntities has the Teller tell the description of the type: the device has an actor now.
func (d *device) beginEntities() {
	if t := d.entities.Load(); t != nil {
		t.Begin()
	}
}

// restEntities tells the Teller that the device is down, or up again.
func (d *device) restEntities(down bool) {
	if t := d.entities.Load(); t != nil {
		t.Rest(down)
	}
}

// endEntities ends the Teller, unless the device goes on.
func (d *device) endEntities() {
	ends := d.abandoned.Load()
	d.box.Locked(func() { ends = ends || d.going || d.admits == refuseClosing })
	if t := d.entities.Load(); t != nil && ends {
		t.End()
	}
}

// deviceListener is the device as the listener of its Teller.
type deviceListener device

var _ entities.Listener = (*deviceListener)(nil)

// Say implements entities.Listener.
func (l *deviceListener) Say(msg messages.InternalMsg, retain bool) {
	(*device)(l).emit(0, msg, retain)
}

// Show implements entities.Listener.
func (l *deviceListener) Show(view, payload string, retain bool) {
	l.shared.connection.send(messages.View{Device: l.config.Name, Name: view, Payload: payload, Retain: retain})
}

// Forget implements entities.Listener.
func (l *deviceListener) Forget(about messages.Address) {
	l.shared.mapper.send(messages.Forget{Device: l.config.Name, About: about})
}

// Reroute implements entities.Listener.
func (l *deviceListener) Reroute() {
	answers := routing.Answers((*device)(l).answers())
	l.shared.mapper.send(described{(*device)(l).identity(), &answers})
}
