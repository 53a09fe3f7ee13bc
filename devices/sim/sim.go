package sim

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/devices/kit/poll"
	"github.com/mqttgateway/mqttgateway/entity"
	"github.com/mqttgateway/mqttgateway/messages"
)

func init() {
	devices.Register("sim", Open, devices.Doc(`
		equipment that the gateway plays, with values of all kinds and failures on demand
		Numbers rise and fall (wave) or wander (walk), any value follows a list (steps), and what can be set (write) keeps what it is set to,
		until the gateway ends. With fail the equipment fails again and again, by the clock. The type is for trying out what listens to a
		gateway: its dashboards, rules and alarms. With replay the device hears a recording, of a serial line say, at any speed.
	`), devices.Example(`
		# A greenhouse with values of all kinds, which is silent for half a minute every quarter of an hour:
		- name: greenhouse
		  type: sim
		  params:
		    every: 5s
		    points:
		      - {id: temperature, wave: {min: 12, max: 28, period: 24h}, unit: °C, class: temperature, deadband: 0.2}
		      - {id: humidity, walk: {min: 40, max: 90, step: 2}, unit: "%", class: humidity, decimals: 0}
		      - {id: door, steps: [false, true], hold: 10m, class: door}
		      - {id: target, write: true, start: 18, min: 5, max: 30, step: 0.5, unit: °C}
		      - {id: fan, write: true, kind: bool, words: {true: FAN_ON, false: FAN_OFF}}
		    fail: {every: 15m, for: 30s, how: silent}

		# A recording that the option record of a tcp device has made is heard ten times as fast:
		- name: receiver
		  type: sim
		  params:
		    replay: receiver.jsonl
		    speed: 10
		    frame: {end: "\r"}
		    points:
		      - {id: volume, match: '^MV(\d\d)$'}
	`))
}

const (
	silence  = time.Second     // how long the device waits for an answer of equipment that is silent
	lateness = 3 * time.Second // how long it waits for one that comes late
	steady   = time.Second     // how long a connection lasts at least that breaks again and again
)

// The ways in which equipment fails.
var (
	errSilent = fmt.Errorf("the simulated equipment has not answered within %s", silence)
	errWrong  = errors.New("the answer of the simulated equipment makes no sense")
	errHungUp = errors.New("the simulated equipment has hung up")
)

// memory is what simulated equipment keeps while nobody is connected to it: what was set, by the names of gateway, device and point.
var memory = struct {
	sync.Mutex
	kept map[[3]string]messages.Value
}{kept: make(map[[3]string]messages.Value)}

type device struct {
	env    devices.Env
	params Params
	opened time.Time

	mu     sync.Mutex         // guards what follows, and the order of updates
	places map[string]float64 // of the walks
	steps  map[string]int64   // of the events: the latest one
}

var (
	_ devices.Runner = (*device)(nil)
	_ devices.Setter = (*device)(nil)
	_ devices.Reader = (*device)(nil)
)

// Open reads once, or begins to play a recording.
func Open(ctx context.Context, env devices.Env, p Params) (devices.Device, error) {
	if p.Replay != "" {
		return openReplay(ctx, env, p)
	}
	d := &device{env: env, params: p, opened: time.Now(), places: make(map[string]float64), steps: make(map[string]int64)}
	for i := range p.Points {
		if w := p.Points[i].Walk; w.Step > 0 {
			d.places[p.Points[i].ID] = (w.Min + w.Max) / 2
		}
	}
	if err := d.Read(ctx); err != nil {
		return nil, err
	}
	return d, nil
}

// Run reads again and again. A connection that has broken ends it at once.
func (d *device) Run(ctx context.Context) error {
	connected, end := context.WithCancelCause(ctx)
	defer end(nil)
	err := poll.Every(connected, d.params.Every, func(ctx context.Context) error {
		err := d.Read(ctx)
		if errors.Is(err, errHungUp) {
			end(err)
		}
		return err
	})
	if err == nil && ctx.Err() == nil {
		return context.Cause(connected)
	}
	return err
}

