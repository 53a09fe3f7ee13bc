package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/entity"
	"github.com/mqttgateway/mqttgateway/messages"
)

func init() { devices.Register("meter", read) }

type meterParams struct {
	Values int `koanf:"values" doc:"how many it has" default:"10" min:"1" max:"100"`
}

// meter reads all its values once a second, and tells them. One in a hundred has changed.
type meter struct {
	env      devices.Env
	readings []entity.Reading
}

func read(_ context.Context, env devices.Env, p meterParams) (devices.Device, error) {
	m := &meter{env: env}
	var d entity.Device
	for i := range p.Values {
		e := entity.Entity{ID: fmt.Sprintf("value_%d", i), Kind: entity.Number, Unit: "V", Class: "voltage",
			Report: entity.Report{Heartbeat: time.Hour, Stale: time.Minute}}
		d.Entities = append(d.Entities, e)
		m.readings = append(m.readings, entity.Int(e.ID, 0, nil))
	}
	env.Describe(d)
	return m, nil
}

func (m *meter) Run(ctx context.Context) error {
	second := time.NewTicker(time.Second)
	defer second.Stop()
	for n := rand.IntN(100); ; n++ {
		if k := n % 100 * len(m.readings); k%100 < len(m.readings) { // each value once in 100 s, evenly
			m.readings[k/100] = entity.Int(m.readings[k/100].ID, int64(n), nil)
		}
		m.env.Update(time.Now(), m.readings...)
		select {
		case <-ctx.Done():
			return nil
		case <-second.C:
		}
	}
}

func (m *meter) Handle(context.Context, messages.InternalMsg) error { return devices.ErrAction }

func (m *meter) Close() error { return nil }
