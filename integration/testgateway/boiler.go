package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/entity"
	"github.com/mqttgateway/mqttgateway/messages"
)

func init() { devices.Register("boiler", fire) }

// boiler is a device with entities whose equipment a test plays: by the commands FLOW, with the argument "value"; RING; FAIL.
type boiler struct{ env devices.Env }

func fire(_ context.Context, env devices.Env, _ struct{}) (devices.Device, error) {
	pump := messages.Address{Function: "Heating", Device: "Pump"}
	env.Describe(entity.Device{Model: "B7", Entities: []entity.Entity{
		{ID: "flow", Kind: entity.Number, Unit: "°C", Class: "temperature", Report: entity.Report{Deadband: 0.2}},
		{ID: "target", Kind: entity.Number, Unit: "°C", Write: true, Min: entity.F(20), Max: entity.F(60), Step: entity.F(0.5)},
		{ID: "pump", Kind: entity.Bool, Write: true, Words: map[string]string{"true": "PUMP_ON", "false": "PUMP_OFF"}, Address: pump},
		{ID: "bell", Kind: entity.Event, Options: []string{"rung"}},
		{ID: "reset", Kind: entity.Button},
	}})
	return &boiler{env}, nil
}

// Set takes all values but a target of 20 °C.
func (b *boiler) Set(_ context.Context, changes []entity.Change) error {
	for _, c := range changes {
		if c.ID == "target" && c.Float() == 20 {
			return fmt.Errorf("%w: the boiler would freeze", devices.ErrAction)
		}
	}
	for _, c := range changes {
		if c.ID == "reset" {
			b.env.Update(time.Now(), entity.Float("flow", 20, nil))
		} else {
			b.env.Update(time.Now(), entity.Reading{ID: c.ID, Value: c.Value})
		}
	}
	return nil
}

func (b *boiler) Handle(_ context.Context, msg messages.InternalMsg) error {
	switch msg.Action() {
	case "FLOW":
		value, _ := msg.Arg("value")
		b.env.Update(time.Now(), entity.Reading{ID: "flow", Value: value})
	case "RING":
		b.env.Event("bell", "rung", messages.Argument{Key: "times", Value: messages.IntValue(2)})
	case "FAIL":
		return errors.New("told to fail")
	default:
		return devices.ErrAction
	}
	return nil
}

func (b *boiler) Close() error { return nil }

var _ devices.Setter = (*boiler)(nil)
