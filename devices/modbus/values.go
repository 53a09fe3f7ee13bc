package modbus

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/entity"
	"github.com/mqttgateway/mqttgateway/internal/modbus"
	"github.com/mqttgateway/mqttgateway/messages"
)

// values is what is known of the points. Its methods are called with the lock.
type values struct {
	sync.Mutex
	env    devices.Env
	plan   *plan
	latest map[string]messages.Value // of points that are kept; null: unknown
	never  map[string]int            // polls in which a point that never had a value had none
}

// tries is after how many polls without a value a point is reported.
const tries = 3

func newValues(env devices.Env, p *plan) *values {
	v := &values{env: env, plan: p, latest: make(map[string]messages.Value), never: make(map[string]int)}
	for _, of := range p.kept {
		v.never[of.ID] = 0
	}
	return v
}

// read takes what the slave has answered to a block.
func (v *values) read(b *block, response modbus.Response) {
	readings := make([]entity.Reading, len(b.Points))
	for i, k := range b.Points {
		p := v.plan.kept[k]
		readings[i] = v.reading(p, b.Read, response)
	}
	v.update(readings)
}

// reading makes a reading of what a request has read.
func (v *values) reading(p *planned, of modbus.Read, response modbus.Response) entity.Reading {
	exponent, err := v.exponentOf(p, of, response)
	if err != nil {
		return entity.Unknown(p.ID, err)
	}
	value, err := p.value(p.part(of, response), exponent)
	return entity.Reading{ID: p.ID, Value: value, Err: err}
}

// exponentOf returns the power of ten by which a point is scaled, as the same request has read it, or else as it was read last.
func (v *values) exponentOf(p *planned, of modbus.Read, response modbus.Response) (int, error) {
	if p.exponent == "" {
		return 0, nil
	}
	scale := v.plan.point(p.exponent)
	value := v.latest[scale.ID]
	if scale.within(of) {
		value, _ = scale.value(scale.part(of, response), 0)
	}
	n, err := exponentOf(value)
	if err != nil {
		return 0, fmt.Errorf("its scale %s %w", scale.ID, err)
	}
	return n, nil
}

// within reports whether a request reads all of what is kept.
func (c *content) within(of modbus.Read) bool {
	return of.Table == c.Table && of.Address <= c.Address && int(c.Address)+c.Count <= int(of.Address)+of.Count
}

// unknown takes it that the slave refuses a block.
func (v *values) unknown(b *block, why error) {
	readings := make([]entity.Reading, len(b.Points))
	for i, k := range b.Points {
		readings[i] = entity.Unknown(v.plan.kept[k].ID, why)
	}
	v.update(readings)
}

// missing takes it that the slave has not answered to a block. What was known stays until it is stale.
func (v *values) missing(b *block, why error) {
	var readings []entity.Reading
	for _, k := range b.Points {
		if _, never := v.never[v.plan.kept[k].ID]; never {
			readings = append(readings, entity.Unknown(v.plan.kept[k].ID, why))
		}
	}
	v.update(readings)
}

// update hands readings over, and what is made of them.
func (v *values) update(readings []entity.Reading) {
	if len(readings) == 0 {
		return
	}
	for _, r := range readings {
		if r.Err == nil {
			v.latest[r.ID] = r.Value
			delete(v.never, r.ID)
			continue
		}
		v.latest[r.ID] = messages.Value{}
		if _, never := v.never[r.ID]; never {
			if v.never[r.ID]++; v.never[r.ID] == tries {
				v.env.Report(fmt.Errorf("%s (%s) never had a value, in %d polls: %w", r.ID, v.plan.point(r.ID).place, tries, r.Err))
			}
		}
	}
	for _, p := range v.plan.derived {
		if slices.ContainsFunc(readings, func(r entity.Reading) bool { return slices.Contains(p.query.Variables(), r.ID) }) {
			readings = append(readings, v.made(p))
		}
	}
	v.env.Update(time.Now(), readings...)
}

// made makes the reading of a point that is made of others.
func (v *values) made(p *planned) entity.Reading {
	variables := make([]messages.Value, len(v.plan.names))
	for i, name := range v.plan.names {
		variables[i] = v.latest[name]
	}
	value, is, err := p.query.Value(nil, variables...)
	if err == nil && !is {
		err = errors.New("its query gives nothing")
	}
	return entity.Reading{ID: p.ID, Value: value, Err: err}
}
