package actors_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/mqttgateway/mqttgateway/actors"
	"github.com/mqttgateway/mqttgateway/config"
	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/devices/devicetest"
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
		if c.ID == "reset" {
			continue
		}
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

func init() {
	devices.Register("mover", func(_ context.Context, env devices.Env, _ struct{}) (devices.Device, error) {
		m := mover{env}
		m.to("Hall")
		return m, nil
	})
}

// mover is a device whose only entity is wherever the last command has said.
type mover struct{ env devices.Env }

func (m mover) to(location string) {
	m.env.Describe(entity.Device{Entities: []entity.Entity{{ID: "seen", Kind: entity.Bool, Address: messages.Address{Location: location}}}})
}

func (m mover) Handle(_ context.Context, msg messages.InternalMsg) error {
	m.to(msg.Action())
	return nil
}

func (mover) Close() error { return nil }

// What a device answers to goes with its description, unless the configuration says it.
func TestAnswersFollowTheDescription(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, []config.Device{
			{Name: "a", Type: "mover", Reply: config.ReplyAlways},
			{Name: "b", Type: "mover", AnswersTo: config.AnswersTo{Location: []string{"Office"}, Device: []string{"b", "both"}}},
		})
		defer b.end()
		for _, row := range []struct{ to, want string }{
			{"Hall", "Attic"}, {"Hall", "Attic"}, {"Attic", "Cellar"}, {"Cellar", "Cellar"},
		} {
			b.arrive("home///"+row.to+"//me/C", row.want)
			info, _ := b.gateway.Device("a")
			if got := fmt.Sprint(info.AnswersTo); got != "{[] [] ["+row.want+"] [a]}" {
				t.Errorf("after %s to %s: answers to %s", row.want, row.to, got)
			}
		}
		info, _ := b.gateway.Device("b")
		if got := fmt.Sprint(info.AnswersTo); got != "{[] [] [Office] [b both]}" {
			t.Errorf("one whose configuration says it answers to %s", got)
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

// What commands ask of entities is checked before the device sees it; all else is for the device itself.
func TestEntitiesAreSet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, []config.Device{{Name: "b", Type: "boiler", Reply: config.ReplyAlways}})
		defer b.end()
		b.news()
		const target, pump = `home////b/gw/S {"action":"STATE","flow":null,"target":40}`, `home/Heating///Pump/gw/S {"action":"STATE","pump":true}`
		for _, row := range []struct {
			to, send string
			want     []string
		}{
			{"///b", `{"action":"SET","target":40,"id":5}`, []string{target, `home////b/gw/S {"action":"SET","response":"OK","id":5}`}},
			{"///b", `{"action":"SET","target":"70"}`, []string{`home////b/gw/S {"action":"SET","response":"REJECTED","reason":"b: target: 70 is above 60 °C"}`}},
			{"///b", `{"action":"SET","target":41,"flow":5}`, []string{`home////b/gw/S {"action":"SET","response":"REJECTED","reason":"b: flow: can't be set"}`}},
			{"///b", `{"action":"SET","target":41,"pump":true}`, []string{`home////b/gw/S {"action":"SET","response":"REJECTED","reason":"b: pump: there is no such entity"}`}},
			{"///b", `{"action":"SET","other":41}`, nil},
			{"///Pump", `PUMP_ON`, []string{pump, `home/Heating///Pump/gw/S PUMP_ON`, `home////Pump/gw/S {"action":"PUMP_ON","response":"OK"}`}},
			{"///b", `PUMP_ON`, nil},
			{"///b", `GET`, []string{target, `home////b/gw/S {"action":"GET","response":"OK"}`}},
			{"Heating///", `GET`, []string{target, pump, `home/Heating////gw/S {"action":"GET","response":"OK"}`}},
			{"///b", `RESET`, []string{`home////b/gw/S {"action":"RESET","response":"OK"}`}},
			{"///b", `MAKE_COFFEE`, []string{`home////b/gw/S {"action":"MAKE_COFFEE","response":"REJECTED","reason":"b: action refused"}`}},
			{"//Hall/", `MAKE_COFFEE`, nil}, // which names nothing of it
		} {
			b.arrive("home/"+row.to+"/me/C", row.send)
			b.wantNews(row.to+" "+row.send, row.want...)
		}
	})
}

