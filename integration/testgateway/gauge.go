package main

import (
	"context"
	"time"

	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/entity"
	"github.com/mqttgateway/mqttgateway/messages"
)

func init() { devices.Register("gauge", openGauge) }

// gauge has a level, and notes something about itself. Of commands the action says:
//
//	LEVEL   the level is what the argument "n" says from now on
//	FORGET  what it has noted is forgotten
type gauge struct{ env devices.Env }

func openGauge(_ context.Context, env devices.Env, _ struct{}) (devices.Device, error) {
	env.Describe(entity.Device{Model: "gauge", Entities: []entity.Entity{
		{ID: "level", Kind: entity.Number, Unit: "m", Class: "distance"},
		{ID: "full", Kind: entity.Bool},
	}})
	g := &gauge{env}
	env.Update(time.Now(), entity.Int("level", 1, nil), entity.Boolean("full", false, nil))
	env.Emit(messages.New(messages.Status, g.note(), "NOTED"), devices.Retain())
	return g, nil
}

// note is what the gauge's note is about.
func (g *gauge) note() messages.Address {
	return messages.Address{Function: "Note", Device: g.env.Name()}
}

func (g *gauge) Handle(_ context.Context, msg messages.InternalMsg) error {
	switch msg.Action() {
	case "LEVEL":
		n, _ := msg.Arg("n")
		level, _ := n.Int()
		g.env.Update(time.Now(), entity.Int("level", level, nil))
	case "FORGET":
		g.env.Forget(g.note())
	default:
		return devices.ErrAction
	}
	return nil
}

func (g *gauge) Close() error { return nil }
