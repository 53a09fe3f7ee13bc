package actors_test

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mqttgateway/mqttgateway/actors"
	"github.com/mqttgateway/mqttgateway/config"
	"github.com/mqttgateway/mqttgateway/devices"
)

// saidStates returns the states that were published since it was last asked, without what their topics begin with.
func (b *bench) saidStates() (said []string) {
	synctest.Wait()
	b.broker.locked(func() { said, b.broker.states = b.broker.states, nil })
	return said
}

func (b *bench) wantStates(when string, want ...string) {
	b.t.Helper()
	if got := b.saidStates(); !slices.Equal(got, want) {
		b.t.Errorf("%s: states %q, want %q", when, got, want)
	}
}

// wantStory fails the test unless the gateway has asked the broker for this, and published it, since the story began.
func (b *bench) wantStory(when string, want ...string) {
	b.t.Helper()
	b.broker.locked(func() {
		if got := b.broker.story; !slices.Equal(got, want) {
			b.t.Errorf("%s: %q, want %q", when, got, want)
		}
	})
}

// acknowledge releases what the broker holds back, in order.
func (f *fakeBroker) acknowledge() {
	s := f.session()
	var held []uint64
	f.locked(func() { held, s.held = s.held, nil })
	for _, number := range held {
		s.options.Published(number, nil)
	}
	synctest.Wait()
}

// With each session come the subscriptions, the gateway, its devices in the order of the configuration, and then what
// waits. Within a session only what changes is said.
func TestBirth(t *testing.T) {
	for _, qos := range []byte{0, 1} {
		t.Run(fmt.Sprintf("QoS %d", qos), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := start(t, append(lamps("a"), sirens("s")...), func(o *actors.Options) { o.QoS = qos })
				defer b.end()
				b.wantStates("at first", "state online", "a/state online", "s/state online")
				b.arrive("home////a/me/C", "ON")
				b.wantStates("when nothing has changed")

				b.broker.locked(func() { b.broker.down, b.broker.story = errRefused, nil })
				b.broker.session().lose(io.EOF)
				speaker.emit(status("WAITS"))
				time.Sleep(10 * time.Second)
				b.wantStates("while the link is down")
				b.broker.locked(func() { b.broker.down = nil })
				time.Sleep(time.Minute)
				b.wantStates("after a loss", "state online", "a/state online", "s/state online")
				want := []string{
					"subscribe home/#",
					"home/$gateway/gw/state online", "home/$gateway/gw/a/state online", "home/$gateway/gw/s/state online",
					"home/////gw/S WAITS",
				}
				b.wantStory("the new session", want...)
			})
		})
	}
}

// Told is called once: when the broker has got the state of each device, not before the link is up, nor in later sessions.
func TestTold(t *testing.T) {
	for _, untold := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			told := 0
			b := &bench{t: t, broker: &fakeBroker{down: errRefused}, log: &lines{t: t}, done: make(chan struct{})}
			b.run(lamps("a", "b"), func(o *actors.Options) {
				o.NoAvailability = untold
				o.Told = func() { b.broker.locked(func() { told++ }) }
			})
			defer b.end()
			want := func(when string, n int) {
				t.Helper()
				b.broker.locked(func() {
					if told != n {
						t.Errorf("%s: called %d times, want %d", when, told, n)
					}
				})
			}
			want("while the link is down", 0)
			b.broker.locked(func() { b.broker.down = nil })
			time.Sleep(time.Minute)
			want("in the first session", 1)
			b.broker.session().lose(io.EOF)
			time.Sleep(time.Minute)
			want("in the second session", 1)
		})
	}
}

func TestWill(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, lamps("a"))
		defer b.end()
		b.broker.session().lose(io.EOF)
		time.Sleep(10 * time.Second)
		var sessions []*fakeSession
		b.broker.locked(func() { sessions = slices.Clone(b.broker.sessions) })
		for i, s := range sessions {
			w := s.options.Will
			if w == nil || w.Topic != "home/$gateway/gw/state" || w.Payload != "offline" || w.QoS != 1 || !w.Retained {
				t.Errorf("the will of session %d is %+v", i+1, w)
			}
		}
		if len(sessions) < 2 {
			t.Error("there was no second session")
		}
	})
}

