package actors_test

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/mqttgateway/mqttgateway/actors"
	"github.com/mqttgateway/mqttgateway/config"
	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/internal/mqtt"
	"github.com/mqttgateway/mqttgateway/messages"
)

func init() { actors.Register("bell", newBell) }

// bellParams are the options under params: in the configuration.
type bellParams struct {
	Length time.Duration `koanf:"length" doc:"how long it rings" default:"3s"`
}

// bell is a door bell that behaves differently while it rings.
type bell struct {
	env      devices.Env
	length   time.Duration
	behavior actor.Behavior
	end      *time.Timer // of the ringing; nil while it is silent
}

// ended is what the timer tells the bell.
type ended struct{}

func newBell(env devices.Env) actor.Actor {
	p, err := devices.Decode[bellParams](env.Params())
	if err != nil {
		panic(err)
	}
	b := &bell{env: env, length: p.Length, behavior: actor.NewBehavior()}
	b.behavior.Become(b.silent)
	return b
}

// Receive implements actor.Actor.
func (b *bell) Receive(c actor.Context) {
	switch c.Message().(type) {
	case *actor.Stopping, *actor.Restarting: // a timer knows nothing of its actor's end
		b.hush()
		b.say("UNPLUGGED")
	default:
		b.behavior.Receive(c)
	}
}

func (b *bell) silent(c actor.Context) {
	msg, ok := c.Message().(messages.InternalMsg)
	if ok && msg.Action() == "RING" {
		self, root := c.Self(), c.ActorSystem().Root
		b.end = time.AfterFunc(b.length, func() { root.Send(self, ended{}) })
		b.behavior.Become(b.ringing)
		b.say("DING_DONG")
	}
}

func (b *bell) ringing(c actor.Context) {
	switch m := c.Message().(type) {
	case ended:
		b.hush()
	case messages.InternalMsg:
		switch m.Action() {
		case "RING":
			b.say("PATIENCE")
		case "OPEN":
			b.hush()
			b.say("WELCOME")
		}
	}
}

func (b *bell) hush() {
	if b.end != nil {
		b.end.Stop()
		b.end = nil
	}
	b.behavior.Become(b.silent)
}

func (b *bell) say(what string) {
	b.env.Emit(messages.New(messages.Status, messages.Address{Device: b.env.Name()}, what))
}

// A type of device that is a whole actor, and what is said on the wire when somebody is at the door.
func ExampleRegister() {
	wire := &exampleWire{up: make(chan mqtt.Options, 1), out: make(chan string, 10)}
	options := (&bench{log: new(lines)}).options([]config.Device{
		{Name: "door", Type: "bell", Params: map[string]any{"length": "1m"}},
	})
	options.Dial = wire.dial
	gateway, err := actors.New(options)
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx, stop := context.WithCancel(context.Background())
	go func() {
		defer close(wire.out)
		gateway.Run(ctx)
	}()

	broker := <-wire.up
	for _, action := range []string{"RING", "RING", "OPEN"} {
		fmt.Println("> home////door/me/C", action)
		broker.Arrived(mqtt.Message{Topic: "home////door/me/C", Payload: action, QoS: 1})
		fmt.Println("<", <-wire.out)
	}
	stop()
	for words := range wire.out {
		fmt.Println("<", words)
	}
	// Output:
	// > home////door/me/C RING
	// < home////door/gw/S DING_DONG
	// > home////door/me/C RING
	// < home////door/gw/S PATIENCE
	// > home////door/me/C OPEN
	// < home////door/gw/S WELCOME
	// < home////door/gw/S UNPLUGGED
}

// exampleWire stands for the broker, and shows what messages it is sent.
type exampleWire struct {
	fakeBroker
	up  chan mqtt.Options
	out chan string
}

// exampleSession is a session of an exampleWire.
type exampleSession struct {
	*fakeSession
	out chan<- string
}

func (w *exampleWire) dial(_ context.Context, o mqtt.Options) (mqtt.Session, error) {
	w.up <- o
	return exampleSession{&fakeSession{broker: &w.fakeBroker, options: o}, w.out}, nil
}

func (s exampleSession) Publish(number uint64, m mqtt.Message) {
	if !strings.Contains(m.Topic, "/$gateway/") {
		s.out <- m.Topic + " " + m.Payload
	}
	s.fakeSession.Publish(number, m)
}
