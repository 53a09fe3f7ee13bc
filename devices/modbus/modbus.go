// Package modbus is the device type modbus: a slave on a line, by the points that its registers are.
//
// A slave is a device of its own, also where several hang on one line, which they share by package devices/kit/lines. The opener makes
// one request, so that a slave that is away costs the others on its line one time-out for each attempt of the supervisor.
//
// What one request reads, package internal/modbus plans. A slave that refuses a request is asked for less: first without the
// registers that no point wants, then for each point alone. What is refused then is unknown, with the slave's reason.
package modbus

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/devices/kit/line"
	"github.com/mqttgateway/mqttgateway/devices/kit/lines"
	"github.com/mqttgateway/mqttgateway/entity"
	"github.com/mqttgateway/mqttgateway/internal/modbus"
	"github.com/mqttgateway/mqttgateway/messages"
)

func init() {
	devices.Register("modbus", Open, devices.Doc(`
		a Modbus slave, on a serial line or over TCP: a meter, a heat pump, a controller
		Several slaves can be on one line, by its name in the section lines. That of one alone may stand in place: {protocol: modbus-tcp, address: plc.lan}.
		Each point is a coil, a discrete input or some registers, or is made of other points. Points are read together where that takes
		less time. What the slave refuses is unknown, with its reason. A point with write can be set, and is read again afterwards.
	`), devices.Example(`
		lines:
		  - {name: cellar, protocol: modbus-rtu, port: /dev/serial/by-id/usb-FTDI_A50285BI-if00-port0, baud: 9600, timeout: 500ms, guard: 300ms}
		  - {name: plc, protocol: modbus-tcp, address: "plc.lan:502", timeout: 1s, after_connect: 1s}
		devices:
		  - name: meter
		    type: modbus
		    params:
		      line: cellar
		      unit: 1
		      probe: {input: 0x0000, type: float32, between: [50, 300]}
		      points:
		        - {id: voltage, input: 0x0000, type: float32, unit: V, class: voltage, deadband: 0.5}
		        - {id: power, input: 0x0034, type: float32, unit: W, class: power, deadband: 5}
		  - name: heatpump
		    type: modbus
		    params:
		      line: plc
		      unit: 3
		      order: CDAB
		      every: 10s
		      points:
		        - {id: outside, input: 0x10, type: int16, scale: 0.1, unit: °C, class: temperature, unknown: [0x8000], deadband: 0.2}
		        - {id: setpoint, holding: 100, type: int16, scale: 0.1, unit: °C, class: temperature, min: 5, max: 60, step: 0.5, write: {verify: true, after: 500ms}}
		        - {id: mode, holding: 101, enum: {0: "off", 1: heat, 2: cool, 4: auto}, write: true}
		        - {id: pump, coil: 3, write: true, words: {true: PUMP_ON, false: PUMP_OFF}, function: Heating, device: Pump}
		        - {id: fault, holding: 110, bit: 5, class: problem}
		        - {id: stage, holding: 110, bits: 8-10}
		        - {id: firmware, holding: 200, type: string, registers: 8, every: 1h, category: diagnostic}
		        - {id: lift, value: '$setpoint - $outside', unit: K, decimals: 1}
	`))
}

// device is a slave that has answered.
type device struct {
	env     devices.Env
	bus     *bus
	leave   func()
	unit    uint8
	timeout time.Duration
	plan    *plan
	blocks  []*block
	values  *values
}

var (
	_ devices.Runner = (*device)(nil)
	_ devices.Setter = (*device)(nil)
	_ devices.Reader = (*device)(nil)
)

// Open asks the slave for its probe, or for the first of the requests that poll it.
func Open(ctx context.Context, env devices.Env, p Params) (devices.Device, error) {
	plan, err := p.plan()
	if err != nil {
		return nil, err
	}
	bus, leave, err := lines.Join[*bus](ctx, p.Line)
	if err != nil {
		return nil, err
	}
	d := &device{
		env: env, bus: bus, leave: leave, unit: uint8(p.Unit), timeout: cmp.Or(p.Timeout, bus.timeout), plan: plan, values: newValues(env, plan),
	}
	for _, b := range bus.healed(d.unit, plan.reads, plan.blocks(bus.wire)) {
		d.blocks = append(d.blocks, &block{Block: b})
	}
	if err = d.away(d.first(ctx)); err == nil && p.Identify {
		err = d.identify(ctx, p)
	}
	if err != nil {
		leave()
		return nil, err
	}
	return d, nil
}

