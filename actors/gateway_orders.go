package actors

import (
	"errors"
	"fmt"

	"github.com/mqttgateway/mqttgateway/messages"
)

// ErrNoDevice is wrapped by the errors of calls that name a device which the gateway does not have.
var ErrNoDevice = errors.New("no such device")

// known returns an error if there is no device of that name.
func (g *Gateway) known(device string) error {
	if g.table.named(device) == nil {
		return noDevice(device)
	}
	return nil
}

func noDevice(name string) error { return fmt.Errorf("%w: %.120q", ErrNoDevice, name) }

// Stop has a device close, and stay closed whatever happens, until Start or Restart, or until its configuration changes, or
// the process is started again. The device finishes the message that it handles; those that wait, and those that come, are
// refused, and the device's topic says that it is offline, stopped by a person. What a hub has added goes down with the hub.
//
// The actors carry out Stop, Start and Restart: [Gateway.Watch] tells when. All three return ErrNoDevice, wrapped, if there is no
// device of that name. Any goroutine may call them.
func (g *Gateway) Stop(device string) error {
	return g.order(device, messages.StopDevice{Device: device})
}

// Start has a stopped device opened, and does nothing to any other.
func (g *Gateway) Start(device string) error {
	return g.order(device, messages.StartDevice{Device: device})
}

// Restart has a device closed and opened again, whatever its state: online, stopped, waiting for its next attempt, or with a wrong
// configuration. Messages that wait in its mailbox are handled first, and those that come meanwhile afterwards. A device that
// is stuck is opened again when its call returns.
func (g *Gateway) Restart(device string) error {
	return g.order(device, messages.RestartDevice{Device: device})
}

func (g *Gateway) order(device string, order any) error {
	if !g.up.Load() {
		return ErrNotRunning
	}
	if err := g.known(device); err != nil {
		return err
	}
	g.supervisor.send(order)
	return nil
}
