package actors_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mqttgateway/mqttgateway/config"
	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/entity"
	"github.com/mqttgateway/mqttgateway/messages"
)

func init() { devices.Register("boiler", openBoiler) }

// boiler has a temperature, a setpoint and a pump elsewhere. Its Handle takes what the test wants the equipment to do.
type boiler struct{ env devices.Env }

func boilerDescription() entity.Device {
	return entity.Device{Model: "B7", Entities: []entity.Entity{
		{ID: "flow", Kind: entity.Number, Unit: "°C", Class: "temperature", Report: entity.Report{Deadband: 0.2, Stale: time.Hour}},
		{ID: "target", Kind: entity.Number, Unit: "°C", Write: true, Min: entity.F(20), Max: entity.F(60)},
		{ID: "pump", Kind: entity.Bool, Write: true, Words: map[string]string{"true": "PUMP_ON", "false": "PUMP_OFF"},
			Address: messages.Address{Function: "Heating", Device: "Pump"}},
		{ID: "fault", Kind: entity.Event, Options: []string{"flame_out"}},
		{ID: "reset", Kind: entity.Button},
	}}
}

type boilerParams struct {
	Opening string `koanf:"opening" default:"" doc:"wrong: with a wrong description"`
}

func openBoiler(_ context.Context, env devices.Env, p boilerParams) (devices.Device, error) {
	d := boilerDescription()
	if p.Opening == "wrong" {
		d.Entities = append(d.Entities, entity.Entity{ID: "flow", Kind: entity.Text})
	}
	env.Describe(d)
	return &boiler{env}, nil
}

func (b *boiler) Handle(_ context.Context, msg messages.InternalMsg) error {
	switch msg.Action() {
	case "FLOW":
		v, _ := msg.Arg("value")
		f, _ := v.Float()
		b.env.Update(time.Now(), entity.Float("flow", f, nil))
	case "PUMP":
		b.env.Update(time.Now(), entity.Boolean("pump", true, nil))
	case "FLAME_OUT":
		b.env.Event("fault", "flame_out", messages.Argument{Key: "code", Value: messages.IntValue(7)})
	case "BREAK":
		return errRefused
	default:
		return devices.ErrAction
	}
	return nil
}

func (b *boiler) Set(_ context.Context, changes []entity.Change) error {
	for _, c := range changes {
		b.env.Update(time.Now(), entity.Reading{ID: c.ID, Value: c.Value})
	}
	return nil
}

func (b *boiler) Close() error { return nil }

// news returns what has been published since it was last called.
func (b *bench) news() (news []string) {
	synctest.Wait()
	b.broker.locked(func() { news, b.broker.sent = b.broker.sent, nil })
	return news
}

func (b *bench) wantNews(when string, want ...string) {
	b.t.Helper()
	if got := b.news(); !slices.Equal(got, want) {
		b.t.Errorf("%s: published\n  %s\nwant\n  %s", when, strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

// What a device reads leaves as statuses: one STATE for each address, words beside it, and only what has changed.
func TestEntitiesAreSaid(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, []config.Device{{Name: "b", Type: "boiler"}})
		defer b.end()
		b.wantNews("described", `home////b/gw/S {"action":"STATE","flow":null,"target":null}`, `home/Heating///Pump/gw/S {"action":"STATE","pump":null}`)
		for _, row := range []struct {
			send string
			want []string
		}{
			{`{"action":"FLOW","value":20.5}`, []string{`home////b/gw/S {"action":"STATE","flow":20.5,"target":null}`}},
			{`{"action":"FLOW","value":20.6}`, nil},
			{`{"action":"FLOW","value":20.8}`, []string{`home////b/gw/S {"action":"STATE","flow":20.8,"target":null}`}},
			{`PUMP`, []string{`home/Heating///Pump/gw/S {"action":"STATE","pump":true}`, `home/Heating///Pump/gw/S PUMP_ON`}},
			{`PUMP`, nil},
			{`FLAME_OUT`, []string{`home////b/gw/S {"action":"flame_out","code":7}`}},
			{`BREAK`, nil},
		} {
			b.arrive("home////b/me/C", row.send)
			b.wantNews(row.send, row.want...)
		}
		time.Sleep(time.Minute)
		b.wantNews("opened again, and nothing has changed")
		time.Sleep(time.Hour)
		b.wantNews("stale", `home////b/gw/S {"action":"STATE","flow":null,"target":null}`)
	})
}

// A device finds out what it answers to by its description.
func TestEntitiesAreFound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, []config.Device{{Name: "b", Type: "boiler"}})
		defer b.end()
		b.news()
		b.arrive("home/Heating///Pump/me/C", "PUMP")
		b.wantNews("by the address of an entity", `home/Heating///Pump/gw/S {"action":"STATE","pump":true}`, `home/Heating///Pump/gw/S PUMP_ON`)
		b.arrive("home////other/me/C", "FLAME_OUT")
		b.wantNews("by another name")
		info, _ := b.gateway.Device("b")
		if want := (config.AnswersTo{Device: []string{"b", "Pump"}}); !slices.Equal(info.AnswersTo.Device, want.Device) || info.AnswersTo.Function != nil {
			t.Errorf("answers to %v, want %v", info.AnswersTo, want)
		}
	})
}

// A device that describes itself wrongly stays down: a person must act.
func TestWrongDescription(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, []config.Device{{Name: "b", Type: "boiler", Params: map[string]any{"opening": "wrong"}}})
		defer b.end()
		time.Sleep(time.Hour)
		b.wantNews("nothing is described")
		var about []string
		for _, line := range b.log.take() {
			if strings.Contains(line, "device=b") {
				about = append(about, line)
			}
		}
		if len(about) != 1 || !strings.HasPrefix(about[0], "ERROR device stays down") || !strings.Contains(about[0], `"flow"`) {
			t.Errorf("want one error about it, have %q", about)
		}
	})
}
