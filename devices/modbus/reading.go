package modbus

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/mqttgateway/mqttgateway/devices/kit/line"
	"github.com/mqttgateway/mqttgateway/internal/modbus"
)

// block is a request that reads several points, again and again. The lock of values guards it.
type block struct {
	modbus.Block
	busy  int      // answers in a row by which the slave asked for patience
	parts []*block // to be made instead, since the slave has refused it
}

// A slave that is busy is asked again.
const (
	busyTimes = 3 // so often
	busyPause = 200 * time.Millisecond
)

// Run polls until the slave is away.
func (d *device) Run(ctx context.Context) error {
	return d.away(d.bus.Poll(ctx, int(d.unit), d.polled(d.blocks)...))
}

func (d *device) polled(blocks []*block) (all []line.Polled[*conn]) {
	for _, b := range blocks {
		all = append(all, line.Polled[*conn]{Every: b.Every, Ask: func(ctx context.Context, c *conn) error { return d.poll(ctx, c, b) }})
	}
	return all
}

// poll makes the request of a block, unless it has been refused already, and hands over what the slave says. By a line.Again it asks for
// another attempt, or for others.
func (d *device) poll(ctx context.Context, c *conn, b *block) error {
	if parts := d.partsOf(b); parts != nil {
		return &line.Again[*conn]{Instead: d.polled(parts), Err: modbus.IllegalDataAddress}
	}
	response, err := d.request(ctx, c, b.Read)
	d.env.Log().Debug("read", "request", b.String(), "err", err)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	d.values.Lock()
	defer d.values.Unlock()
	var refused modbus.Exception
	switch {
	case err == nil:
		b.busy = 0
		d.values.read(b, response)
		return nil
	case !errors.As(err, &refused), absent(refused):
		d.values.missing(b, err)
		return err
	case refused == modbus.Acknowledge || refused == modbus.ServerDeviceBusy:
		if b.busy++; b.busy <= busyTimes {
			return &line.Again[*conn]{After: busyPause, Err: err}
		}
		b.busy = 0
		d.values.missing(b, err)
		return err
	case refused == modbus.IllegalDataAddress || refused == modbus.IllegalDataValue:
		if d.split(b, err) {
			return &line.Again[*conn]{Instead: d.polled(b.parts), Err: err}
		}
	}
	d.values.unknown(b, err)
	return err
}

// partsOf returns the requests that are made instead of one, if it has been refused.
func (d *device) partsOf(b *block) []*block {
	d.values.Lock()
	defer d.values.Unlock()
	return b.parts
}

// split makes several requests of one that was refused, unless it is for one point alone. values is locked.
func (d *device) split(b *block, err error) bool {
	for _, part := range modbus.Split(d.plan.reads, b.Block) {
		b.parts = append(b.parts, &block{Block: part})
	}
	if b.parts == nil {
		return false
	}
	d.bus.remember(request{d.unit, b.Read})
	d.env.Log().Info("request split, for the slave refuses it as a whole", "request", b.String(), "requests", len(b.parts), "err", err)
	return true
}

// Read implements devices.Reader: it reads all that there is to read. An error doesn't mean that the slave is away: that the polls
// find out.
func (d *device) Read(ctx context.Context) error {
	for left := slices.Clone(d.blocks); len(left) > 0; {
		b := left[0]
		if parts := d.partsOf(b); parts != nil {
			left = append(slices.Clone(parts), left[1:]...)
			continue
		}
		err := d.bus.Do(ctx, line.Ask, int(d.unit), func(ctx context.Context, c *conn) error { return d.poll(ctx, c, b) })
		var again *line.Again[*conn]
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.As(err, &again):
			if err := rest(ctx, again.After); err != nil {
				return err
			}
			continue
		case err != nil && judge(err) != line.Answered:
			return failed(err)
		}
		left = left[1:]
	}
	return nil
}

// rest waits.
func rest(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
