package actors

import (
	"errors"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/mqttgateway/mqttgateway/messages"
)

// How a person stops a device, and starts it:
//
//	StopDevice                 → the device refuses everything; stopped → host, which closes it; Stopped → supervisor
//	StartDevice, RestartDevice → restarted → host, which closes it if it is open; Connecting → supervisor; it is opened
//
// A stopped device keeps its host, its place below its hub, and its routes. The host does not open it, whatever else happens.

// The reasons of a device for being closed, and of the devices below it.
var (
	errStopped   = errors.New("stopped by a person")
	errRestarted = errors.New("restarted by a person")
)

// stop has a device close and stay closed.
func (p *parent) stop(name string) {
	d := p.table.named(name)
	if p.closing || d == nil {
		return
	}
	d.shut()
	if d.pid != nil {
		address{p.shared.root, d.pid}.send(stopped{})
	}
}

// start opens a device that a person has stopped.
func (p *parent) start(c actor.Context, name string) {
	if d := p.table.named(name); d != nil && d.isStopped() {
		p.restart(c, name)
	}
}

// restart closes a device, if it is open, and opens it again. One that waits in a line has no host yet, and opens when it has one.
func (p *parent) restart(c actor.Context, name string) {
	d := p.table.named(name)
	if p.closing || d == nil {
		return
	}
	d.box.Locked(func() { d.stopped = false })
	switch f := p.fallen[name]; {
	case f != nil:
		if f.again != nil {
			f.again.Stop()
		}
		d.inform(messages.DeviceChanged{Device: name, State: messages.Connecting})
		p.begin(c, name)
	case d.pid != nil:
		address{p.shared.root, d.pid}.send(restarted{})
	}
}
