package devicetest_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/mqttgateway/mqttgateway/actors"
	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/devices/devicetest"
	"github.com/mqttgateway/mqttgateway/entity"
	"github.com/mqttgateway/mqttgateway/messages"
)

// gadget is a good device, into which each row of TestPlanted plants one fault, by replacing one of its methods.
type gadget struct {
	env    devices.Env
	closed chan struct{}
	cut    <-chan struct{} // closed when its equipment breaks

	handle func(g *gadget, ctx context.Context, msg messages.InternalMsg) error
	set    func(g *gadget, ctx context.Context, changes []entity.Change) error
	read   func(g *gadget, ctx context.Context) error
	run    func(g *gadget, ctx context.Context) error
	close  func(g *gadget) error
}

type gadgetParams struct {
	Mute bool `koanf:"mute" default:"false" doc:"its equipment does not answer"`
}

var on = messages.New(messages.Command, messages.Address{}, "ON")

func gadgetDescription() entity.Device {
	return entity.Device{Entities: []entity.Entity{
		{ID: "level", Kind: entity.Number, Unit: "%", Write: true, Min: entity.F(10)},
		{ID: "mode", Kind: entity.Enum, Options: []string{"fast", "slow"}, Write: true},
		{ID: "reset", Kind: entity.Button},
	}}
}