// A device is offline from its failure until it is up again, for the reason that the log gives; what happens meanwhile
// changes nothing.
func TestStateOfADevice(t *testing.T) {
	for _, row := range []struct {
		name   string
		list   []config.Device
		action string
		wait   time.Duration
		said   []string
	}{
		{"fails", lamps("a"), "BREAK", time.Minute, []string{"a/state offline: handling BREAK: input/output error", "a/state online"}},
		{"panics", lamps("a"), "PANIC", time.Minute, []string{"a/state offline: handling PANIC: panic: lamp on fire", "a/state online"}},
		{"actor, and panics", sirens("a"), "PANIC", time.Minute, []string{"a/state offline: handling PANIC: panic: siren on fire", "a/state online"}},
		{"actor, and leaves", sirens("a"), "LEAVE", time.Minute, []string{"a/state offline: running: actor stopped itself", "a/state online"}},
		{"refuses", lamps("a"), "REFUSE", time.Minute, nil},
		{"stuck, and there again", lamps("a"), "SLEEP", 2 * time.Minute,
			[]string{"a/state offline: handling SLEEP: not done after 10s", "a/state online"}},
		{"actor, and stuck", sirens("a"), "SLEEP", 2 * time.Minute,
			[]string{"a/state offline: handling SLEEP: not done after 10s", "a/state online"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := start(t, row.list)
				defer b.end()
				b.wantStates("at first", "state online", "a/state online")
				b.log.take()
				b.arrive("home////a/me/C", row.action)
				time.Sleep(row.wait)
				b.wantStates("then", row.said...)
				lines := strings.Join(b.log.take(), "\n")
				for _, said := range row.said {
					if _, reason, ok := strings.Cut(said, "offline: "); ok && !strings.Contains(lines, reason) {
						t.Errorf("the state says %q, and the log not:\n%s", reason, lines)
					}
				}
			})
		})
	}
}

// That one stays down for good is news of one that is down.
func TestStateOfADeviceThatIsDownForGood(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		opened := 0
		b := startOdd(t, "odd", behaviour{
			open: func() {
				if opened++; opened > 1 {
					panic(fmt.Errorf("port: %w", devices.ErrConfig))
				}
			},
			handle: func() { panic("on fire") },
		})
		defer b.end()
		b.saidStates()
		b.arrive("home////odd/me/C", "ON")
		time.Sleep(time.Hour)
		b.wantStates("an hour later", "odd/state offline: handling ON: panic: on fire", "odd/state offline: opening: panic: port: wrong configuration")
	})
}

// One that can't be opened, for now or for good, has been offline all the time, and one that still opens is connecting.
func TestStatesOfDevicesThatDoNotOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		list := lamps("fails", "wrong", "opening")
		list[0].Params = map[string]any{"opening": "fail"}
		list[1].Params = map[string]any{"openin": "fail"}
		list[2].Params = map[string]any{"opening": "hang"}
		b := start(t, list)
		defer b.end()
		time.Sleep(6 * time.Second)
		got := b.saidStates()
		if len(got) != 4 || got[0] != "state online" || got[1] != "fails/state offline: opening: no such port" ||
			!strings.HasPrefix(got[2], "wrong/state offline: ") || !strings.Contains(got[2], "openin: unknown option") || got[3] != "opening/state connecting" {
			t.Errorf("states %q", got)
		}
		time.Sleep(time.Minute)
		if got := b.saidStates(); len(got) != 1 || !strings.HasPrefix(got[0], "opening/state offline: ") {
			t.Errorf("states a minute later %q, want that the last is offline", got)
		}
	})
}