func init() {
	actors.Register("thermostat", func(_ context.Context, env devices.Env, p thermostatParams) (actor.Actor, error) {
		env.Describe(entity.Device{Entities: []entity.Entity{{ID: "target", Kind: entity.Number, Write: true}}})
		return &thermostat{env, p}, nil
	})
}

type thermostatParams struct {
	Reads bool `koanf:"reads" doc:"its actor is asked to read" default:"false"`
}

// thermostat is a device that is an actor. It has read its target a second after it was asked to.
type thermostat struct {
	env devices.Env
	p   thermostatParams
}

func (a *thermostat) Reads() bool { return a.p.Reads }

func (a *thermostat) Receive(c actor.Context) {
	q, ok := c.Message().(*actors.Request)
	switch {
	case !ok:
	case q.Changes != nil:
		a.env.Update(time.Now(), entity.Float("target", q.Changes[0].Float(), nil))
	case q.Msg.Action() == entity.ActionGet:
		q.Later()
		time.AfterFunc(time.Second, func() {
			a.env.Update(time.Now(), entity.Int("target", 5, nil))
			q.Answer(nil)
		})
	default:
		q.Answer(devices.ErrAction)
	}
}

// A device that is an actor has entities like any other, and the kit tries it out in the same way.
func TestEntitiesOfARegisteredActor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, []config.Device{{Name: "t", Type: "thermostat", Reply: config.ReplyAlways}})
		defer b.end()
		b.news()
		const said = `home////t/gw/S {"action":"STATE","target":21.5}`
		for _, row := range []struct {
			send string
			want []string
		}{
			{`{"action":"SET","target":21.5}`, []string{said, `home////t/gw/S {"action":"SET","response":"OK"}`}},
			{`{"action":"SET","target":"warm"}`, []string{`home////t/gw/S {"action":"SET","response":"REJECTED","reason":"t: target: \"warm\", want a number"}`}},
			{`GET`, []string{said, `home////t/gw/S {"action":"GET","response":"OK"}`}},
			{`OTHER`, []string{`home////t/gw/S {"action":"OTHER","response":"REJECTED","reason":"t: action refused"}`}},
		} {
			b.arrive("home////t/me/C", row.send)
			b.wantNews(row.send, row.want...)
		}
		b.arrive("home///Hall//me/C", "OTHER")
		b.wantNews("OTHER, which names nothing of it")
	})
	synctest.Test(t, func(t *testing.T) {
		b := start(t, []config.Device{{Name: "t", Type: "thermostat", Reply: config.ReplyAlways, Params: map[string]any{"reads": true}}})
		defer b.end()
		b.news()
		b.arrive("home////t/me/C", "GET")
		b.wantNews("asked to read")
		time.Sleep(time.Second)
		const said = `home////t/gw/S {"action":"STATE","target":5}`
		b.wantNews("has read", said, said, `home////t/gw/S {"action":"GET","response":"OK"}`)
	})
	d := devicetest.Start(t, "thermostat", nil)
	if err := d.Handle(messages.New(messages.Command, messages.Address{}, "SET").WithArg("target", messages.IntValue(20))); err != nil {
		t.Error(err)
	}
	for _, want := range []string{`S ///thermostat: STATE {"target":null}`, `S ///thermostat: STATE {"target":20}`} {
		if got, err := d.Next(time.Second); err != nil || got.Msg.String() != want || !got.Retain {
			t.Errorf("said %v (%v), want %s, retained", got, err, want)
		}
	}
	if got := d.View("values"); got != `{"target":20}` {
		t.Errorf("values are %s", got)
	}
}