// newGadget returns a gadget without a fault, as its opener does when the equipment has answered.
func newGadget(ctx context.Context, env devices.Env, p gadgetParams) (*gadget, error) {
	if p.Mute {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	env.Describe(gadgetDescription())
	return &gadget{env: env, closed: make(chan struct{}), cut: plug.cut()}, nil
}

func (g *gadget) Handle(ctx context.Context, msg messages.InternalMsg) error {
	if g.handle != nil {
		return g.handle(g, ctx, msg)
	}
	if msg.Action() != "ON" {
		return devices.ErrAction
	}
	g.env.Emit(msg.WithType(messages.Status))
	return nil
}

func (g *gadget) Set(ctx context.Context, changes []entity.Change) error {
	if g.set != nil {
		return g.set(g, ctx, changes)
	}
	for _, c := range changes {
		if c.ID != "reset" {
			g.env.Update(time.Now(), entity.Reading{ID: c.ID, Value: c.Value})
		}
	}
	return nil
}

func (g *gadget) Read(ctx context.Context) error {
	if g.read != nil {
		return g.read(g, ctx)
	}
	g.env.Update(time.Now(), entity.Int("level", 50, nil))
	return nil
}

func (g *gadget) Run(ctx context.Context) error {
	if g.run != nil {
		return g.run(g, ctx)
	}
	select {
	case <-g.closed:
		return nil
	case <-g.cut:
		return errBroken
	}
}

func (g *gadget) Close() error {
	if g.close != nil {
		return g.close(g)
	}
	close(g.closed)
	return nil
}

// equipment can be broken.
type equipment struct {
	mu   sync.Mutex
	cuts []chan struct{}
}

var plug equipment

func (e *equipment) cut() <-chan struct{} {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.cuts = append(e.cuts, make(chan struct{}))
	return e.cuts[len(e.cuts)-1]
}

func (e *equipment) pull() {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, c := range e.cuts {
		close(c)
	}
	e.cuts = nil
}

// opens is what the opener of a row does.
type opens = func(ctx context.Context, env devices.Env, p gadgetParams) (devices.Device, error)

// with returns an opener that plants a fault into each gadget.
func with(plant func(g *gadget)) opens {
	return func(ctx context.Context, env devices.Env, p gadgetParams) (devices.Device, error) {
		g, err := newGadget(ctx, env, p)
		if err != nil {
			return nil, err
		}
		plant(g)
		return g, nil
	}
}

// forLong is a day, in which a hang ends that nothing else can end.
const forLong = 24 * time.Hour

// hung waits for long, whatever happens.
func hung() error { time.Sleep(forLong); return nil }

var (
	hoarded sync.Map // files that nobody closes
	openNow atomic.Int32
	latest  struct { // is all that there is of its type
		sync.Mutex
		gadget *gadget
	}
)

// planted are the faults that Run must find, each by the rule that it breaks.
var planted = []struct {
	fault string
	open  opens
	rule  devicetest.Rule
	says  string
}{
	{"leaks a goroutine", with(func(*gadget) { go hung() }), devicetest.EndsGoroutines, "devicetest_test.hung"},
	{"leaks a descriptor", with(func(g *gadget) {
		if f, err := os.Open(os.DevNull); err == nil {
			hoarded.Store(f, true)
		}
	}), devicetest.GivesBackOpened, os.DevNull},
	{"leaks a goroutine when it can't open", func(ctx context.Context, env devices.Env, p gadgetParams) (devices.Device, error) {
		if p.Mute {
			go hung()
		}
		return newGadget(ctx, env, p)
	}, devicetest.EndsGoroutines, "devicetest_test.hung"},
	{"Close hangs", with(func(g *gadget) { g.close = func(*gadget) error { close(g.closed); return hung() } }), devicetest.Closes, "close goes on after 10s"},
	{"Close fails", with(func(g *gadget) { g.close = func(*gadget) error { close(g.closed); return errBroken } }), devicetest.Closes, "line broken"},
	{"Close panics", with(func(g *gadget) { g.close = func(*gadget) error { close(g.closed); panic("closed already") } }), devicetest.Closes, "panic: closed already"},
	{"Run ignores its context and Close", with(func(g *gadget) { g.run = func(*gadget, context.Context) error { return hung() } }), devicetest.RunEnds, "run goes on 10s after"},
	{"Run ends by itself", with(func(g *gadget) { g.run = func(*gadget, context.Context) error { return nil } }), devicetest.RunEnds, "before it was told to"},
	{"Run panics", with(func(g *gadget) { g.run = func(*gadget, context.Context) error { panic("index out of range") } }), devicetest.RunEnds, "panic: index out of range"},
	{"Open ignores its context", func(ctx context.Context, env devices.Env, p gadgetParams) (devices.Device, error) {
		if p.Mute {
			return nil, hung()
		}
		return newGadget(ctx, env, p)
	}, devicetest.OpensInTime, "goes on 5s after its context has ended"},
	{"Open panics", func(context.Context, devices.Env, gadgetParams) (devices.Device, error) { panic("nil map") }, devicetest.Opens, "panic: nil map"},
	{"Open returns nothing", func(context.Context, devices.Env, gadgetParams) (devices.Device, error) { return nil, nil }, devicetest.Opens, "returned no device"},
	{"Open doesn't wait for an answer", func(ctx context.Context, env devices.Env, _ gadgetParams) (devices.Device, error) {
		return newGadget(ctx, env, gadgetParams{})
	}, devicetest.OpensByAnswer, ""},
	{"can be opened once", func(ctx context.Context, env devices.Env, p gadgetParams) (devices.Device, error) {
		if openNow.Add(1) > 2 { // the first is that with a parameter too many
			return nil, errors.New("address in use")
		}
		return newGadget(ctx, env, p)
	}, devicetest.Opens, "in life 3 it does not open: address in use"},
	{"Handle ignores its context", with(func(g *gadget) {
		g.handle = func(_ *gadget, _ context.Context, msg messages.InternalMsg) error {
			if msg.Action() == "ON" {
				return hung()
			}
			return devices.ErrAction
		}
	}), devicetest.ReturnsInTime, "ON: it goes on 5s after"},
	{"Set ignores its context", with(func(g *gadget) {
		g.set = func(*gadget, context.Context, []entity.Change) error { return hung() }
	}), devicetest.ReturnsInTime, "set level to 10: it goes on"},
	{"Read ignores its context", with(func(g *gadget) {
		g.read = func(*gadget, context.Context) error { return hung() }
	}), devicetest.ReturnsInTime, "read: it goes on"},
	{"Set hangs as soon as its context has ended", with(func(g *gadget) {
		g.set = func(_ *gadget, ctx context.Context, _ []entity.Change) error {
			if ctx.Err() != nil {
				return hung()
			}
			return nil
		}
	}), devicetest.ReturnsInTime, "set level to 10: it goes on"},
	{"Observe ignores its context", func(ctx context.Context, env devices.Env, p gadgetParams) (devices.Device, error) {
		g, err := newGadget(ctx, env, p)
		if err != nil {
			return nil, err
		}
		return deaf{g}, nil
	}, devicetest.ReturnsInTime, "a status that it does not know: it goes on"},
	{"Handle swallows an unknown action", with(func(g *gadget) {
		g.handle = func(*gadget, context.Context, messages.InternalMsg) error { return nil }
	}), devicetest.Refuses, "want devices.ErrAction"},
	{"fails over an unknown action", with(func(g *gadget) {
		g.handle = func(_ *gadget, _ context.Context, msg messages.InternalMsg) error {
			if msg.Action() == "ON" {
				return nil
			}
			return errors.New("no such action")
		}
	}), devicetest.Refuses, "it fails: no such action"},
	{"Handle panics", with(func(g *gadget) {
		g.handle = func(_ *gadget, _ context.Context, msg messages.InternalMsg) error {
			if msg.Action() == "ON" {
				panic("divided by zero")
			}
			return devices.ErrAction
		}
	}), devicetest.Works, "panic: divided by zero"},
	{"refuses what it must do", with(func(g *gadget) {
		g.handle = func(*gadget, context.Context, messages.InternalMsg) error { return devices.ErrAction }
	}), devicetest.Works, "ON: it refuses: not for this device: action refused"},
	{"fails at what it can", with(func(g *gadget) {
		g.set = func(_ *gadget, _ context.Context, c []entity.Change) error {
			if c[0].ID == "mode" {
				return errBroken
			}
			return nil
		}
	}), devicetest.Works, `set mode to "fast": it fails: line broken`},
	{"emits a word that no topic can have", with(func(g *gadget) {
		g.env.Emit(messages.New(messages.Status, messages.Address{Location: "Living/Room"}, "ON"))
	}), devicetest.SaysWhatCanBe, `location: "Living/Room"`},
	{"emits nothing at all", with(func(g *gadget) {
		g.run = func(g *gadget, ctx context.Context) error {
			g.env.Emit(messages.New(messages.Status, g.env.Address(), ""))
			g.run = nil
			return g.Run(ctx)
		}
	}), devicetest.SaysWhatCanBe, "action: empty"},
	{"emits when it has been closed", with(func(g *gadget) {
		g.close = func(g *gadget) error {
			close(g.closed)
			time.AfterFunc(50*time.Millisecond, func() { g.env.Emit(messages.New(messages.Status, g.env.Address(), "BYE")) })
			return nil
		}
	}), devicetest.EndsSilently, "BYE"},
	{"describes a class with the unit of another", func(ctx context.Context, env devices.Env, p gadgetParams) (devices.Device, error) {
		env.Describe(entity.Device{Entities: []entity.Entity{{ID: "flow", Kind: entity.Number, Class: "temperature", Unit: "V"}}})
		return newGadget(ctx, env, p)
	}, devicetest.SaysWhatCanBe, `"flow"`},
	{"updates an entity that it has not described", with(func(g *gadget) {
		g.env.Update(time.Now(), entity.Int("levle", 50, nil))
	}), devicetest.SaysWhatCanBe, `"levle"`},
	{"tells an event that it has not described", with(func(g *gadget) { g.env.Event("bell", "rung") }), devicetest.SaysWhatCanBe, `"bell"`},
	{"Handle waits for a receipt", with(func(g *gadget) {
		g.handle = func(g *gadget, _ context.Context, msg messages.InternalMsg) error {
			if msg.Action() != "ON" {
				return devices.ErrAction
			}
			<-g.env.Emit(msg.WithType(messages.Status)).Done()
			return nil
		}
	}), devicetest.WaitsForNobody, ""},
	{"Open waits for a receipt", func(ctx context.Context, env devices.Env, p gadgetParams) (devices.Device, error) {
		<-env.Emit(messages.New(messages.Status, env.Address(), "HELLO")).Done()
		return newGadget(ctx, env, p)
	}, devicetest.WaitsForNobody, ""},
	{"doesn't notice that its equipment breaks", with(func(g *gadget) {
		g.run = func(g *gadget, ctx context.Context) error { <-ctx.Done(); return nil }
	}), devicetest.Fails, "and it goes on"},
	{"closes another one of its type", func(ctx context.Context, env devices.Env, p gadgetParams) (devices.Device, error) {
		d, err := newGadget(ctx, env, p)
		if err == nil {
			latest.Lock()
			defer latest.Unlock()
			if latest.gadget != nil {
				plug.pull()
			}
			latest.gadget, d.cut = d, plug.cut()
			d.close = func(g *gadget) error {
				latest.Lock()
				defer latest.Unlock()
				if close(g.closed); latest.gadget == g {
					latest.gadget = nil
				}
				return nil
			}
		}
		return d, err
	}, devicetest.BearsOthers, "line broken"},
	{"adds one that doesn't open", with(func(g *gadget) {
		_, _ = g.env.Add("lamp", messages.Address{}, func(context.Context, devices.Env) (devices.Device, error) { return nil, errNoPort })
	}), devicetest.Opens, "lamp, which it has added: no such port"},
	{"adds one that swallows everything", with(func(g *gadget) {
		_, _ = g.env.Add("lamp", messages.Address{}, func(context.Context, devices.Env) (devices.Device, error) { return swallower{}, nil })
	}), devicetest.Refuses, "want devices.ErrAction"},
}

// deaf is a gadget that hangs over each status.
type deaf struct{ *gadget }

func (deaf) Observe(context.Context, messages.InternalMsg) error { return hung() }

// swallower does nothing, with success.
type swallower struct{}

func (swallower) Handle(context.Context, messages.InternalMsg) error { return nil }

func (swallower) Close() error { return nil }

// options are those with which Run tries out a gadget.
var gadgetOptions = []devicetest.Option{devicetest.Commands(on), devicetest.Mute(map[string]any{"mute": true}), devicetest.Break(plug.pull), devicetest.Beside(map[string]any{"mute": false})}

// Run finds each fault, by its rule, and nothing else.
func TestPlanted(t *testing.T) {
	for _, row := range planted {
		t.Run(row.fault, func(t *testing.T) {
			wantBroken(t, row.rule, row.says, func(r *recorder) { devicetest.Run(r, row.open, nil, gadgetOptions...) })
		})
	}
}

// wantBroken runs a trial in a bubble, and wants that it finds one rule broken.
func wantBroken(t *testing.T, rule devicetest.Rule, says string, trial func(*recorder)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		openNow.Store(0)
		plug.forget() // channels of no bubble
		r := &recorder{TB: t}
		trial(r)
		if len(r.errors) != 1 || !strings.Contains(r.errors[0], "a device "+string(rule)+".\n") || !strings.Contains(r.errors[0], says) {
			t.Errorf("found %d faults:\n%s\nwant that %q is broken and said with %q", len(r.errors), strings.Join(r.errors, "\n"), rule, says)
		}
		closeHoarded()
		time.Sleep(10 * forLong) // until all that hangs has left the bubble
	})
}

