package main

import (
	"context"
	"strings"
	"time"

	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/messages"
)

func init() { devices.Register("chatterbox", openChatterbox) }

type chatterboxParams struct {
	Every time.Duration `koanf:"every" doc:"time between two statuses"`
	Size  int           `koanf:"size" doc:"bytes of the text in each"`
}

// chatterbox emits statuses all the time, whether anybody takes them or not.
type chatterbox struct {
	env devices.Env
	chatterboxParams
}

func openChatterbox(_ context.Context, env devices.Env, p chatterboxParams) (devices.Device, error) {
	return &chatterbox{env, p}, nil
}

func (c *chatterbox) Handle(context.Context, messages.InternalMsg) error { return devices.ErrAction }

func (c *chatterbox) Run(ctx context.Context) error {
	text := strings.Repeat("x", c.Size)
	tick := time.NewTicker(c.Every)
	defer tick.Stop()
	for n := int64(0); ; n++ {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		// Each status has its own copy of the text, as a text from equipment would.
		msg := messages.New(messages.Status, messages.Address{Device: c.env.Name()}, "CHATTER")
		c.env.Emit(msg.WithArg("n", messages.IntValue(n)).WithArg("text", messages.TextValue(text)))
	}
}

func (c *chatterbox) Close() error { return nil }
