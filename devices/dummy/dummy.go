package dummy

import (
	"context"
	"time"

	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/messages"
)

func init() {
	devices.Register("dummy", Open, devices.Doc("no equipment at all, or a lamp that the gateway plays: for trying things out"))
}

// Params are the options under params: in the configuration.
type Params struct {
	Port     string        `koanf:"port" doc:"port of the equipment: simulated for a lamp that the gateway plays, and any other for none at all" example:"/dev/ttyUSB0"`
	Interval time.Duration `koanf:"interval" doc:"time between the commands it sends; of the lamp, between two uses of its switch" default:"30s" min:"100ms" max:"24h" zero:"it sends none"`
	Echo     bool          `koanf:"echo" doc:"answer each command with a status that repeats it" default:"false"`
}

// firstAfter is how soon after opening the first command is sent, unless the interval is shorter.
const firstAfter = 5 * time.Second

// simulated is the port of the lamp.
const simulated = "simulated"

// dummy only listens.
type dummy struct {
	env  devices.Env
	echo bool
}

// talker is a dummy that speaks unasked as well. It is a type of its own so that a dummy that doesn't costs no
// goroutine.
type talker struct {
	dummy
	interval time.Duration
}

// Open makes a dummy. There is nothing that could fail but the lamp, which is opened as equipment is.
func Open(ctx context.Context, env devices.Env, p Params) (devices.Device, error) {
	env.Log().Debug("opened", "port", p.Port, "interval", p.Interval, "echo", p.Echo)
	d := dummy{env: env, echo: p.Echo}
	switch {
	case p.Port == simulated:
		return openLamp(ctx, d, plugIn(p.Interval))
	case p.Interval > 0:
		return &talker{dummy: d, interval: p.Interval}, nil
	}
	return &d, nil
}

// Handle shows the command, and answers if it is to be echoed.
func (d *dummy) Handle(ctx context.Context, msg messages.InternalMsg) error {
	if d.echo {
		d.env.Emit(msg.WithType(messages.Status).WithSender(""))
	}
	return d.Observe(ctx, msg)
}

// Observe shows the message.
func (d *dummy) Observe(_ context.Context, msg messages.InternalMsg) error {
	d.env.Log().Info("message received", "message", msg)
	return nil
}

// Answers is true for one that echoes: the echo is the answer.
func (d *dummy) Answers() bool { return d.echo }

// Close has nothing to give back.
func (d *dummy) Close() error { return nil }

// Run sends a command now and then, as equipment with a button would.
func (t *talker) Run(ctx context.Context) error {
	wait := time.NewTimer(min(firstAfter, t.interval))
	defer wait.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-wait.C:
		}
		to := messages.Address{Function: "DummyFunction", Location: "Office"}
		t.env.Emit(messages.New(messages.Command, to, "MUTE_ON"))
		wait.Reset(t.interval)
	}
}

var (
	_ devices.Observer = (*dummy)(nil)
	_ devices.Answerer = (*dummy)(nil)
	_ devices.Runner   = (*talker)(nil)
)
