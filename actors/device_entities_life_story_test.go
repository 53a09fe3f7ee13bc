package actors_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mqttgateway/mqttgateway/actors"
	"github.com/mqttgateway/mqttgateway/config"
	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/entity"
	"github.com/mqttgateway/mqttgateway/messages"
)

func init() {
	devices.Register("planned", func(_ context.Context, _ devices.Env, p plannedParams) (devices.Device, error) {
		if p.Fails {
			return nil, errors.New("no such port")
		}
		return &settable{}, nil
	})
	devices.Register("house", func(_ context.Context, env devices.Env, _ struct{}) (devices.Device, error) {
		h := &house{env: env, lamps: make(map[string]devices.Added)}
		return h, h.add("hall")
	})
	devices.Register("mute", func(_ context.Context, env devices.Env, p muteParams) (devices.Device, error) {
		env.Describe(entity.Device{Entities: []entity.Entity{{ID: "on", Kind: entity.Bool, Write: p.Write}}})
		return bystander{env}, nil
	})
}

// plannedParams say all of the entities of a device.
type plannedParams struct {
	ID    string `koanf:"id" doc:"of its only entity"`
	Fails bool   `koanf:"fails" doc:"it can't be opened" default:"false"`
}

func (p plannedParams) Describe() (entity.Device, error) {
	if p.ID == "none" {
		return entity.Device{}, errors.New("id: want any but none")
	}
	return entity.Device{Entities: []entity.Entity{
		{ID: p.ID, Kind: entity.Number, Write: true, Address: messages.Address{Location: "Plan"}},
	}}, nil
}

type settable struct{}

func (*settable) Handle(context.Context, messages.InternalMsg) error { return devices.ErrAction }
func (*settable) Set(context.Context, []entity.Change) error         { return nil }
func (*settable) Close() error                                       { return nil }

// bystander has no Set. Its entities can be set by the time of its first command.
type bystander struct{ env devices.Env }

type muteParams struct {
	Write bool `koanf:"write" doc:"its entity can be set" default:"false"`
}

func (b bystander) Handle(context.Context, messages.InternalMsg) error {
	b.env.Describe(entity.Device{Entities: []entity.Entity{{ID: "on", Kind: entity.Bool, Write: true}}})
	b.env.Describe(entity.Device{Entities: []entity.Entity{{ID: "NO", Kind: entity.Bool}}})
	b.env.Update(time.Now(), entity.Int("unheard_of", 1, nil))
	b.env.Event("on", "rung")
	return nil
}

func (bystander) Close() error { return nil }

// house is a hub of lamps.
type house struct {
	env   devices.Env
	lamps map[string]devices.Added
}

func (h *house) add(name string) (err error) {
	h.lamps[name], err = h.env.Add(name, messages.Address{Location: name}, func(_ context.Context, env devices.Env) (devices.Device, error) {
		words := map[string]string{"true": "LIGHT_ON", "false": "LIGHT_OFF"}
		env.Describe(entity.Device{Entities: []entity.Entity{{ID: "on", Kind: entity.Bool, Write: true, Words: words}}})
		return &houseLamp{env: env}, nil
	})
	return err
}

func (h *house) Handle(_ context.Context, msg messages.InternalMsg) error {
	room, _ := msg.Arg("room")
	switch msg.Action() {
	case "ADD":
		return h.add(room.String())
	case "REMOVE":
		h.lamps[room.String()].Remove()
		return nil
	case "LIGHT_ON": // finds the hub as well, which has no location
		return devices.ErrNotMine
	}
	return errors.New("unplugged")
}

func (h *house) Close() error { return nil }

type houseLamp struct {
	settable
	env devices.Env
}

func (l *houseLamp) Set(_ context.Context, c []entity.Change) error {
	l.env.Update(time.Now(), entity.Boolean("on", c[0].Bool(), nil))
	return nil
}

