package actors_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mqttgateway/mqttgateway/actors"
	"github.com/mqttgateway/mqttgateway/config"
	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/internal/mqtt"
	"github.com/mqttgateway/mqttgateway/messages"
)

// What a hub adds is a device of its own: it hears what is meant for it, answers, fails and is opened again alone.
func TestAddedDevice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := startBridge(t, adds("a", "b"))
		b.wantRecorded("hub online", "hub.a online", "hub.b online")
		b.tell("hub.a", "ON")
		b.wantSaid("hub.a", "ON", `{"action":"ON","response":"OK"}`)
		b.wantSaid("hub.b")
		b.tell("hub.a", "BREAK")
		b.wantRecorded("hub online", "hub.a offline handling BREAK: bulb burnt", "hub.b online")
		b.tell("hub.b", "ON")
		b.wantSaid("hub.b", "ON", `{"action":"ON","response":"OK"}`)
		time.Sleep(time.Minute)
		b.wantRecorded("hub online", "hub.a online", "hub.b online")
		if openings("a") != 2 || openings("b") != 1 {
			t.Errorf("opened %v, want a twice", theBridge.opened)
		}
		b.end()
		if closings("a") != 2 || closings("b") != 1 {
			t.Errorf("closed %v, want each as often as it was opened", theBridge.closed)
		}
	})
}

// While a hub is down what it has added refuses for its reason, in the same words everywhere, and fails at nothing itself. What
// the hub adds again goes on, with what is counted of it; what it doesn't is gone.
func TestHubFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		names := []string{"a", "b", "busy"}
		b := startBridge(t, func(h *bridge) error { return adds(names...)(h) })
		names = []string{"a", "busy", "c"}
		b.tell("hub.a", "ON")
		b.tell("hub.a", "BREAK") // one failure of its own
		time.Sleep(10 * time.Second)
		b.said("hub.a")
		b.log.take()

		b.tell("hub.busy", "HANG")
		b.tell("hub.busy", "ON")
		b.tell("hub", "BREAK")
		down := "handling BREAK: cable cut"
		b.wantRecorded("hub offline "+down, "hub.a offline hub: "+down, "hub.b offline hub: "+down, "hub.busy offline hub: "+down)
		// What waits is refused, and what hangs returns, in any order.
		synctest.Wait()
		busy := b.said("hub.busy")
		slices.Sort(busy)
		if want := []string{
			fmt.Sprintf(`{"action":"HANG","response":"ERROR","reason":"hub.busy: handling HANG: hub: %s"}`, down),
			fmt.Sprintf(`{"action":"ON","response":"ERROR","reason":"hub.busy: hub: %s"}`, down),
		}; !slices.Equal(busy, want) {
			t.Errorf("hub.busy said %q, want %q", busy, want)
		}
		b.tell("hub.a", "ON")
		b.wantSaid("hub.a", fmt.Sprintf(`{"action":"ON","response":"ERROR","reason":"hub.a: hub: %s"}`, down))
		if closings("a") != 2 || closings("b") != 1 || closings("busy") != 1 {
			t.Errorf("closed %v, want each with its hub", theBridge.closed)
		}

		time.Sleep(time.Second)
		b.wantRecorded("hub online", "hub.a online", "hub.busy online", "hub.c online")
		b.tell("hub.a", "ON")
		b.wantSaid("hub.a", "ON", `{"action":"ON","response":"OK"}`)
		b.tell("hub.b", "ON")
		b.wantSaid("hub.b")
		if a, _ := b.gateway.Device("hub.a"); a.Handled != 2 || a.Failed != 1 {
			t.Errorf("hub.a has handled %d and failed %d, want 2 and 1 in both lives of its hub", a.Handled, a.Failed)
		}
		if _, ok := b.gateway.Device("hub.b"); ok {
			t.Error("hub.b is still there")
		}
		lines := b.log.take()
		if failed := mentions(lines, "device failed"); len(failed) != 1 || !strings.Contains(failed[0], "device=hub ") {
			t.Errorf("want the failure of the hub and no other:\n%s", strings.Join(lines, "\n"))
		}
		b.end()
	})
}

