package main

import (
	"context"
	"fmt"
	"time"

	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/entity"
	"github.com/mqttgateway/mqttgateway/integration/faults/trial"
	"github.com/mqttgateway/mqttgateway/messages"
)

func init() { devices.Register("hub", openHub) }

// hub adds as many lamps as a command says, and removes the lamps above that number.
type hub struct {
	env   devices.Env
	lamps []devices.Added
}

func openHub(_ context.Context, env devices.Env, _ struct{}) (devices.Device, error) {
	return &hub{env: env}, nil
}

func (h *hub) Handle(_ context.Context, msg messages.InternalMsg) error {
	arg, _ := msg.Arg(trial.Number)
	count, ok := arg.Int()
	if !ok || count < 0 {
		return fmt.Errorf("%w: argument %q: want a number", devices.ErrAction, trial.Number)
	}
	for n := len(h.lamps); n < int(count); n++ {
		lamp, err := h.env.Add(fmt.Sprint("lamp", n), messages.Address{}, openLamp)
		if err != nil {
			return err
		}
		h.lamps = append(h.lamps, lamp)
	}
	for _, lamp := range h.lamps[count:] {
		lamp.Remove()
	}
	h.lamps = h.lamps[:count]
	return nil
}

func (h *hub) Close() error { return nil }

// lamp is a device of a hub, which leaves at the broker whatever a device can leave there.
type lamp struct{}

func openLamp(_ context.Context, env devices.Env) (devices.Device, error) {
	env.Describe(entity.Device{Model: "lamp", Entities: []entity.Entity{{ID: "lit", Kind: entity.Bool}}})
	env.Update(time.Now(), entity.Boolean("lit", true, nil))
	env.Emit(messages.New(messages.Status, messages.Address{Function: "Note", Device: env.Name()}, "NOTED"), devices.Retain())
	return lamp{}, nil
}

func (lamp) Handle(context.Context, messages.InternalMsg) error { return nil }

func (lamp) Close() error { return nil }
