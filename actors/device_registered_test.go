package actors_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/mqttgateway/mqttgateway/actors"
	"github.com/mqttgateway/mqttgateway/config"
	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/messages"
)

func init() { actors.Register("siren", newSiren) }

// siren is an actor with a child, a behaviour and a timer. It tells of what becomes of it in statuses.
type siren struct {
	env      devices.Env
	every    time.Duration
	observes bool
	behavior actor.Behavior
	horn     *actor.PID
	timer    *time.Timer
}

// blow is what a siren that is on tells itself again and again, and its horn each time.
type blow struct{}

type sirenParams struct {
	Every    time.Duration `koanf:"every" default:"1m" doc:"between two blows"`
	Observes bool          `koanf:"observes" default:"false" doc:"hears statuses"`
}

func newSiren(_ context.Context, env devices.Env, p sirenParams) (actor.Actor, error) {
	s := &siren{env: env, every: p.Every, observes: p.Observes, behavior: actor.NewBehavior()}
	s.behavior.Become(s.off)
	return s, nil
}

func (s *siren) say(word string) {
	s.env.Emit(messages.New(messages.Status, messages.Address{Device: s.env.Name()}, word))
}

// Observes tells whether the siren hears statuses.
func (s *siren) Observes() bool { return s.observes }

// Receive implements actor.Actor.
func (s *siren) Receive(c actor.Context) {
	switch c.Message().(type) {
	case *actor.Started:
		s.horn = c.SpawnPrefix(actor.PropsFromFunc(s.blown), "horn")
		s.say("STARTED")
	case *actor.Stopping:
		if s.timer != nil {
			s.timer.Stop()
		}
		s.say("STOPPING")
	default:
		s.behavior.Receive(c)
	}
}

// off is a siren's behaviour until it is switched on.
func (s *siren) off(c actor.Context) {
	q, ok := c.Message().(*actors.Request)
	if !ok {
		return
	}
	switch q.Msg.Action() {
	case "PANIC":
		panic("siren on fire")
	case "SLEEP":
		time.Sleep(time.Minute)
	case "LEAVE":
		c.Stop(c.Self())
	case "HAUNT": // outlives it
		time.AfterFunc(10*time.Second, func() { s.say("BOO") })
	case "ON":
		s.behavior.Become(s.on)
		self, system := c.Self(), c.ActorSystem()
		s.timer = time.AfterFunc(s.every, func() { system.Root.Send(self, blow{}) })
	case "FORWARD", "CRACK":
		c.Forward(s.horn)
	default:
		s.say("HEARD " + q.Msg.String())
	}
}

// on is its behaviour from then on.
func (s *siren) on(c actor.Context) {
	if _, ok := c.Message().(blow); ok {
		c.Send(s.horn, blow{})
		s.timer.Reset(s.every)
	}
}

// blown is the horn.
func (s *siren) blown(c actor.Context) {
	switch m := c.Message().(type) {
	case blow:
		s.say("HOO")
	case *actors.Request:
		if m.Msg.Action() == "CRACK" {
			panic("horn cracked")
		}
		s.say("HORN " + m.Msg.Action())
	case *actor.Stopping:
		s.say("HORN STOPPING")
	}
}

func sirens(names ...string) (list []config.Device) {
	for _, d := range lamps(names...) {
		d.Type = "siren"
		list = append(list, d)
	}
	return list
}

// said returns what a device has published, without the topics, since it was last asked.
func (b *bench) said(device string) (words []string) {
	prefix := "home////" + device + "/gw/S "
	b.broker.locked(func() {
		b.broker.sent = slices.DeleteFunc(b.broker.sent, func(line string) bool {
			word, ok := strings.CutPrefix(line, prefix)
			if ok {
				words = append(words, word)
			}
			return ok
		})
	})
	return words
}

// wantSaid fails the test unless a device has said these words since it was last asked.
func (b *bench) wantSaid(device string, want ...string) {
	b.t.Helper()
	synctest.Wait()
	if got := b.said(device); !slices.Equal(got, want) {
		b.t.Errorf("%s said %q, want %q", device, got, want)
	}
}

