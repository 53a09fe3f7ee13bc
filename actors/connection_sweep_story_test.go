package actors_test

import (
	"errors"
	"fmt"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mqttgateway/mqttgateway/actors"
	"github.com/mqttgateway/mqttgateway/internal/mqtt"
)

// What the broker keeps of devices that are no more is cleared, at the first connect, and nothing else is.
func TestStatesOfRemovedDevices(t *testing.T) {
	const below = "home/$gateway/gw/"
	for _, clean := range []bool{true, false} {
		t.Run(fmt.Sprintf("clean session %t", clean), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &fakeBroker{retained: map[string]string{
					below + "state": "offline", below + "a/state": "online", below + "old/state": "offline: stopped", below + "older/state": "online",
					below + "old/other": "x", "home/$gateway/gw2/old/state": "online", "home////old/gw/S": "ON",
				}}
				b := start(t, lamps("a"), kept(f), func(o *actors.Options) { o.Session.CleanSession = clean })
				b.broker = f
				defer b.end()
				b.wantHeld("at first", "home/#", "home/$gateway/gw/+/state")
				synctest.Wait()
				f.locked(func() {
					delete(f.retained, "home/$gateway/gw/filters")
					want := map[string]string{
						below + "state": "online", below + "a/state": "online",
						below + "old/other": "x", "home/$gateway/gw2/old/state": "online", "home////old/gw/S": "ON",
					}
					if fmt.Sprint(f.retained) != fmt.Sprint(want) {
						t.Errorf("the broker keeps %q, want %q", f.retained, want)
					}
				})
				time.Sleep(time.Minute)
				b.wantHeld("a minute later", "home/#")
				b.saidStates()

				// Later nobody looks, and what anybody says makes no difference.
				f.locked(func() { f.retained[below+"older/state"] = "online" })
				b.arrive(below+"old/state", "online")
				f.session().lose(io.EOF)
				time.Sleep(time.Minute)
				b.wantStates("in the second session", "state online", "a/state online")
				b.wantHeld("in the second session", "home/#")
				if c := b.gateway.Counters(); c.Arrived.Load() != 0 {
					t.Errorf("%d states counted as messages", c.Arrived.Load())
				}
			})
		})
	}
}

// A topic whose clearing was lost on its way is cleared in the next session.
func TestClearingIsLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fakeBroker{hold: true, retained: map[string]string{"home/$gateway/gw/old/state": "online"}}
		b := start(t, lamps("a"), func(o *actors.Options) { o.Dial = f.dial })
		b.broker = f
		f.session().lose(errors.New("connection reset"))
		f.locked(func() { f.hold = false })
		b.saidStates()
		time.Sleep(time.Minute)
		b.wantStates("in the second session", "state online", "a/state online", "old/state ")
		f.session().lose(io.EOF)
		time.Sleep(time.Minute)
		b.wantStates("in the third", "state online", "a/state online")
		b.end()
	})
}

// A broker that does not let the gateway look for them is none the worse.
func TestSweepIsNotWanted(t *testing.T) {
	const filter = "home/$gateway/gw/+/state"
	for _, row := range []struct {
		name     string
		hangsUp  bool
		attempts int
	}{
		{"refused", false, 1},
		{"hung up on", true, 2},
	} {
		for _, clean := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s, clean session %t", row.name, clean), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					f := &fakeBroker{refuse: map[string]bool{filter: true, "home/no/#": true}, hangUp: row.hangsUp}
					b := start(t, lamps("a"), kept(f), func(o *actors.Options) {
						o.Session.CleanSession, o.Codec = clean, mapFile(t, "home", "on", "home/yes/#", "home/no/#")
						if row.hangsUp {
							o.Codec = mapFile(t, "home", "on", "home/yes/#")
						}
					})
					b.broker = f
					defer b.end()
					time.Sleep(time.Minute)
					b.wantHeld("a minute later", "home/yes/#")
					if got := f.attempts(); got != row.attempts {
						t.Errorf("%d attempts, want %d", got, row.attempts)
					}
					lines := b.log.take()
					if n := len(mentions(lines, "subscri", "$gateway")); n != 0 {
						t.Errorf("%d lines about it, want none: %q", n, lines)
					}
					if n := len(mentions(lines, "subscription refused")); !row.hangsUp && n != 1 {
						t.Errorf("%d lines about the other that is refused, want one: %q", n, lines)
					}
				})
			})
		}
	}
}

// A session that the broker keeps loses the filter, also if nobody knows whether it was granted.
func TestSweepIsNotAnswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fakeBroker{mute: true}
		b := start(t, lamps("a"), kept(f))
		b.broker = f
		defer b.end()
		b.wantHeld("at first", "home/#", "home/$gateway/gw/+/state")
		f.locked(func() { f.mute, f.present = false, true })
		time.Sleep(time.Minute)
		b.wantHeld("in the next session", "home/#")
		f.locked(func() {
			if got := f.retained["home/$gateway/gw/filters"]; got != `{"client_id":"gw","filters":["home/#"]}` {
				t.Errorf("the broker remembers %s", got)
			}
		})
	})
}

// The gateway's own states that its filters bring are no messages, at whatever QoS they come.
func TestOwnStatesAreNoMessages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, lamps("a"))
		defer b.end()
		for _, topic := range []string{"home/$gateway/gw/state", "home/$gateway/gw/a/state", "home/$gateway/other/a/state"} {
			b.broker.session().options.Arrived(mqtt.Message{Topic: topic, Payload: "online", QoS: 1})
		}
		synctest.Wait()
		if c := b.gateway.Counters(); c.Arrived.Load() != 1 || c.Ignored.Load() != 1 {
			t.Errorf("%d arrived, %d ignored; want the other gateway's alone", c.Arrived.Load(), c.Ignored.Load())
		}
	})
}