// The broker keeps how each added device is, and nothing of one that is no more, also of the run before.
func TestAddedAvailability(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		names := []string{"a", "b"}
		b := startBridge(t, func(h *bridge) error {
			time.Sleep(10 * time.Second) // the broker is there before
			return adds(names...)(h)
		}, func(o *actors.Options) {
			o.Devices[0].Name, o.Devices[0].AnswersTo.Device = "my.hub", []string{"my.hub"}
		})
		want := func(when string, want ...string) {
			t.Helper()
			synctest.Wait()
			got := b.saidStates()
			slices.Sort(got)
			if !slices.Equal(got, want) {
				t.Errorf("%s: states %q, want %q", when, got, want)
			}
		}
		keep := func(device string) {
			b.broker.session().options.Arrived(mqtt.Message{Topic: "home/$gateway/gw/" + device + "/state", Payload: "online", Retained: true})
		}
		time.Sleep(6 * time.Second)
		keep("my.hub.a")
		keep("my.hub.old")
		keep("my.old")
		want("at first", "my.hub.a/state offline: my.hub: connecting", "my.hub.old/state offline: my.hub: connecting", "my.hub/state connecting",
			"my.old/state ", "state online")
		time.Sleep(5 * time.Second)
		want("the hub is there", "my.hub.a/state connecting", "my.hub.a/state online", "my.hub.b/state connecting", "my.hub.b/state online",
			"my.hub.old/state ", "my.hub/state online")
		names = []string{"a"}
		b.tell("my.hub", "BREAK")
		down := "handling BREAK: cable cut"
		want("the hub fails", "my.hub.a/state offline: my.hub: "+down, "my.hub.b/state offline: my.hub: "+down, "my.hub/state offline: "+down)
		time.Sleep(20 * time.Second)
		back := of(b.saidStates(), func(state string) bool { return !strings.HasSuffix(state, "connecting") }) // which may be over by then
		slices.Sort(back)
		if want := []string{"my.hub.a/state online", "my.hub.b/state ", "my.hub/state online"}; !slices.Equal(back, want) {
			t.Errorf("the hub is back: states %q, want %q", back, want)
		}
		b.end()
		want("the end", "my.hub.a/state offline: stopped", "my.hub/state offline: stopped", "state offline")
	})
}

// A lamp's failure while its hub is down, or before, doesn't open it before the hub is there.
func TestLampWaitsForItsHub(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var broken atomic.Bool
		b := startBridge(t, func(h *bridge) error {
			if err := adds("a")(h); err != nil || !broken.Load() {
				return err
			}
			return errors.New("no answer")
		})
		broken.Store(true)
		for range 5 { // it waits for long
			b.tell("hub.a", "BREAK")
			time.Sleep(100 * time.Millisecond)
		}
		b.tell("hub", "BREAK")
		opened := openings("a")
		time.Sleep(time.Hour)
		b.wantRecorded("hub offline handling BREAK: cable cut", "hub.a offline hub: handling BREAK: cable cut")
		b.tell("hub.a", "ON")
		b.said("hub.a")
		if openings("a") <= opened || openings("a") != closings("a") {
			t.Errorf("opened %d times and closed %d, want it opened with each attempt of its hub, and closed", openings("a"), closings("a"))
		}
		broken.Store(false)
		time.Sleep(2 * time.Minute)
		b.wantRecorded("hub online", "hub.a online")
		b.end()
	})
}

// A hub that is stuck takes down what it has added, as one that has failed.
func TestHubIsStuck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := startBridge(t, adds("a"))
		b.tell("hub", "SLEEP")
		time.Sleep(11 * time.Second)
		why := "handling SLEEP: not done after 10s"
		b.wantRecorded("hub stuck "+why, "hub.a offline hub: "+why)
		b.tell("hub.a", "ON")
		b.wantSaid("hub.a", fmt.Sprintf(`{"action":"ON","response":"ERROR","reason":"hub.a: hub: %s"}`, why))
		time.Sleep(2 * time.Minute)
		b.wantRecorded("hub online", "hub.a online")
		b.end()
	})
}

