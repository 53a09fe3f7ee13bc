package hub

import (
	"context"
	"fmt"
	"time"

	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/entity"
	"github.com/mqttgateway/mqttgateway/messages"
)

// lamp is a device like any other, with failures of its own.
type lamp struct {
	bridge *bridge
	said   chan string // the latest that the bridge has said of the lamp, and nobody taken yet
	added  devices.Added
	env    devices.Env // of one that is open
}

var on = entity.Entity{ID: "on", Kind: entity.Bool, Write: true, Words: map[string]string{"true": "LIGHT_ON", "false": "LIGHT_OFF"}}

// open is called when the bridge has added the lamp, and again after each failure: what is open is another lamp each time.
func (l *lamp) open(ctx context.Context, env devices.Env) (devices.Device, error) {
	env.Describe(entity.Device{Model: "Lamp", Entities: []entity.Entity{on}})
	if err := l.bridge.tell(ctx, env.Address().Location+" ?"); err != nil {
		return nil, err
	}
	opened := &lamp{bridge: l.bridge, said: l.said, env: env}
	return opened, opened.take(ctx)
}

func (l *lamp) Run(ctx context.Context) (err error) {
	for err == nil {
		err = l.take(ctx)
	}
	return err
}

// take waits for what the bridge says of the lamp. A lamp that is neither on nor off has failed.
func (l *lamp) take(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case state := <-l.said:
		if state != "on" && state != "off" {
			return fmt.Errorf("the bridge says that it is %s", state)
		}
		l.env.Update(time.Now(), entity.Boolean("on", state == "on", nil))
		return nil
	}
}

func (l *lamp) Set(ctx context.Context, changes []entity.Change) error {
	return l.bridge.tell(ctx, l.env.Address().Location+map[bool]string{true: " on", false: " off"}[changes[0].Bool()])
}

func (l *lamp) Handle(context.Context, messages.InternalMsg) error { return devices.ErrAction }

func (l *lamp) Close() error { return nil }
