package actors_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/mqttgateway/mqttgateway/actors"
	"github.com/mqttgateway/mqttgateway/config"
	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/messages"
)

func init() {
	devices.Register("odd", func(_ context.Context, env devices.Env, _ struct{}) (devices.Device, error) {
		o := oddity
		if o.open != nil {
			o.open()
		}
		if o.run != nil {
			return &oddRunner{odd{env, o}}, nil
		}
		return &odd{env, o}, nil
	})
	actors.Register("odd actor", func(context.Context, devices.Env, struct{}) (actor.Actor, error) {
		if oddity.open != nil {
			oddity.open()
		}
		return actor.ReceiveFunc(func(c actor.Context) {
			if oddity.receive != nil {
				oddity.receive(c)
			}
		}), nil
	})
}

// oddity is what the odd devices of a test do, where it isn't nil.
var oddity behaviour

type behaviour struct {
	open, handle, run func()
	close             func() error
	receive           func(actor.Context) // of an actor
}

type odd struct {
	env devices.Env
	behaviour
}

func (o *odd) Handle(context.Context, messages.InternalMsg) error {
	if o.handle != nil {
		o.handle()
	}
	o.env.Emit(status("HANDLED"))
	return nil
}

func (o *odd) Close() error {
	if o.close != nil {
		return o.close()
	}
	return nil
}

type oddRunner struct{ odd }

func (o *oddRunner) Run(ctx context.Context) error {
	o.run()
	<-ctx.Done()
	return nil
}

// startOdd runs an odd device of a type beside a lamp.
func startOdd(t *testing.T, typ string, b behaviour, change ...func(*actors.Options)) *bench {
	oddity = b
	return start(t, append(lamps("a"), config.Device{
		Name: "odd", Type: typ, AnswersTo: config.AnswersTo{Device: []string{"odd"}},
	}), change...)
}

// firstTime returns a function that does f the first time, and nothing after.
func firstTime(f func()) func() {
	var done atomic.Bool
	return func() {
		if !done.Swap(true) {
			f()
		}
	}
}

// A device that ends the goroutine it is called on has failed, like one that panics.
func TestDeviceEndsItsGoroutine(t *testing.T) {
	for _, row := range []struct {
		name string
		does behaviour
	}{
		{"open", behaviour{open: firstTime(runtime.Goexit)}},
		{"handle", behaviour{handle: firstTime(runtime.Goexit)}},
		{"run", behaviour{run: firstTime(runtime.Goexit)}},
		{"close", behaviour{handle: firstTime(func() { panic("to be closed") }), close: func() func() error {
			exit := firstTime(runtime.Goexit)
			return func() error { exit(); return nil }
		}()}},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := startOdd(t, "odd", row.does)
				if row.name == "handle" || row.name == "close" {
					b.arrive("home////odd/me/C", "ON")
				}
				time.Sleep(11 * time.Second)
				b.arrive("home////odd/me/C", "ON")
				b.arrive("home////a/me/C", "ON")
				if got := b.broker.published(); !slices.Equal(got, []string{"home/////gw/S HANDLED", "home////a/gw/S ON"}) {
					t.Errorf("published %q, want both devices at work", got)
				}
				c := b.gateway.Counters()
				if sum := c.Handled.Load() + c.TurnedAway.Load() + c.Failed.Load(); sum != c.Routed.Load() {
					t.Errorf("%d routed, and %d handled, refused or failed", c.Routed.Load(), sum)
				}
				b.end()
			})
		})
	}
}

// What does not return is told, by what it is, and concerns that device only.
func TestDeviceDoesNotReturn(t *testing.T) {
	for _, row := range []struct {
		name string
		does func(release chan struct{}) behaviour
		says string
	}{
		{"from Close", func(release chan struct{}) behaviour {
			return behaviour{handle: firstTime(func() { panic("to be closed") }), close: func() error { <-release; return nil }}
		}, "err=closing: not done after 10s"},
		{"from Run, when it is told to", func(release chan struct{}) behaviour {
			return behaviour{handle: firstTime(func() { panic("to be closed") }), run: func() { <-release }}
		}, "err=running: not done after"},
		{"from opening", func(release chan struct{}) behaviour {
			return behaviour{open: firstTime(func() { <-release })}
		}, "err=opening: not done after 30s"},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				release := make(chan struct{})
				b := startOdd(t, "odd", row.does(release), func(o *actors.Options) { o.StartWait = 0; o.Throttle = time.Millisecond })
				b.arrive("home////odd/me/C", "ON")
				time.Sleep(time.Minute)
				b.arrive("home////a/me/C", "ON")
				lines := b.log.take()
				if len(mentions(lines, "device stuck", row.says)) == 0 {
					t.Errorf("nobody is told that the device is stuck, %s:\n%s", row.says, strings.Join(lines, "\n"))
				}
				close(release)
				time.Sleep(2 * time.Second)
				b.arrive("home////odd/me/C", "ON")
				if got := b.broker.published(); !slices.Equal(got, []string{"home////a/gw/S ON", "home/////gw/S HANDLED"}) {
					t.Errorf("published %q, want the lamp at work all the time, and the other once it is back", got)
				}
				b.end()
			})
		})
	}
}