// A hub adds and removes while it runs. What goes finishes what it has; another of its name waits for that.
func TestHubAddsAndRemoves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := startBridge(t, adds())
		b.tell("hub", "ADD a")
		b.wantRecorded("hub online", "hub.a online")
		for n := range 3 {
			b.tell("hub.a", fmt.Sprint("SLOW ", n))
		}
		b.tell("hub", "REMOVE a")
		b.tell("hub.a", "LOST")
		b.tell("hub", "ADD a")
		b.tell("hub.a", "ON")
		time.Sleep(time.Minute)
		var want []string
		for _, action := range []string{"SLOW 0", "SLOW 1", "SLOW 2", "ON"} {
			want = append(want, action, fmt.Sprintf(`{"action":%q,"response":"OK"}`, action))
		}
		b.wantSaid("hub.a", want...)
		if openings("a") != 2 || closings("a") != 1 {
			t.Errorf("opened %v, closed %v; want two, one after the other", theBridge.opened, theBridge.closed)
		}
		b.tell("hub", "REMOVE a")
		b.wantRecorded("hub online")
		b.end()
	})
}

// Add refuses at once what cannot be.
func TestAddIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		theBridge.open, theBridge.opened, theBridge.closed = adds("a"), make(map[string]int), make(map[string]int)
		var hub *bridge
		var lamp devices.Env
		theBridge.open = func(h *bridge) error {
			hub = h
			h.env.Add("a", messages.Address{}, func(_ context.Context, env devices.Env) (devices.Device, error) {
				lamp = env
				return &bridgeLamp{env, "a"}, nil
			})
			return nil
		}
		b := start(t, []config.Device{{Name: "hub", Type: "bridge"}, {Name: "hub.taken", Type: "lamp"}})
		add := func(e devices.Env, name, want string) {
			t.Helper()
			_, err := e.Add(name, messages.Address{}, func(context.Context, devices.Env) (devices.Device, error) { return nil, errors.New("opened") })
			if fmt.Sprint(err) != want {
				t.Errorf("%q: %v, want %s", name, err, want)
			}
		}
		add(hub.env, "", `device "" cannot be added: the name is empty`)
		add(hub.env, "x.y", `device "x.y" cannot be added: the name holds a dot, which stands between a hub and what it adds`)
		add(hub.env, "state", `device "state" cannot be added: the name is a topic of the gateway's own: want another name`)
		add(hub.env, "a", `device "hub.a" cannot be added: there is one already`)
		add(hub.env, "taken", `device "hub.taken" cannot be added: there is one already`)
		add(lamp, "x", `device "hub.a.x" cannot be added: "hub.a" was added itself`)
		b.end()
		add(hub.env, "late", `device "hub.late" cannot be added: gateway stopped`)
	})
}

// At the stop, and when the hub is to go, what it has added finishes and closes first: it may need the hub for that.
func TestHubGoesLast(t *testing.T) {
	for _, row := range []struct {
		name string
		goes func(*bench)
	}{
		{"stop", func(b *bench) { b.stop(); <-b.done }},
		{"removed", func(b *bench) {
			if _, err := b.gateway.Apply(context.Background(), nil); err != nil {
				b.t.Error(err)
			}
			time.Sleep(5 * time.Second)
			b.wantRecorded()
		}},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := startBridge(t, adds("a", "b"))
				for range 3 {
					b.tell("hub.a", "SLOW")
				}
				row.goes(b)
				ok := `{"action":"SLOW","response":"OK"}`
				b.wantSaid("hub.a", "SLOW", ok, "SLOW", ok, "SLOW", ok)
				if closings("a") != 1 || closings("b") != 1 || lastClosed() != "hub" {
					t.Errorf("closed %v and last %s; want each once, and the hub last", theBridge.closed, theBridge.last)
				}
				b.end()
			})
		})
	}
}