// away returns the error of a request by which a slave is known to be away, without the request: that it is away, and why, is the same
// whichever request has told.
func (d *device) away(err error) error {
	for _, cause := range []error{modbus.ErrTimeout, modbus.ErrNonsense, modbus.GatewayPathUnavailable, modbus.GatewayTargetDeviceFailedToRespond} {
		if errors.Is(err, cause) {
			return fmt.Errorf("unit %d: %w", d.unit, errors.Unwrap(err))
		}
	}
	return err
}

// first makes the one request by which the slave is known to be there, and to be what it is taken for.
func (d *device) first(ctx context.Context) error {
	if d.plan.probe == nil {
		return d.bus.Do(ctx, line.Poll, int(d.unit), func(ctx context.Context, c *conn) error {
			err := d.poll(ctx, c, d.blocks[0])
			if err != nil && judge(err) == line.Answered {
				return nil
			}
			return err
		})
	}
	p := d.plan.probe
	response, err := d.ask(ctx, line.Poll, p.Read)
	if err != nil {
		return err
	}
	if err := p.check(response); err != nil {
		return fmt.Errorf("unit %d is not what it is taken for: %s %w", d.unit, p.place, err)
	}
	return nil
}

// check says what the slave keeps instead of what is expected.
func (p *probe) check(response modbus.Response) error {
	v, err := p.value(response, 0)
	if err != nil {
		return err
	}
	if p.text {
		if v.Equal(messages.TextValue(p.is)) {
			return nil
		}
		return fmt.Errorf("is %s, want %q", v.Raw(), p.is)
	}
	if n, _ := v.Float(); n < p.low || n > p.high {
		return fmt.Errorf("is %s, want %v to %v", v.Raw(), p.low, p.high)
	}
	return nil
}

// request makes a request, and reports if the recording of the line has come to its end with it.
func (d *device) request(ctx context.Context, c *conn, r modbus.Request) (modbus.Response, error) {
	response, err := c.DoWithin(ctx, d.timeout, d.unit, r)
	if c.record != nil {
		if why := c.record.ended.Swap(nil); why != nil {
			d.env.Report(*why)
		}
	}
	return response, err
}

// ask makes a request when it is its turn.
func (d *device) ask(ctx context.Context, p line.Priority, r modbus.Request) (response modbus.Response, err error) {
	err = d.bus.Do(ctx, p, int(d.unit), func(ctx context.Context, c *conn) error {
		response, err = d.request(ctx, c, r)
		return err
	})
	return response, err
}

// identify completes the description by what the slave says of itself, if it says anything.
func (d *device) identify(ctx context.Context, p Params) error {
	about, err := p.Describe()
	if err != nil {
		return err
	}
	said := make(map[uint8]string)
	for next, more := uint8(0), true; more; {
		answer, err := d.ask(ctx, line.Poll, modbus.Identify{Category: modbus.Regular, Object: next})
		switch down := (*line.Error)(nil); {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.As(err, &down):
			return err
		case err != nil:
			d.env.Log().Debug("the slave does not say who it is", "err", err)
			return nil
		}
		identification := answer.(modbus.Identification)
		for _, o := range identification.Objects {
			said[o.ID] = strings.TrimSpace(strings.ToValidUTF8(o.Text, ""))
		}
		next, more = identification.Next, identification.More
	}
	for _, of := range []struct {
		to  *string
		ids []uint8
	}{
		{&about.Manufacturer, []uint8{modbus.VendorName}}, {&about.Model, []uint8{modbus.ModelName, modbus.ProductName, modbus.ProductCode}},
		{&about.SW, []uint8{modbus.MajorMinorRevision}}, {&about.URL, []uint8{modbus.VendorURL}},
	} {
		for _, id := range of.ids {
			if *of.to == "" {
				*of.to = said[id]
			}
		}
	}
	if err := entity.Check(about); err != nil {
		d.env.Report(fmt.Errorf("what the slave says of itself: %w", err))
		return nil
	}
	d.env.Describe(about)
	return nil
}

// Handle implements devices.Device: what is not for its entities the device does not know.
func (d *device) Handle(context.Context, messages.InternalMsg) error { return devices.ErrAction }

// Close leaves the line.
func (d *device) Close() error {
	d.leave()
	return nil
}
