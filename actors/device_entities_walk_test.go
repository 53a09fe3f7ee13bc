package actors_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
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
	devices.Register("storyteller", func(_ context.Context, env devices.Env, _ struct{}) (devices.Device, error) {
		return tale.open(env), nil
	})
}

// telling is a walk of devices that describe themselves, tell values, fail and are removed, and a model of what the broker must
// keep of them.
type telling struct {
	mu      sync.Mutex
	random  *rand.Rand
	devices map[string]*told // that there are, by name
}

// tale is the walk that goes on.
var tale *telling

// told is the model of one device.
type told struct {
	env         devices.Env
	up          bool
	description entity.Device
	values      map[string]reading
}

type reading struct {
	literal string
	at      time.Time
}

// freshFor is the Stale of the entities that have one.
const freshFor = 40 * time.Second

// describe returns some description of a device.
func (w *telling) describe(name string) (d entity.Device) {
	words := map[string]string{"true": "LIGHT_ON", "false": "LIGHT_OFF"}
	lamp := messages.Address{Device: name + "_lamp"}
	kind := entity.Number
	if w.random.IntN(4) == 0 {
		kind = entity.Text
	}
	for _, e := range []entity.Entity{
		{ID: "count", Kind: kind},
		{ID: "lit", Kind: entity.Bool, Words: words, Address: lamp},
		{ID: "name", Kind: entity.Text, Address: lamp},
		{ID: "fresh", Kind: entity.Number, Address: messages.Address{Location: "Attic"}, Report: entity.Report{Stale: freshFor}},
		{ID: "gate", Kind: entity.Bool, Words: map[string]string{"true": "GATE_OPEN"}, Address: messages.Address{Location: "Cellar"}},
		{ID: "secret", Kind: entity.Number, Hidden: true},
		{ID: "bell", Kind: entity.Event, Options: []string{"rung"}, Address: messages.Address{Function: "Security"}},
	} {
		if w.random.IntN(3) > 0 {
			d.Entities = append(d.Entities, e)
		}
	}
	return d
}

// open describes the device as before. A device that has been opened again may tell nothing new.
func (w *telling) open(env devices.Env) devices.Device {
	w.mu.Lock()
	defer w.mu.Unlock()
	d := w.devices[env.Name()]
	d.env, d.up = env, true
	env.Describe(d.description)
	return &storyteller{d}
}

// storyteller is a device of the walk. Any command breaks it.
type storyteller struct{ told *told }

func (s *storyteller) Handle(context.Context, messages.InternalMsg) error {
	return errors.New("unplugged")
}

func (s *storyteller) Close() error {
	tale.mu.Lock()
	defer tale.mu.Unlock()
	s.told.up = false
	return nil
}

// redescribe gives the device another description. Entities that both have, with the same kind, keep their values.
func (d *told) redescribe(to entity.Device) {
	for id := range d.values {
		was, _ := d.description.Entity(id)
		if is, ok := to.Entity(id); !ok || is.Kind != was.Kind {
			delete(d.values, id)
		}
	}
	d.description = to
}

// literal returns what is known of an entity now.
func (d *told) literal(e *entity.Entity) string {
	v, ok := d.values[e.ID]
	if !ok || e.Report.Stale > 0 && time.Since(v.at) >= e.Report.Stale {
		return "null"
	}
	return v.literal
}

// kept returns what the broker must keep of all devices, by topic.
func (w *telling) kept() map[string]string {
	kept := make(map[string]string)
	for name, d := range w.devices {
		whole := d.description
		whole.Address = entity.Overlay(messages.Address{Device: name}, whole.Address)
		shown := whole
		shown.Entities = slices.DeleteFunc(slices.Clone(whole.Entities), func(e entity.Entity) bool { return e.Hidden })
		info, err := json.Marshal(shown)
		if err != nil {
			panic(err)
		}
		kept["home/$gateway/gw/"+name+"/info"] = string(info)
		var values []string
		statuses := make(map[string][]string) // by topic
		words := make(map[string]string)
		for i := range shown.Entities {
			e := &shown.Entities[i]
			if !e.Kind.HasValue() {
				continue
			}
			at := whole.AddressOf(e)
			topic := fmt.Sprintf("home/%s/%s/%s/%s/gw/S", at.Function, at.Gateway, at.Location, at.Device)
			member := fmt.Sprintf("%q:%s", e.ID, d.literal(e))
			values = append(values, member)
			statuses[topic] = append(statuses[topic], member)
			words[topic] = e.Words[d.literal(e)]
		}
		if values != nil {
			kept["home/$gateway/gw/"+name+"/values"] = "{" + strings.Join(values, ",") + "}"
		}
		for topic, members := range statuses {
			kept[topic] = `{"action":"STATE",` + strings.Join(members, ",") + "}"
			if word := words[topic]; len(members) == 1 && word != "" {
				kept[topic] = word
			}
		}
	}
	return kept
}