func closeHoarded() {
	hoarded.Range(func(f, _ any) bool { f.(*os.File).Close(); hoarded.Delete(f); return true })
}

func init() {
	devices.Add(devices.Type{Name: "careless", Open: func(ctx context.Context, env devices.Env, _ map[string]any) (devices.Device, error) {
		return newGadget(ctx, env, gadgetParams{})
	}})
	devices.Register("gadget", with(func(*gadget) {}))
	devices.Register("misspelt", with(func(*gadget) {}), devices.Example("- {name: a, type: misspelt, params: {muet: true}}"))
}

// A type that reads its parameters itself must refuse those that it does not know.
func TestPlantedInParams(t *testing.T) {
	wantBroken(t, devicetest.RefusesParams, "devicetest_unknown", func(r *recorder) {
		devicetest.RunType(r, "careless", nil, devicetest.Commands(on))
	})
}

// A type that is registered is held to its example.
func TestPlantedInTheExample(t *testing.T) {
	wantBroken(t, devicetest.ShowsHow, "devices[0].params.muet: unknown option; did you mean mute?", func(r *recorder) {
		devicetest.RunType(r, "misspelt", nil, gadgetOptions...)
	})
}

// An actor is held to the same rules.
func TestPlantedInActors(t *testing.T) {
	open := func(do func(c actor.Context, r *actors.Request)) func(context.Context, devices.Env, gadgetParams) (devices.Device, error) {
		return actors.Opener(func(context.Context, devices.Env, gadgetParams) (actor.Actor, error) {
			return receiver(func(c actor.Context) {
				if r, ok := c.Message().(*actors.Request); ok {
					do(c, r)
				}
			}), nil
		})
	}
	for _, row := range []struct {
		fault string
		do    func(c actor.Context, r *actors.Request)
		rule  devicetest.Rule
		says  string
	}{
		{"swallows", func(actor.Context, *actors.Request) {}, devicetest.Refuses, "want devices.ErrAction"},
		{"hangs", func(_ actor.Context, r *actors.Request) { _ = hung() }, devicetest.ReturnsInTime, "it goes on"},
		{"panics", func(_ actor.Context, r *actors.Request) {
			if r.Msg.Action() == "ON" {
				panic("out of memory")
			}
			r.Answer(devices.ErrAction)
		}, devicetest.Works, "panic: out of memory"},
	} {
		t.Run(row.fault, func(t *testing.T) {
			wantBroken(t, row.rule, row.says, func(r *recorder) { devicetest.Run(r, open(row.do), nil, devicetest.Commands(on)) })
		})
	}
}

// receiver is an actor.
type receiver func(actor.Context)

func (f receiver) Receive(c actor.Context) { f(c) }
