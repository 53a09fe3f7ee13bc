package modbus

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/devices/kit/line"
	"github.com/mqttgateway/mqttgateway/entity"
	"github.com/mqttgateway/mqttgateway/internal/modbus"
	"github.com/mqttgateway/mqttgateway/messages"
)

// refused is why a command is refused. Whether the slave is there the polls find out.
type refused string

func (r refused) Error() string { return string(r) }

func (r refused) Unwrap() error { return devices.ErrAction }

// failed returns what a failed request means for a device: a line that is down ends it, and all else is a refusal.
func failed(err error) error {
	if down := (*line.Error)(nil); errors.As(err, &down) {
		return err
	}
	return refused(err.Error())
}

// setting is what is written for one change.
type setting struct {
	*planned
	value    messages.Value
	exponent int
}

// Set writes one change after the other, and then reads each again.
func (d *device) Set(ctx context.Context, changes []entity.Change) error {
	settings := make([]setting, len(changes))
	var faults []string
	for i, c := range changes {
		s, err := d.setting(c)
		if err != nil {
			faults = append(faults, fmt.Sprintf("%s: %v", c.ID, err))
		}
		settings[i] = s
	}
	if len(faults) > 0 {
		return refused(strings.Join(faults, "; "))
	}
	kept := make([]modbus.Response, len(settings))
	for i, s := range settings {
		var err error
		kept[i], err = d.set(ctx, s)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			return failed(fmt.Errorf("%s: %w", s.ID, err))
		}
	}
	for i, s := range settings {
		if s.Kind == entity.Button {
			continue
		}
		if err := d.verify(ctx, s, kept[i]); err != nil {
			return err
		}
	}
	return nil
}

// setting finds out whether a change can be written, without writing anything.
func (d *device) setting(c entity.Change) (s setting, err error) {
	s = setting{planned: d.plan.point(c.ID), value: c.Value} // the gateway has looked whether there is one
	if s.Kind == entity.Button {
		s.value = s.press
	}
	if s.exponent, err = d.exponentOf(s.planned); err != nil {
		return s, err
	}
	_, err = s.set(s.value, s.empty(), s.exponent)
	return s, err
}

// exponentOf returns the power of ten by which a point is scaled, as it was read last.
func (d *device) exponentOf(p *planned) (int, error) {
	d.values.Lock()
	defer d.values.Unlock()
	return d.values.exponentOf(p, modbus.Read{}, nil)
}

// set writes a change in one turn on the line, and returns what the slave keeps then, if the request reads that as well. A slave that is
// busy is asked again.
func (d *device) set(ctx context.Context, s setting) (kept modbus.Response, err error) {
	for busy := 0; ; busy++ {
		err = d.bus.Do(ctx, line.Write, int(d.unit), func(ctx context.Context, c *conn) error {
			kept, err = d.write(ctx, c, s)
			return err
		})
		d.env.Log().Debug("written", "id", s.ID, "value", s.value.Raw(), "err", err)
		switch {
		case errors.Is(err, modbus.Acknowledge): // it is being done
			return nil, nil
		case !errors.Is(err, modbus.ServerDeviceBusy) || busy == busyTimes:
			return kept, err
		}
		if err := rest(ctx, busyPause); err != nil {
			return nil, err
		}
	}
}

// write makes the request by which a change is written. For some bits of registers that are not written by function 22 it reads the
// registers before, in the same turn, so that no other command comes in between.
func (d *device) write(ctx context.Context, c *conn, s setting) (kept modbus.Response, err error) {
	by := modbus.Function(s.write.By)
	before := s.empty()
	if s.field() && by != modbus.MaskWriteRegister && (by != 0 || s.Count > 1) {
		if before, err = d.request(ctx, c, s.Read); err != nil {
			return nil, err
		}
	}
	want, err := s.set(s.value, before, s.exponent)
	if err != nil {
		return nil, refused(err.Error())
	}
	kept, err = d.request(ctx, c, s.request(by, want))
	if errors.Is(err, modbus.IllegalFunction) {
		err = fmt.Errorf("%w: want write: {by: …} with another function", err)
	}
	if by != modbus.ReadWriteRegisters {
		kept = nil
	}
	return kept, err
}

// request returns the request that writes bits or registers.
func (s setting) request(by modbus.Function, want modbus.Response) modbus.Request {
	at := s.Read.Address
	if bits, ok := want.(modbus.Bits); ok {
		if by == modbus.WriteMultipleCoils {
			return modbus.WriteCoils{Address: at, On: bits}
		}
		return modbus.WriteCoil{Address: at, On: bits[0]}
	}
	registers := want.(modbus.Registers)
	switch {
	case by == modbus.ReadWriteRegisters:
		return modbus.ReadWrite{Address: at, Count: s.Count, To: at, Values: registers}
	case by == modbus.WriteMultipleRegisters || s.Count > 1:
		return modbus.WriteRegisters{Address: at, Values: registers}
	case s.field() && by != modbus.WriteSingleRegister:
		mask := s.mask()
		return modbus.Mask{Address: at, And: ^mask, Or: registers[0] & mask}
	}
	return modbus.WriteRegister{Address: at, Value: registers[0]}
}

// mask returns the bits of a register, in the order of its bytes, that the value is.
func (c *content) mask() uint16 {
	word := (uint64(1)<<c.format.Bits - 1) << c.format.Low
	return c.order.Registers(word, 1)[0]
}

// verify hands over what a point keeps after it was set, and says whether that is another value. It is read again, unless it is known and
// needs no time.
func (d *device) verify(ctx context.Context, s setting, kept modbus.Response) error {
	if kept != nil && s.write.After == 0 {
		return d.settled(s, kept)
	}
	if err := rest(ctx, s.write.After); err != nil {
		return err
	}
	for busy := 0; ; busy++ {
		response, err := d.ask(ctx, line.Write, s.Read)
		again := errors.Is(err, modbus.Acknowledge) || errors.Is(err, modbus.ServerDeviceBusy)
		switch down := (*line.Error)(nil); {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.As(err, &down):
			return err
		case again && busy < busyTimes:
			if err := rest(ctx, busyPause); err != nil {
				return err
			}
			continue
		case err != nil:
			return s.unread(err)
		}
		return d.settled(s, response)
	}
}

// unread says what it means that a point can't be read again after it was set: nothing, unless it is to be verified, for the next poll may tell.
func (s setting) unread(why error) error {
	if !s.write.Verify {
		return nil
	}
	return refused(fmt.Sprintf("%s: was written, and could not be read back: %v", s.ID, why))
}

// settled hands over what a point keeps after it was set.
func (d *device) settled(s setting, response modbus.Response) error {
	d.values.Lock()
	defer d.values.Unlock()
	r := d.values.reading(s.planned, s.Read, response)
	d.values.update([]entity.Reading{r})
	if s.write.Verify && !s.says(s.value, response, s.exponent) {
		is := r.Value.Raw()
		if r.Err != nil {
			is = "unknown (" + r.Err.Error() + ")"
		}
		return refused(fmt.Sprintf("%s: is %s after it was set to %s", s.ID, is, s.value.Raw()))
	}
	return nil
}