// The actor gets the message itself, not what the gateway wraps around it, and may pass it on.
func TestRegisteredActorReceives(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, sirens("s"))
		b.wantSaid("s", "STARTED")
		b.arrive("home/Alarm///s/me/C", `{"action": "TEST", "level": 3}`)
		b.arrive("home////s/me/C", "FORWARD")
		b.arrive("home////other/me/C", "TEST")
		b.wantSaid("s", `HEARD C Alarm///s from me: TEST {"level":3}`, "HORN FORWARD")
		b.end()
		b.wantSaid("s", "STOPPING", "HORN STOPPING")
		n := b.gateway.Counters()
		if handled, failed := n.Handled.Load(), n.Failed.Load(); handled != 2 || failed != 0 {
			t.Errorf("handled %d, failed %d; want 2 and 0", handled, failed)
		}
	})
}

// Behaviours, children and timers are protoactor's own.
func TestRegisteredActorHasItsOwnTimersAndChildren(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		list := sirens("s", "slow")
		list[0].Params = map[string]any{"every": "10s"}
		b := start(t, list)
		b.said("s")
		b.said("slow")
		b.arrive("home//////C", "ON")
		time.Sleep(35 * time.Second)
		b.wantSaid("s", "HOO", "HOO", "HOO")
		b.wantSaid("slow")
		time.Sleep(30 * time.Second)
		b.wantSaid("slow", "HOO")
		b.end()
		b.wantSaid("slow", "STOPPING", "HORN STOPPING")
	})
}

// A panic is a failure like any other: said with its stack, and the actor is made anew after a back-off that grows.
// Meanwhile it refuses, and the others go on.
func TestRegisteredActorPanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, append(sirens("s"), lamps("lamp")...))
		defer b.end()
		b.said("s")
		b.log.take()

		b.arrive("home////s/me/C", "PANIC")
		b.wantSaid("s", "STOPPING", "HORN STOPPING")
		b.arrive("home////s/me/C", "TEST")
		b.arrive("home////lamp/me/C", "ON")
		b.wantSaid("lamp", "ON")
		n := b.gateway.Counters()
		if failed, refused := n.Failed.Load(), n.TurnedAway.Load(); failed != 1 || refused != 1 {
			t.Errorf("failed %d, refused %d; want one each, for the panic and for what came while it was down", failed, refused)
		}

		time.Sleep(time.Second)
		b.wantSaid("s", "STARTED")
		b.arrive("home////s/me/C", "TEST")
		b.wantSaid("s", "HEARD C ///s from me: TEST")
		lines := unrecorded(b.log.take())
		for i, parts := range [][]string{
			{"ERROR device failed", "device=s", "failures=1", "retry=", "(*siren).off (device_registered_test.go:", "panic: siren on fire"},
			{"WARN messages refused", "who=s", "device offline"},
			{"INFO device online again", "device=s", "failures=1"},
		} {
			if len(lines) != 3 {
				t.Fatalf("want a line each for the failure, the refusal and the return, have:\n%s", strings.Join(lines, "\n"))
			}
			for _, part := range parts {
				if !strings.Contains(lines[i], part) {
					t.Errorf("line %q lacks %q", lines[i], part)
				}
			}
		}
	})
}

// The back-off grows with each failure in a row, to a minute at most.
func TestRegisteredActorBacksOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, sirens("s"))
		defer b.end()
		b.said("s")
		var last time.Duration
		for failures := 1; failures <= 10; failures++ {
			b.arrive("home////s/me/C", "PANIC")
			failed := time.Now()
			for !slices.Contains(b.said("s"), "STARTED") {
				time.Sleep(100 * time.Millisecond)
				synctest.Wait()
			}
			last = time.Since(failed)
			if most := min(time.Second<<(failures-1), time.Minute) + 100*time.Millisecond; last < most/2-time.Second || last > most {
				t.Errorf("down for %v after failure %d, want half of %v to all of it", last, failures, most)
			}
		}
		if last < 30*time.Second {
			t.Errorf("down for %v after 10 failures in a row, want half a minute at least", last)
		}
	})
}

