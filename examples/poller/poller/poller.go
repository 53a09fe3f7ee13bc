// Package poller is a heat pump that speaks when it is asked, by Modbus: three of its registers are read every ten seconds, and what has
// changed is told; a coil switches its pump.
package poller

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/devices/kit/poll"
	"github.com/mqttgateway/mqttgateway/entity"
	"github.com/mqttgateway/mqttgateway/entity/value"
	"github.com/mqttgateway/mqttgateway/messages"
)

func init() { devices.Register("poller", Open) }

// Params are the options under params: in the configuration.
type Params struct {
	Address  string        `koanf:"address" doc:"host and port of the heat pump" example:"heatpump.lan:502"`
	Unit     int           `koanf:"unit" doc:"its number as a slave" default:"1" min:"0" max:"255"`
	Interval time.Duration `koanf:"interval" doc:"time between two readings" default:"10s" min:"100ms" max:"1h"`
}

const first, pump = 0x10, 3 // the first of the registers, and the coil

var (
	entities = []entity.Entity{ // one for each register, and the coil
		{ID: "flow", Kind: entity.Number, Unit: "°C", Class: "temperature", Report: entity.Report{Deadband: 0.2}},
		{ID: "outside", Kind: entity.Number, Unit: "°C", Class: "temperature", Report: entity.Report{Deadband: 0.5}},
		{ID: "power", Kind: entity.Number, Unit: "W", Class: "power", Report: entity.Report{Deadband: 10}},
		{ID: "pump", Kind: entity.Bool, Write: true, Words: map[string]string{"true": "PUMP_ON", "false": "PUMP_OFF"}},
	}
	formats = []value.Format{{Width: 16, Encoding: value.Signed, Scale: 0.1}, {Width: 16, Encoding: value.Signed, Scale: 0.1}, {Width: 16}}
)

// Describe tells what a heat pump has without asking it.
func (p Params) Describe() (entity.Device, error) {
	d := entity.Device{Model: "Heat pump", Entities: slices.Clone(entities)}
	for i := range d.Entities {
		d.Entities[i].Report.Stale = 3 * p.Interval
	}
	return d, nil
}

type heatPump struct {
	*master
	env      devices.Env
	interval time.Duration
}

// Open reads once, for a heat pump that doesn't answer is not open.
func Open(ctx context.Context, env devices.Env, p Params) (devices.Device, error) {
	h := &heatPump{&master{address: p.Address, unit: byte(p.Unit)}, env, p.Interval}
	if err := h.Read(ctx); err != nil {
		return nil, errors.Join(err, h.Close())
	}
	return h, nil
}

func (h *heatPump) Run(ctx context.Context) error { return poll.Every(ctx, h.interval, h.Read) }

// Read is what each poll does, and what a GET asks for. What is not read any more goes stale, and is offline soon.
func (h *heatPump) Read(ctx context.Context) error {
	words, err := h.registers(ctx, first, len(formats))
	if err != nil {
		return err
	}
	on, err := h.coil(ctx, pump)
	readings := []entity.Reading{entity.Boolean("pump", on, err)}
	for i, f := range formats {
		v, unknown := f.Value(uint64(words[i]))
		readings = append(readings, entity.Reading{ID: entities[i].ID, Value: v, Err: unknown})
	}
	h.env.Update(time.Now(), readings...)
	return err
}

func (h *heatPump) Set(ctx context.Context, changes []entity.Change) error {
	if err := h.setCoil(ctx, pump, changes[0].Bool()); err != nil {
		return err
	}
	return h.Read(ctx)
}

func (h *heatPump) Handle(context.Context, messages.InternalMsg) error { return devices.ErrAction }