// A device that can't even be closed without an error is reported as others are, throttled.
func TestErrorsOfCloseAreThrottled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := startOdd(t, "odd", behaviour{handle: func() { panic("on fire") }, close: func() error { return errors.New("port gone") }})
		defer b.end()
		b.log.take()
		for range 600 {
			b.arrive("home////odd/me/C", "ON")
			time.Sleep(100 * time.Millisecond)
		}
		lines := unrecorded(b.log.take())
		if told := mentions(lines, "port gone"); len(lines) > 20 || len(told) == 0 || len(told) != len(mentions(lines, "device reports")) {
			t.Errorf("%d lines in a minute, want at most 20, the error among them as a report:\n%s", len(lines), strings.Join(lines, "\n"))
		}
	})
}

// An actor that can't be made is a device that is down, not a fault of the actor above it.
func TestRegisteredActorCannotBeMade(t *testing.T) {
	for _, row := range []struct {
		name  string
		cause any
		final bool
	}{
		{"now", "no such port", false},
		{"for good", fmt.Errorf("port: %w", devices.ErrConfig), true},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var tries int
				b := startOdd(t, "odd actor", behaviour{open: func() {
					if tries++; tries < 4 {
						panic(row.cause)
					}
				}})
				time.Sleep(time.Minute)
				b.arrive("home////a/me/C", "ON")
				b.arrive("home////odd/me/C", "ON")
				want, handled := 4, int64(2)
				if row.final {
					want, handled = 1, 1
				}
				if got := b.gateway.Counters().Handled.Load(); tries != want || got != handled {
					t.Errorf("made %d times, %d handled; want %d and %d", tries, got, want, handled)
				}
				if lines := b.log.take(); len(mentions(lines, "device=devices")) > 0 || len(mentions(lines, "odd", "stays down")) > 0 != row.final {
					t.Errorf("want it told of the device:\n%s", strings.Join(lines, "\n"))
				}
				began := time.Now()
				b.stop()
				<-b.done
				if took := time.Since(began); took > 0 {
					t.Errorf("the stop took %v", took)
				}
				b.end()
			})
		})
	}
}

// A panic over the news that its life ends doesn't make an actor begin once more, and what our actors say to each other
// doesn't reach it.
func TestRegisteredActorPanicsInStopping(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var got []string
		b := startOdd(t, "odd actor", behaviour{receive: func(c actor.Context) {
			got = append(got, fmt.Sprintf("%T", c.Message()))
			switch c.Message().(type) {
			case *actors.Request, *actor.Stopping:
				panic("trapped")
			}
		}})
		b.arrive("home////odd/me/C", "ON")
		time.Sleep(time.Minute)
		b.end()
		want := []string{
			"*actor.Started", "*actors.Request", "*actor.Stopping", "*actor.Stopped",
			"*actor.Started", "*actor.Stopping", "*actor.Stopped",
		}
		if !slices.Equal(got, want) {
			t.Errorf("the actor received %q, want %q", got, want)
		}
	})
}

// A device that has lived well for long begins its back-off anew, also if it ends by being stuck.
func TestBackoffBeginsAnewAfterAGoodLife(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, lamps("a"), func(o *actors.Options) { o.Throttle = time.Millisecond })
		defer b.end()
		for range 6 {
			b.arrive("home////a/me/C", "HANG")
			time.Sleep(time.Hour)
		}
		lines := mentions(b.log.take(), "device online again")
		if len(lines) != 6 || len(mentions(lines, "failures=1 ")) != 6 {
			t.Errorf("want six returns, each after one failure:\n%s", strings.Join(lines, "\n"))
		}
	})
}

// The link may open while devices still do, and before each has an actor.
func TestLinkOpensWhileDevicesDo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var list []config.Device
		for i := range 500 {
			list = append(list, lamps(fmt.Sprint("lamp", i))...)
			list[i].Params = map[string]any{"opening": "hang"}
		}
		b := start(t, list, func(o *actors.Options) { o.StartWait = 0 })
		b.arrive("home//////C", "ON")
		if lines := mentions(b.log.take(), "panic"); len(lines) != 0 {
			t.Errorf("the mapper met an actor that was not there: %s", lines[0])
		}
		if got := b.gateway.Counters().Routed.Load(); got != 1 {
			t.Errorf("%d routed, want 1", got)
		}
		b.end()
	})
}

// An actor that stops itself and panics as well has failed, and begins again.
func TestRegisteredActorStopsItselfAndPanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := startOdd(t, "odd actor", behaviour{receive: func(c actor.Context) {
			if q, ok := c.Message().(*actors.Request); ok && q.Msg.Action() == "STOP" {
				c.Stop(c.Self())
				panic("stopping")
			}
		}})
		for range 3 {
			b.arrive("home////odd/me/C", "STOP")
			b.arrive("home////odd/me/C", "ON") // refused
			time.Sleep(time.Minute)
			b.arrive("home////odd/me/C", "ON")
		}
		if c := b.gateway.Counters(); c.Handled.Load() != 3 || c.Failed.Load() != 3 || c.TurnedAway.Load() != 3 {
			t.Errorf("%d handled, %d failed, %d refused, want 3 each", c.Handled.Load(), c.Failed.Load(), c.TurnedAway.Load())
		}
		b.end()
	})
}

// What was let in before the stop is handled, not refused.
func TestStopRefusesNothingThatWasLetIn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, lamps("a"), func(o *actors.Options) { o.Outbox.Messages = 1000 })
		session := b.broker.session()
		for range 90 {
			session.options.Arrived(arrival("home////a/me/C", "ON"))
		}
		b.stop()
		<-b.done
		if c := b.gateway.Counters(); c.Handled.Load() != 90 || c.TurnedAway.Load() != 0 {
			t.Errorf("handled %d, refused %d, want all 90 handled", c.Handled.Load(), c.TurnedAway.Load())
		}
		b.end()
	})
}