// Read is what each poll does, and what a GET asks for.
func (d *device) Read(ctx context.Context) error {
	err := d.ask(ctx)
	if err != nil && !errors.Is(err, errWrong) {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	now := time.Now()
	var readings []entity.Reading
	for i := range d.params.Points {
		p := &d.params.Points[i]
		switch kind := p.entity().Kind; {
		case kind == entity.Event:
			d.happen(p, now)
		case kind.HasValue() && err != nil:
			readings = append(readings, entity.Unknown(p.ID, err))
		case kind.HasValue():
			readings = append(readings, entity.Reading{ID: p.ID, Value: d.value(p, now)})
		}
	}
	d.env.Update(now, readings...)
	return nil
}

// ask takes as long as a request to the equipment, and fails as it does.
func (d *device) ask(ctx context.Context) error {
	switch d.params.Fail.now(time.Now()) {
	case "silent":
		if err := wait(ctx, silence); err != nil {
			return err
		}
		return errSilent
	case "late":
		return wait(ctx, lateness)
	case "wrong":
		return errWrong
	case "flap":
		if time.Since(d.opened) >= steady {
			return errHungUp
		}
	}
	return ctx.Err()
}

// wait returns ctx's error if ctx ends first.
func wait(ctx context.Context, long time.Duration) error {
	timer := time.NewTimer(long)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// value returns what a point is now.
func (d *device) value(p *Point, now time.Time) messages.Value {
	switch {
	case p.Wave.Period > 0:
		return p.Wave.at(now)
	case p.Walk.Step > 0:
		place := p.Walk.from(d.places[p.ID], chance())
		d.places[p.ID] = place
		return rounded(place, p.Walk.Max-p.Walk.Min)
	case len(p.Steps) > 0:
		step, _ := p.step(now, d.hold(p))
		return valueOf(step)
	}
	memory.Lock()
	defer memory.Unlock()
	e := p.entity()
	if c, err := e.Change(memory.kept[d.key(p.ID)]); err == nil {
		return c.Value
	}
	return p.first() // nothing was set, or what a former configuration allowed
}

func (d *device) hold(p *Point) time.Duration {
	if p.Hold > 0 {
		return p.Hold
	}
	return d.params.Every
}

func (d *device) key(id string) [3]string { return [3]string{d.env.Gateway(), d.env.Name(), id} }

// happen tells an event when another step has begun.
func (d *device) happen(p *Point, now time.Time) {
	step, count := p.step(now, d.hold(p))
	latest, begun := d.steps[p.ID]
	d.steps[p.ID] = count
	if typ, is := step.(string); is && begun && count != latest {
		d.env.Event(p.ID, typ)
	}
}

// Set keeps what is set. What a button does is up to whoever watches the log.
func (d *device) Set(ctx context.Context, changes []entity.Change) error {
	if err := d.ask(ctx); errors.Is(err, errWrong) {
		return fmt.Errorf("%w: %w", devices.ErrAction, err)
	} else if err != nil {
		return err
	}
	d.mu.Lock() // lest a poll that has read the value before tells it after
	defer d.mu.Unlock()
	var readings []entity.Reading
	for _, c := range changes {
		if c.Value.Kind() == messages.Null {
			d.env.Log().Info("pressed", "button", c.ID)
			continue
		}
		memory.Lock()
		memory.kept[d.key(c.ID)] = c.Value
		memory.Unlock()
		readings = append(readings, entity.Reading{ID: c.ID, Value: c.Value})
	}
	d.env.Update(time.Now(), readings...)
	return nil
}

// Handle implements devices.Device: what is not for its entities the device does not know.
func (d *device) Handle(context.Context, messages.InternalMsg) error { return devices.ErrAction }

// Close has nothing to give back.
func (d *device) Close() error { return nil }