// Whatever happens to a hub and its lamps, in any order: in the end there are those that it has, each is online and was closed as
// often as opened but for once, and every message was handled, refused or failed at, once.
func TestHubWalk(t *testing.T) {
	for seed := range uint64(60) {
		synctest.Test(t, func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 0))
			var mu sync.Mutex
			has := make(map[string]bool) // what the equipment has; guarded by mu, as is chance
			chance := rand.New(rand.NewPCG(seed, 1))
			b := startBridge(t, func(h *bridge) error {
				mu.Lock()
				sleeps, fails, names := chance.IntN(4) == 0, chance.IntN(3) == 0, slices.Sorted(maps.Keys(has))
				mu.Unlock()
				if sleeps {
					defer time.Sleep(10 * time.Second) // in which lamps are opened already
				}
				if err := adds(names...)(h); err != nil || !fails {
					return err
				}
				return errors.New("no answer")
			}, func(o *actors.Options) { o.Devices[0].Reply = config.ReplyNever })
			time.Sleep(10 * time.Second) // until there is a session
			for range 40 {
				name := string(rune('a' + random.IntN(4)))
				up := b.recorded()[0] == "hub online" // else it learns of what it has when it opens
				switch random.IntN(8) {
				case 0, 1:
					if up && !has[name] {
						mu.Lock()
						has[name] = true
						mu.Unlock()
						b.tell("hub", "ADD "+name)
					}
				case 2:
					if up && has[name] {
						mu.Lock()
						delete(has, name)
						mu.Unlock()
						b.tell("hub", "REMOVE "+name)
					}
				case 3:
					b.tell("hub", "BREAK")
				case 4:
					b.tell("hub."+name, "BREAK")
				case 5:
					b.tell("hub."+name, "HANG")
				case 6:
					b.tell("hub."+name, "SLOW")
				case 7:
					time.Sleep(time.Duration(random.IntN(5000)) * time.Millisecond)
				}
			}
			time.Sleep(time.Hour)
			want := []string{"hub online"}
			for _, name := range slices.Sorted(maps.Keys(has)) {
				want = append(want, "hub."+name+" online")
			}
			b.wantRecorded(want...)
			for _, name := range []string{"a", "b", "c", "d"} {
				opened, closed := openings(name), closings(name)
				if has[name] && closed != opened-1 || !has[name] && closed != opened {
					t.Errorf("%s was opened %d times and closed %d; it is there: %v", name, opened, closed, has[name])
				}
			}
			n := b.gateway.Counters()
			if done := n.Handled.Load() + n.TurnedAway.Load() + n.Failed.Load(); done != n.Routed.Load() {
				t.Errorf("%d messages came for devices, and %d were done with", n.Routed.Load(), done)
			}
			b.end()
		})
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

// What is applied says nothing of what hubs add: it stays. It goes with a hub that is replaced, and comes back with the new one; a
// configured device of its name takes its place.
func TestApplyLeavesWhatIsAdded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := startBridge(t, func(h *bridge) error {
			_ = adds("a")(h) // refused when the name is taken
			return adds("b")(h)
		})
		hub := config.Device{
			Name: "hub", Type: "bridge", Reply: config.ReplyAlways, AnswersTo: config.AnswersTo{Device: []string{"hub"}},
			Timeout: 10 * time.Second, OpenTimeout: 30 * time.Second, Mailbox: 100,
		}
		apply := func(want actors.Changes, list ...config.Device) {
			t.Helper()
			got, err := b.gateway.Apply(t.Context(), list)
			if err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("applied %v, %v; want %v", got, err, want)
			}
			time.Sleep(time.Minute)
		}
		apply(actors.Changes{Kept: []string{"hub"}}, hub)
		if openings("a") != 1 {
			t.Error("a lamp was opened again by an apply that changes nothing")
		}
		hub.Mailbox = 50
		apply(actors.Changes{Changed: []string{"hub"}}, hub)
		b.wantRecorded("hub online", "hub.a online", "hub.b online")
		if a, _ := b.gateway.Device("hub.a"); openings("a") != 2 || closings("a") != 1 || a.Room != 50 {
			t.Errorf("opened %d times, closed %d, with room for %d; want it replaced with its hub", openings("a"), closings("a"), a.Room)
		}
		taken := lamps("hub.a")[0]
		taken.Timeout, taken.OpenTimeout, taken.Mailbox = hub.Timeout, hub.OpenTimeout, 10
		apply(actors.Changes{Added: []string{"hub.a"}, Kept: []string{"hub"}}, hub, taken)
		b.wantRecorded("hub online", "hub.a online", "hub.b online")
		if a, _ := b.gateway.Device("hub.a"); closings("a") != 2 || a.Type != "lamp" {
			t.Errorf("hub.a is a %s, and its predecessor was closed %d times", a.Type, closings("a"))
		}
		b.tell("hub", "BREAK")
		time.Sleep(time.Minute)
		b.wantRecorded("hub online", "hub.a online", "hub.b online")
		apply(actors.Changes{Removed: []string{"hub"}, Kept: []string{"hub.a"}}, taken)
		b.wantRecorded("hub.a online")
		b.end()
	})
}