// What a hub adds has entities of its own: they are described, set, kept while the hub is down, and cleared when the hub removes
// them, or does not add them again.
func TestEntitiesBelowAHub(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fakeBroker{retained: make(map[string]string)}
		b := start(t, []config.Device{{Name: "h", Type: "house", AnswersTo: config.AnswersTo{Device: []string{"h"}}}}, func(o *actors.Options) { o.Dial = f.dial })
		b.broker = f
		defer b.end()
		own := []string{"home/$gateway/gw/h/state", "home/$gateway/gw/state"}
		hall := []string{"home/$gateway/gw/h.hall/info", "home/$gateway/gw/h.hall/state", "home/$gateway/gw/h.hall/values"}
		attic := []string{"home/$gateway/gw/h.attic/info", "home/$gateway/gw/h.attic/state", "home/$gateway/gw/h.attic/values"}
		kept := func(lists ...[]string) (all []string) {
			for _, list := range lists {
				all = append(all, list...)
			}
			return all
		}
		b.wantKept("at first", kept(hall, own, []string{"home///hall//gw/S"})...)
		b.arrive("home////h/me/C", `{"action":"ADD","room":"attic"}`)
		b.arrive("home///attic//me/C", "LIGHT_ON")
		all := kept(attic, hall, own, []string{"home///attic//gw/S", "home///hall//gw/S"})
		b.wantKept("a lamp more", all...)
		if got := f.retained["home///attic//gw/S"]; got != "LIGHT_ON" {
			t.Errorf("the broker keeps %q of the attic", got)
		}
		b.arrive("home////h/me/C", `BREAK`)
		b.wantKept("while the hub is down", all...)
		time.Sleep(time.Minute)
		b.wantKept("the hub is back, without the attic", kept(hall, own, []string{"home///hall//gw/S"})...)
		b.arrive("home////h/me/C", `{"action":"REMOVE","room":"hall"}`)
		b.wantKept("no lamp is left", own...)
	})
}

// A description that the type gives is in force from the start, also of a device that can't be opened.
func TestDescriptionOfTheType(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, []config.Device{
			{Name: "p", Type: "planned", Reply: config.ReplyAlways, Params: map[string]any{"id": "level", "fails": true}},
			{Name: "wrong", Type: "planned", Params: map[string]any{"id": "WRONG"}},
			{Name: "none", Type: "planned", Params: map[string]any{"id": "none"}},
		})
		defer b.end()
		var views []string
		b.broker.locked(func() { views = b.broker.views })
		if got := strings.Join(views, "\n"); got != `p/info {"address":{"device":"p"},"entities":[{"id":"level","kind":"number","write":true,"address":{"location":"Plan"}}]}`+"\n"+
			`p/values {"level":null}` {
			t.Errorf("the views are\n%s", got)
		}
		b.wantNews("before it was ever open", `home///Plan/p/gw/S {"action":"STATE","level":null}`)
		info, _ := b.gateway.Device("p")
		if got := fmt.Sprint(info.AnswersTo); got != "{[] [] [Plan] [p]}" {
			t.Errorf("answers to %v", got)
		}
		for name, fault := range map[string]string{"wrong": `"WRONG"`, "none": "want any but none"} {
			for u := range b.gateway.Watch(t.Context()) {
				for _, e := range u.Entries {
					if e.Name == name && (e.State != messages.Misconfigured || !strings.Contains(e.Reason, fault)) {
						t.Errorf("%s is %v: %q", name, e.State, e.Reason)
					}
				}
				break
			}
		}
	})
	typ, err := devices.Lookup("planned")
	if err != nil {
		t.Fatal(err)
	}
	for id, want := range map[string]bool{"level": true, "WRONG": false, "none": false} {
		if err := typ.Check(map[string]any{"id": id}); (err == nil) != want {
			t.Errorf("check of %q: %v", id, err)
		}
	}
}

// A device whose entities can be set must have a Set. What is wrong with a device that is open is reported, and does no harm.
func TestMistakesWithEntities(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, []config.Device{
			{Name: "opens", Type: "mute", Reply: config.ReplyAlways},
			{Name: "stays", Type: "mute", Params: map[string]any{"write": true}},
		})
		defer b.end()
		log := strings.Join(b.log.take(), "\n")
		if !strings.Contains(log, "ERROR device stays down") || !strings.Contains(log, "but the device has no Set") {
			t.Errorf("the log says\n%s", log)
		}
		b.news()
		b.arrive("home////opens/me/C", "GO")
		b.wantNews("after its mistakes", `home////opens/gw/S {"action":"STATE","on":null}`, `home////opens/gw/S {"action":"GO","response":"OK"}`)
		b.arrive("home////opens/me/C", `{"action":"SET","on":true}`)
		b.wantNews("no Set", `home////opens/gw/S {"action":"SET","response":"REJECTED","reason":"opens: the device sets nothing: it has no Set"}`)
		log = strings.Join(b.log.take(), "\n")
		for _, fault := range []string{`"NO"`, `"unheard_of"`, `event of "on"`} {
			if !strings.Contains(log, fault) {
				t.Errorf("the log lacks %s:\n%s", fault, log)
			}
		}
	})
}