// At the end devices go behind their last words, and the gateway behind them.
func TestLastStates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, lamps("a", "b"))
		b.arrive("home////b/me/C", "BREAK")
		b.broker.locked(func() { b.broker.story = nil })
		b.end()
		want := []string{
			"home////a/gw/S CLOSED",
			"home/$gateway/gw/a/state offline: stopped", "home/$gateway/gw/b/state offline: stopped",
			"home/$gateway/gw/state offline",
		}
		b.wantStory("at the end", want...)
		if s := b.broker.session(); !s.closed || s.killed {
			t.Error("the session was not closed in good order")
		}
	})
}

// When the broker takes its time, the gateway goes first.
func TestLastStateOfTheGatewayIsNotWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var names []string
		for i := range 100 {
			names = append(names, fmt.Sprint("d", i))
		}
		b := start(t, lamps(names...), func(o *actors.Options) { o.Outbox.Messages = 1000 })
		b.saidStates()
		b.broker.locked(func() { b.broker.hold = true })
		b.stop()
		<-b.done
		got := b.saidStates()
		if len(got) == 0 || got[len(got)-1] != "state offline" || slices.Index(got, "state offline") != len(got)-1 {
			t.Errorf("states %q, want the gateway's at the end, once", got)
		}
		b.end()
	})
}

// However many devices there are, the broker has twenty to acknowledge at a time; what changes meanwhile is said once,
// as it is in the end, and messages at QoS 1 wait, none at QoS 0.
func TestManyStates(t *testing.T) {
	for _, qos := range []byte{0, 1} {
		t.Run(fmt.Sprintf("QoS %d", qos), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var names []string
				for i := range 1000 {
					names = append(names, fmt.Sprint("d", i))
				}
				broker := &fakeBroker{hold: true}
				b := start(t, lamps(names...), func(o *actors.Options) { o.Dial, o.QoS, o.Throttle = broker.dial, qos, time.Hour })
				b.broker = broker
				speaker.emit(status("WAITS"))
				b.arrive("home////d999/me/C", "BREAK")
				b.arrive("home////d0/me/C", "BREAK")
				time.Sleep(time.Minute)
				var got []string
				for said := b.saidStates(); len(said) > 0; said = b.saidStates() {
					if len(said) > 20 {
						t.Fatalf("%d states after %d that were acknowledged, want 20 at most", len(said), len(got))
					}
					if came := slices.Contains(broker.published(), "home/////gw/S WAITS"); came != (qos == 0 || len(got)+len(said) > len(names)+1) {
						t.Fatalf("the message came behind %d states or less: %t", len(got)+len(said), came)
					}
					got = append(got, said...)
					broker.acknowledge()
				}
				want := []string{"state online"}
				for _, name := range names {
					want = append(want, name+"/state online")
				}
				if !slices.Equal(got, append(want, "d0/state online")) {
					t.Errorf("%d states, from %q to %q; want all once, and again the one that had changed in flight", len(got), got[0], got[len(got)-1])
				}
				broker.locked(func() { broker.hold = false })
				broker.acknowledge()
				b.end()
			})
		})
	}
}

// A gateway that is to tell nothing of how it is says what its devices say, and nothing else, from the first session to
// the last word.
func TestNoAvailability(t *testing.T) {
	for _, stop := range []string{"in good order", "out of time"} {
		t.Run(stop, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := start(t, lamps("a"), func(o *actors.Options) { o.NoAvailability = true })
				b.arrive("home/$gateway/gw/old/state", "online") // the filter of the map brings it
				b.arrive("home////a/me/C", "BREAK")
				time.Sleep(time.Minute)
				b.broker.session().lose(io.EOF)
				time.Sleep(time.Minute)
				b.broker.locked(func() { b.broker.hold = stop == "out of time" })
				speaker.emit(status("ON"))
				b.end()
				b.wantStates("in all")
				b.wantStory("in all", "subscribe home/#", "home////a/gw/S CLOSED", "subscribe home/#", "home/////gw/S ON", "home////a/gw/S CLOSED")
				b.broker.locked(func() {
					for i, s := range b.broker.sessions {
						if s.options.Will != nil {
							t.Errorf("the will of session %d is %+v", i+1, s.options.Will)
						}
					}
				})
			})
		})
	}
}
