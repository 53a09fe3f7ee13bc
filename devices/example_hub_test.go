package devices_test

import (
	"context"
	"fmt"
	"time"

	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/devices/devicetest"
	"github.com/mqttgateway/mqttgateway/messages"
)

func init() { devices.Register("bridge", openBridge) }

// bridgeParams are the options under params: in the configuration.
type bridgeParams struct {
	Rooms []string `koanf:"rooms" doc:"rooms that have a lamp" example:"[hall, attic]"`
}

// bridge is a hub: it has the connection that its lamps share, and adds them. In the configuration there is the bridge alone.
type bridge struct {
	env   devices.Env
	lamps map[string]devices.Added // by room
}

func openBridge(_ context.Context, env devices.Env, p bridgeParams) (devices.Device, error) {
	b := &bridge{env, make(map[string]devices.Added)}
	for _, room := range p.Rooms { // a real bridge is asked which lamps it has
		if err := b.add(room); err != nil {
			return nil, err
		}
	}
	return b, nil
}

// add adds the lamp of a room, which is BRIDGE.ROOM to the gateway, and hears what is said to the lighting of the room.
func (b *bridge) add(room string) (err error) {
	address := messages.Address{Function: "Lighting", Location: room}
	b.lamps[room], err = b.env.Add(room, address, func(_ context.Context, env devices.Env) (devices.Device, error) {
		return &bridgeLamp{env, b, room}, nil // an error: this lamp is opened again, later and later; the others work
	})
	return err
}

// Handle takes the messages to the bridge itself: lamps come and go.
func (b *bridge) Handle(_ context.Context, msg messages.InternalMsg) error {
	room, _ := msg.Arg("room")
	name, _ := room.Text()
	switch msg.Action() {
	case "PAIR":
		if err := b.add(name); err != nil {
			return fmt.Errorf("%w: %w", devices.ErrAction, err)
		}
	case "FORGET":
		lamp, ok := b.lamps[name]
		if !ok {
			return fmt.Errorf("%w: no lamp in %q", devices.ErrAction, name)
		}
		lamp.Remove()
		delete(b.lamps, name)
	default:
		return devices.ErrAction
	}
	return nil
}

// Close gives the connection back. The lamps have been closed before, and are closed as well when the bridge fails.
func (b *bridge) Close() error { return nil }

// bridgeLamp is a device like any other.
type bridgeLamp struct {
	env    devices.Env
	bridge *bridge
	room   string
}

// Handle switches the lamp. Each lamp has its own mailbox: what the bridge's lamps share they guard themselves.
func (l *bridgeLamp) Handle(_ context.Context, msg messages.InternalMsg) error {
	if msg.Action() != "LIGHT_ON" && msg.Action() != "LIGHT_OFF" {
		return devices.ErrAction
	}
	l.env.Emit(messages.New(messages.Status, messages.Address{Function: "Lighting", Location: l.room}, msg.Action()), devices.Retain())
	return nil
}

func (l *bridgeLamp) Close() error { return nil }

// A hub, which adds devices of its own, and how to try it out.
func Example_hub() {
	hub, err := devicetest.Open("bridge", map[string]any{"rooms": []any{"hall"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	pair := messages.New(messages.Command, messages.Address{}, "PAIR")
	for _, room := range []string{"attic", "attic", "a/b"} {
		fmt.Println("pair:", hub.Handle(pair.WithArg("room", messages.TextValue(room))))
	}
	fmt.Println("lamps:", hub.Names())

	attic, err := hub.Added("attic")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(attic.Name(), "hears", attic.Address())
	if err := attic.Handle(messages.New(messages.Command, attic.Address(), "LIGHT_ON")); err != nil {
		fmt.Println(err)
	}
	status, err := attic.Next(time.Second)
	fmt.Println(status.Msg, err)
	fmt.Println("closed:", hub.Close())
	// Output:
	// pair: <nil>
	// pair: action refused: device "bridge.attic" cannot be added: there is one already
	// pair: action refused: device "a/b" cannot be added: the name holds '/', which no level of a topic can
	// lamps: [attic hall]
	// bridge.attic hears {Lighting  attic }
	// S Lighting//attic/: LIGHT_ON <nil>
	// closed: <nil>
}