// A Receive that does not return takes its device out, and counts as a failure when it does return.
func TestRegisteredActorIsStuck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, append(sirens("s"), lamps("lamp")...))
		defer b.end()
		b.said("s")
		b.log.take()
		b.arrive("home////s/me/C", "SLEEP") // a minute, of which 10 s are allowed
		time.Sleep(11 * time.Second)
		b.arrive("home////s/me/C", "TEST")
		b.arrive("home////lamp/me/C", "ON")
		b.wantSaid("lamp", "ON")
		if n := b.gateway.Counters().TurnedAway.Load(); n != 1 {
			t.Errorf("%d refused, want the one that came while it was stuck", n)
		}
		time.Sleep(time.Minute)
		b.wantSaid("s", "STOPPING", "HORN STOPPING", "STARTED")
		if lines := b.log.take(); !strings.Contains(lines[0], "device stuck") || !strings.Contains(lines[0], "not done after 10s") {
			t.Errorf("first line %q, want that the device is stuck", lines[0])
		}
	})
}

// Wrong parameters keep an actor down for good, and nobody else.
func TestRegisteredActorWithWrongParams(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		list := append(sirens("s"), lamps("lamp")...)
		list[0].Params = map[string]any{"evrey": "1s"}
		b := start(t, list)
		defer b.end()
		time.Sleep(time.Hour)
		b.arrive("home//////C", "ON")
		b.wantSaid("lamp", "ON")
		b.wantSaid("s")
		var stays []string
		for _, line := range b.log.take() {
			if strings.Contains(line, "device=s") {
				stays = append(stays, line)
			}
		}
		if len(stays) != 1 || !strings.HasPrefix(stays[0], "ERROR device stays down") ||
			!strings.Contains(stays[0], "evrey: unknown option; did you mean every?") {
			t.Errorf("want one line in an hour, which names the option, have:\n%s", strings.Join(stays, "\n"))
		}
		if n := b.gateway.Counters().TurnedAway.Load(); n != 1 {
			t.Errorf("%d refused, want what came for it", n)
		}
	})
}

// What is left over of an actor that failed has no voice any more.
func TestRegisteredActorEmitsNothingAfterItsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, sirens("s"))
		defer b.end()
		b.said("s")
		b.arrive("home////s/me/C", "HAUNT")
		b.arrive("home////s/me/C", "PANIC")
		time.Sleep(time.Minute)
		b.wantSaid("s", "STOPPING", "HORN STOPPING", "STARTED")
	})
}

// An actor that stops itself is missing like one that failed: it refuses meanwhile, so that the broker waits for
// nothing, and begins again.
func TestRegisteredActorStopsItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, sirens("s"))
		defer b.end()
		b.said("s")
		b.log.take()
		b.arrive("home////s/me/C", "LEAVE")
		b.arrive("home////s/me/C", "TEST")
		if n := b.gateway.Counters().TurnedAway.Load(); n != 1 {
			t.Errorf("%d refused, want the one that came when it had left", n)
		}
		time.Sleep(time.Second)
		b.wantSaid("s", "STOPPING", "HORN STOPPING", "STARTED")
		b.arrive("home////s/me/C", "TEST")
		b.wantSaid("s", "HEARD C ///s from me: TEST")
		if lines := b.log.take(); len(lines) != 3 || !strings.Contains(lines[0], "failed device=s") {
			t.Errorf("want a line each for the failure, the refusal and the return, have:\n%s", strings.Join(lines, "\n"))
		}
	})
}

// A child's failure is its parent's, unless that has a strategy of its own.
func TestRegisteredActorsChildPanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, sirens("s"))
		defer b.end()
		b.said("s")
		b.log.take()
		b.arrive("home////s/me/C", "CRACK")
		time.Sleep(time.Second)
		b.wantSaid("s", "STOPPING", "HORN STOPPING", "STARTED")
		if lines := unrecorded(b.log.take()); len(lines) != 2 || !strings.Contains(lines[0], "device failed device=s") {
			t.Errorf("want a line each for the failure and the return, have:\n%s", strings.Join(lines, "\n"))
		}
	})
}

// One that is down when the gateway stops, and one that is on, are both stopped: nothing of theirs is left behind.
func TestRegisteredActorsStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, sirens("down", "on"))
		b.arrive("home////on/me/C", "ON")
		b.arrive("home////down/me/C", "PANIC")
		b.wantSaid("down", "STARTED", "STOPPING", "HORN STOPPING")
		b.said("on")
		began := time.Now()
		b.stop()
		<-b.done
		if took := time.Since(began); took > 0 {
			t.Errorf("stopping took %v", took)
		}
		b.wantSaid("down")
		b.wantSaid("on", "STOPPING", "HORN STOPPING")
		b.end()
		b.wantSaid("on") // its timer is no more
	})
}
