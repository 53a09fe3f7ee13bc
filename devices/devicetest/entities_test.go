package devicetest_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/devices/devicetest"
	"github.com/mqttgateway/mqttgateway/entity"
	"github.com/mqttgateway/mqttgateway/messages"
)

// boiler reads its flow once a minute.
type boiler struct {
	env  devices.Env
	flow float64
}

func (b *boiler) Handle(_ context.Context, msg messages.InternalMsg) error {
	switch msg.Action() {
	case "TELL":
		b.env.Update(time.Now(), entity.Int("nothing", 1, nil))
	case "DESCRIBE":
		b.env.Describe(entity.Device{Entities: []entity.Entity{{ID: "flow", Kind: entity.Number, Class: "temperature", Unit: "V"}}})
	default:
		return devices.ErrAction
	}
	return nil
}

func (b *boiler) Set(_ context.Context, changes []entity.Change) error {
	for _, c := range changes {
		switch c.ID {
		case "reset":
			b.env.Event("fault", "flame_out", messages.Argument{Key: "code", Value: messages.IntValue(7)})
		default:
			b.env.Update(time.Now(), entity.Reading{ID: c.ID, Value: c.Value})
		}
	}
	return nil
}

func (b *boiler) Read(context.Context) error {
	b.flow++
	b.env.Update(time.Now(), entity.Float("flow", b.flow, nil))
	return nil
}

func (b *boiler) Run(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(time.Minute):
			if err := b.Read(ctx); err != nil {
				return err
			}
		}
	}
}

func (b *boiler) Close() error { return nil }

// boilerParams say it all.
type boilerParams struct {
	Location string `koanf:"location" default:"Cellar"`
}

func (p boilerParams) Describe() (entity.Device, error) {
	return entity.Device{Address: messages.Address{Location: p.Location}, Entities: []entity.Entity{
		{ID: "flow", Kind: entity.Number, Unit: "°C", Class: "temperature"},
		{ID: "target", Kind: entity.Number, Unit: "°C", Write: true, Min: entity.F(20), Max: entity.F(60)},
		{ID: "fault", Kind: entity.Event, Options: []string{"flame_out"}},
		{ID: "reset", Kind: entity.Button},
	}}, nil
}

func openBoiler(_ context.Context, env devices.Env, _ boilerParams) (devices.Device, error) {
	return &boiler{env: env, flow: 20}, nil
}

// A test waits for what a device reads, sets it, presses it and reads it.
func TestEntities(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := devicetest.StartWith(t, openBoiler, nil)
		if v, err := d.Value("flow"); err == nil {
			t.Errorf("flow is %v before it was read", v)
		}
		if err := d.Await("flow", 22, time.Hour); err != nil {
			t.Error(err)
		}
		if err := d.Await("flow", 22.5, 10*time.Second); err == nil || err.Error() != "flow is 22, and not 22.5 within 10s" {
			t.Errorf("awaited with %v", err)
		}
		for _, want := range []int64{21, 22} {
			u, err := d.NextUpdate(0)
			if n, _ := u.Readings[0].Value.Int(); err != nil || u.Readings[0].ID != "flow" || n != want {
				t.Errorf("updated %v, %v; want %d", u, err, want)
			}
		}
		if _, err := d.NextUpdate(10 * time.Second); err == nil {
			t.Error("updated too soon")
		}
		if err := d.Read(); err != nil {
			t.Error(err)
		}
		if v, err := d.Value("flow"); err != nil || v.Raw() != "23" {
			t.Errorf("flow is %v, %v", v, err)
		}
		for _, row := range []struct {
			id    string
			value any
			says  string
		}{
			{"target", 50, ""}, {"target", "21.5", ""}, {"target", 61, "target: 61 is above 60 °C"},
			{"flow", 1, "flow: can't be set"}, {"colour", 1, "colour: there is no such entity"}, {"target", func() {}, "argument value"},
		} {
			err := d.Set(row.id, row.value)
			if (err == nil) != (row.says == "") || err != nil && !strings.Contains(err.Error(), row.says) {
				t.Errorf("%s set to %v: %v, want that it says %q", row.id, row.value, err, row.says)
			}
		}
		if v, err := d.Value("target"); err != nil || v.Raw() != "21.5" {
			t.Errorf("target is %v, %v", v, err)
		}
		if err := d.Press("reset"); err != nil {
			t.Error(err)
		}
		if e, err := d.NextEvent(0); err != nil || e.ID != "fault" || e.Type != "flame_out" || e.Args[0].Key != "code" {
			t.Errorf("told %v, %v", e, err)
		}
		if _, err := d.NextEvent(0); err == nil {
			t.Error("told twice")
		}
		if err := d.Handle(messages.New(messages.Command, messages.Address{Location: "Cellar"}, "SET").WithArg("target", messages.IntValue(70))); !errors.Is(err, devices.ErrAction) {
			t.Errorf("refused with %v", err)
		}
		if err := d.Failure(0); err != nil {
			t.Errorf("failed with %v", err)
		}
	})
}

// What a gateway reports of entities, and else would do nothing about, fails the test.
func TestEntitiesGoWrong(t *testing.T) {
	for action, says := range map[string]string{"TELL": `"nothing"`, "DESCRIBE": "°C"} {
		t.Run(action, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := &recorder{TB: t}
				d := devicetest.StartWith(r, openBoiler, nil)
				if err := d.Handle(messages.New(messages.Command, messages.Address{}, action)); err != nil {
					t.Error(err)
				}
				if reports := d.Reports(); len(reports) != 1 || !strings.Contains(reports[0].Error(), says) {
					t.Errorf("reported %q", reports)
				}
				if r.end(); len(r.errors) != 1 || !strings.Contains(r.errors[0], says) {
					t.Errorf("the test failed with %q, want that it says %s", r.errors, says)
				}
			})
		})
	}
	t.Run("a word", func(t *testing.T) {
		r := &recorder{TB: t}
		devicetest.StartWith(r, func(_ context.Context, env devices.Env, _ params) (devices.Device, error) {
			env.Describe(entity.Device{Entities: []entity.Entity{{ID: "door", Kind: entity.Bool, Address: messages.Address{Location: "front/back"}}}})
			return listener{}, nil
		}, nil)
		if r.end(); len(r.errors) != 1 || !strings.Contains(r.errors[0], `entity "door"`) {
			t.Errorf("the test failed with %q", r.errors)
		}
	})
}

// Of updates and events that nobody takes the latest are kept.
func TestUpdatesAreBounded(t *testing.T) {
	d := devicetest.StartWith(t, openBoiler, nil)
	for i := range 1500 {
		d.Update(time.Now(), entity.Int("flow", int64(i), nil))
	}
	if u, err := d.NextUpdate(0); err != nil || u.Readings[0].Value.Raw() != "500" {
		t.Errorf("the earliest is %v, %v", u, err)
	}
}
