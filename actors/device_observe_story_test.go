package actors_test

import (
	"context"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mqttgateway/mqttgateway/config"
	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/internal/mqtt"
	"github.com/mqttgateway/mqttgateway/messages"
)

func init() { devices.Register("ear", openEar) }

// ear is a device that hears statuses as well. It logs what it hears, and does as the action says.
type ear struct{ lamp }

func openEar(ctx context.Context, env devices.Env, p lampParams) (devices.Device, error) {
	_, err := openLamp(ctx, env, p)
	voices.Store(env.Name(), env)
	return &ear{lamp{env}}, err
}

func (e *ear) Handle(ctx context.Context, msg messages.InternalMsg) error { return e.Observe(ctx, msg) }

func (e *ear) Observe(ctx context.Context, msg messages.InternalMsg) error {
	e.env.Log().Info("heard", "msg", msg.Type().String()+" "+msg.Action())
	switch msg.Action() {
	case "PASS":
		return devices.ErrNotMine
	case "PANIC", "BREAK", "REFUSE", "HANG":
		return e.lamp.Handle(ctx, msg)
	}
	return nil
}

// heard returns what ears have heard since the log was last taken, such as "a: S ON".
func (b *bench) heard() (all []string) {
	for _, line := range b.log.take() {
		if rest, ok := strings.CutPrefix(line, "INFO heard device="); ok {
			all = append(all, strings.Replace(rest, " msg=", ": ", 1))
		}
	}
	slices.Sort(all)
	return all
}

// ears returns the configuration of lamps that hear.
func ears(names ...string) []config.Device {
	list := lamps(names...)
	for i := range list {
		list[i].Type = "ear"
	}
	return list
}

// ackCount counts acknowledgements in place of a session.
type ackCount struct{ atomic.Int32 }

func (a *ackCount) Acknowledge(byte, uint16) { a.Add(1) }

// A status goes to those who observe. Whoever doesn't never gets one, and the broker doesn't wait for that.
func TestStatusesAreForObservers(t *testing.T) {
	for _, row := range []struct {
		name, topic, payload string
		heard                []string
		handled, unmatched   int64
	}{
		{"to one that observes", "home////ear/me/S", "ON", []string{"ear: S ON"}, 1, 0},
		{"to one that does not", "home////lamp/me/S", "ON", nil, 0, 1},
		{"to all", "home/////me/S", "ON", []string{"ear: S ON"}, 1, 0},
		{"a command to all", "home/////me/C", "ON", []string{"ear: C ON"}, 2, 0},
		{"refused", "home////ear/me/S", "REFUSE", []string{"ear: S REFUSE"}, 0, 0},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := start(t, append(ears("ear"), lamps("lamp")...))
				defer b.end()
				acks := new(ackCount)
				b.broker.session().options.Arrived(arrival(row.topic, row.payload).AcknowledgedBy(acks, 1))
				synctest.Wait()
				c := b.gateway.Counters()
				if got := b.heard(); !slices.Equal(got, row.heard) || c.Handled.Load() != row.handled || c.Unmatched.Load() != row.unmatched {
					t.Errorf("heard %q, %d handled, %d unmatched; want %q, %d and %d",
						got, c.Handled.Load(), c.Unmatched.Load(), row.heard, row.handled, row.unmatched)
				}
				if n := acks.Load(); n != 1 {
					t.Errorf("acknowledged %d times, want once", n)
				}
			})
		})
	}
}

// A device that fails over a status is broken as one that fails over a command.
func TestObserveFails(t *testing.T) {
	for _, action := range []string{"PANIC", "BREAK", "HANG"} {
		t.Run(action, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := start(t, ears("a"))
				defer b.end()
				b.arrive("home////a/me/S", action)
				time.Sleep(11 * time.Second)
				if n := b.gateway.Counters().Failed.Load(); n != 1 {
					t.Errorf("%d messages have failed, want 1", n)
				}
				time.Sleep(time.Minute)
				b.heard()
				b.arrive("home////a/me/S", "ON")
				if got, want := b.heard(), []string{"a: S ON"}; !slices.Equal(got, want) {
					t.Errorf("once it was opened again it heard %q, want %q", got, want)
				}
			})
		})
	}
}

// What arrives while a device is opened for the first time waits for it: also a status, since nobody knows yet whether the
// device observes.
func TestStatusesWaitForTheOpening(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		list := append(ears("ear"), lamps("lamp")...)
		for i := range list {
			list[i].Params = map[string]any{"opening": "slow"}
		}
		b := start(t, list)
		defer b.end()
		time.Sleep(6 * time.Second) // the link has not waited for longer than 5
		b.arrive("home/////me/S", "ON")
		time.Sleep(30 * time.Second)
		if got, want := b.heard(), []string{"ear: S ON"}; !slices.Equal(got, want) || b.gateway.Counters().Handled.Load() != 2 {
			t.Errorf("heard %q, %d handled; want %q, and the lamp done with it", got, b.gateway.Counters().Handled.Load(), want)
		}
		b.arrive("home////lamp/me/S", "ON")
		if n := b.gateway.Counters().Unmatched.Load(); n != 1 {
			t.Errorf("%d messages found no device, want the one to the lamp that is open", n)
		}
	})
}

// A registered actor says whether it hears statuses.
func TestRegisteredActorObserves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		list := sirens("deaf", "ear")
		list[1].Params = map[string]any{"observes": true}
		b := start(t, list)
		defer b.end()
		b.said("ear")
		b.said("deaf")
		b.broker.session().options.Arrived(mqtt.Message{Topic: "home/////me/S", Payload: "TEST", QoS: 1})
		synctest.Wait()
		b.wantSaid("deaf")
		b.wantSaid("ear", `HEARD S /// from me: TEST`)
	})
}