// Whatever devices describe and tell while they fail, come and go, and while a broker loses everything: it keeps in the end the
// latest description and the latest values of those that there are, and of no others.
func TestTellingWalk(t *testing.T) {
	for seed := range uint64(10) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := &telling{random: rand.New(rand.NewPCG(seed, 12)), devices: make(map[string]*told)}
				tale = w
				f := &fakeBroker{retained: make(map[string]string)}
				b := start(t, nil, func(o *actors.Options) { o.Dial = f.dial })
				defer b.end()
				for step := range 300 {
					name := fmt.Sprint("d", w.random.IntN(4))
					did := w.step(b, f, name)
					synctest.Wait()
					got := make(map[string]string)
					f.locked(func() { maps.Copy(got, f.retained) })
					maps.DeleteFunc(got, func(topic, _ string) bool {
						return strings.HasSuffix(topic, "/state") || strings.HasSuffix(topic, "/filters")
					})
					w.mu.Lock()
					want := w.kept()
					w.mu.Unlock()
					if !maps.Equal(got, want) {
						t.Fatalf("step %d, %s %s: the broker keeps\n%s\nwant\n%s", step, did, name, listed(got), listed(want))
					}
				}
			})
		})
	}
}

func listed(kept map[string]string) string {
	var lines []string
	for topic, payload := range kept {
		lines = append(lines, "  "+topic+" "+payload)
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// step has something happen, and returns what.
func (w *telling) step(b *bench, f *fakeBroker, name string) string {
	w.mu.Lock()
	d := w.devices[name]
	up := d != nil && d.up
	w.mu.Unlock()
	switch n := w.random.IntN(20); {
	case d == nil:
		w.mu.Lock()
		w.devices[name] = &told{description: w.describe(name), values: make(map[string]reading)}
		w.mu.Unlock()
		w.apply(b)
		return "added"
	case n == 0:
		w.mu.Lock()
		delete(w.devices, name)
		w.mu.Unlock()
		w.apply(b)
		return "removed"
	case n == 1:
		f.locked(func() { clear(f.retained) })
		f.session().lose(io.EOF)
		time.Sleep(2 * time.Minute)
		return "the broker has lost everything:"
	case n == 2:
		f.session().options.Arrived(arrival("home////"+name+"/me/C", "BREAK"))
		return "failed"
	case n < 6:
		time.Sleep(time.Duration(1+w.random.IntN(20)) * time.Second)
		return "time has passed"
	case n < 9:
		to := w.describe(name)
		d.env.Describe(to)
		if up {
			w.mu.Lock()
			d.redescribe(to)
			w.mu.Unlock()
		}
		return fmt.Sprintf("described (%v)", up)
	}
	if len(d.description.Entities) == 0 {
		return "nothing"
	}
	e := &d.description.Entities[w.random.IntN(len(d.description.Entities))]
	var r entity.Reading
	switch {
	case e.Kind == entity.Event:
		d.env.Event(e.ID, "rung")
		return "an event"
	case w.random.IntN(5) == 0:
		r = entity.Unknown(e.ID, io.ErrUnexpectedEOF)
	case e.Kind == entity.Number:
		r = entity.Int(e.ID, w.random.Int64N(3), nil)
	case e.Kind == entity.Bool:
		r = entity.Boolean(e.ID, w.random.IntN(2) == 0, nil)
	default:
		r = entity.String(e.ID, fmt.Sprint("text ", w.random.IntN(2)), nil)
	}
	d.env.Update(time.Now(), r)
	if up {
		w.mu.Lock()
		d.values[r.ID] = reading{r.Value.Raw(), time.Now()}
		w.mu.Unlock()
	}
	return fmt.Sprintf("told %s (%v)", r.ID, up)
}

// apply makes the devices of the model those of the gateway.
func (w *telling) apply(b *bench) {
	var list []config.Device
	w.mu.Lock()
	for name := range w.devices {
		list = append(list, config.Device{
			Name: name, Type: "storyteller", Reply: config.ReplyNever, Timeout: 10 * time.Second, OpenTimeout: 30 * time.Second, Mailbox: 10,
		})
	}
	w.mu.Unlock()
	slices.SortFunc(list, func(a, b config.Device) int { return strings.Compare(a.Name, b.Name) })
	b.apply(list)
}
