package actors_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mqttgateway/mqttgateway/actors"
	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/messages"
)

// retain has a device say something about a function that is retained.
func (b *bench) retain(device, function, action string) {
	b.gateway.Post("mapper", messages.Emitted{
		Number: 1 << 60, Device: device, Msg: messages.New(messages.Status, messages.Address{Function: function}, action), Retain: true,
	})
	synctest.Wait()
}

// show has a device show a view that is retained.
func (b *bench) show(device, name, payload string) {
	b.gateway.Post("connection", messages.View{Device: device, Name: name, Payload: payload, Retain: true})
	synctest.Wait()
}

func (b *bench) forget(device, function string) {
	b.gateway.Post("mapper", messages.Forget{Device: device, About: messages.Address{Function: function}})
	synctest.Wait()
}

// lose ends the session. What the broker keeps goes with it if it forgets.
func (b *bench) lose(forgets bool) {
	b.broker.locked(func() {
		if b.broker.present = !forgets; forgets {
			clear(b.broker.retained)
		}
	})
	b.broker.session().lose(errReset) // for which no publication is to blame
	synctest.Wait()
}

var errReset = errors.New("connection reset")

// wantKeeps compares what the broker keeps but for availability and filters: "topic payload", the root left out.
func (b *bench) wantKeeps(when string, want ...string) {
	b.t.Helper()
	synctest.Wait()
	var got []string
	b.broker.locked(func() {
		for topic, payload := range b.broker.retained {
			if !strings.HasSuffix(topic, "/state") && !strings.HasSuffix(topic, "/filters") {
				got = append(got, strings.TrimPrefix(topic, "home/")+" "+payload)
			}
		}
	})
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		b.t.Errorf("%s: the broker keeps\n  %s\nwant\n  %s", when, strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

// remembering returns a broker that keeps what is retained, and a gateway's option to dial it.
func remembering() (*fakeBroker, func(*actors.Options)) {
	f := &fakeBroker{retained: make(map[string]string), qos: make(map[string]byte)}
	return f, func(o *actors.Options) { o.Dial = f.dial }
}

// A broker that has forgotten everything is told again, at QoS 1 and behind the availability, what devices have said last, and
// nothing that was cleared.
func TestBrokerForgets(t *testing.T) {
	for _, qos := range []byte{0, 1} {
		t.Run(fmt.Sprint("QoS ", qos), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f, dial := remembering()
				b := start(t, lamps("a", "b"), dial, func(o *actors.Options) { o.QoS = qos })
				defer b.end()
				b.broker = f
				b.retain("a", "Old", "ON")
				b.retain("a", "Light", "ON")
				b.retain("a", "Light", "OFF")
				b.retain("b", "Radio", "ON")
				b.show("b", "values", `{"x":1}`)
				b.show("b", "info", `{}`)
				b.show("b", "info", "")
				b.forget("a", "Old")
				b.forget("b", "Light") // it is a's
				want := []string{"Light////gw/S OFF", "Radio////gw/S ON", `$gateway/gw/b/values {"x":1}`}
				b.wantKeeps("at first", want...)

				f.locked(func() { f.story = nil; clear(f.qos) })
				b.lose(true)
				time.Sleep(time.Minute)
				b.wantKeeps("then", want...)
				f.locked(func() {
					published := slices.DeleteFunc(f.story, func(s string) bool { return strings.HasPrefix(s, "subscribe") })
					for i, s := range published {
						if is := strings.Contains(s, "/state "); is != (i < 3) || len(published) != 6 {
							t.Errorf("published %q, want the availability first", published)
							break
						}
					}
					for topic, qos := range f.qos {
						if qos != 1 {
							t.Errorf("%s at QoS %d", topic, qos)
						}
					}
				})

				f.locked(func() { f.story = nil })
				b.lose(false)
				time.Sleep(time.Minute)
				f.locked(func() {
					if n := len(mentions(f.story, "home/Light")) + len(mentions(f.story, "values")); n != 0 {
						t.Errorf("in a session that the broker has kept: %q", f.story)
					}
				})
			})
		})
	}
}

// What the outbox has of a topic is newer: it is sent once, and nothing older.
func TestOutboxIsNewer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, dial := remembering()
		b := start(t, lamps("a"), dial)
		defer b.end()
		b.broker = f
		b.retain("a", "Light", "ON")
		f.locked(func() { f.sent, f.down = nil, errRefused })
		b.lose(true)
		b.retain("a", "Light", "OFF")
		f.locked(func() { f.down = nil })
		time.Sleep(time.Minute)
		if got := f.published(); !slices.Equal(got, []string{"home/Light////gw/S OFF"}) {
			t.Errorf("published %q, want what waited, once", got)
		}
	})
}

// However much is said again, what is said meanwhile gets its place in the window at once.
func TestSayingAgainHoldsUpNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, dial := remembering()
		b := start(t, lamps("a"), dial)
		defer b.end()
		b.broker = f
		for i := range 200 {
			b.retain("a", fmt.Sprint("f", i), "ON")
		}
		f.locked(func() { f.hold, f.sent = true, nil }) // nothing is acknowledged
		b.lose(true)
		time.Sleep(5 * time.Second)
		b.retain("a", "live", "ON")
		sent := f.published()
		if len(sent) == 0 || sent[len(sent)-1] != "home/live////gw/S ON" || len(sent) > 20 {
			t.Errorf("%d sent without an acknowledgement, the last %q; want what is live among at most 20", len(sent), sent[max(0, len(sent)-1):])
		}
		f.locked(func() { f.hold = false })
		b.lose(false)
		time.Sleep(time.Minute)
		if n := len(b.broker.keeps()); n != 203 {
			t.Errorf("the broker keeps %d topics, want 201 and the availability", n)
		}
	})
}

// Views wait while the link is down: retained ones the latest of each topic, the others in order, as the outbox has room.
func TestViewsWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, dial := remembering()
		b := start(t, lamps("a"), dial, func(o *actors.Options) { o.Outbox.Messages = 3 })
		defer b.end()
		b.broker = f
		b.show("a", "values", "0")
		f.locked(func() { f.down, f.views = errRefused, nil })
		b.lose(false)
		for i := range 5 {
			b.show("a", "values", fmt.Sprint(i))
			b.gateway.Post("connection", messages.View{Device: "a", Name: "event/bell", Payload: fmt.Sprint(i)})
		}
		f.locked(func() { f.down = nil })
		time.Sleep(time.Minute)
		want := []string{"a/values 4", "a/event/bell 2", "a/event/bell 3", "a/event/bell 4"}
		f.locked(func() {
			if !slices.Equal(f.views, want) {
				t.Errorf("published %q, want %q", f.views, want)
			}
		})
		if n := b.gateway.Counters().Dropped.Load(); n != 2 {
			t.Errorf("%d dropped, want 2 events", n)
		}
		b.wantKeeps("then", "$gateway/gw/a/values 4")
	})
}

// Without availability nothing below $gateway is published or subscribed to.
func TestViewsAreNotWanted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, dial := remembering()
		b := start(t, lamps("a"), dial, func(o *actors.Options) { o.NoAvailability, o.Codec = true, renamed(t, nil) })
		b.broker = f
		b.show("a", "values", "1")
		b.gateway.Post("connection", messages.View{Device: "a", Name: "event/bell", Payload: "1"})
		b.retain("a", "Light", "ON")
		b.wantKeeps("then", "Light////gw/S ON")
		b.end()
		if ours := mentions(f.story, "$gateway"); len(ours) != 0 {
			t.Errorf("it asked for or published %q", ours)
		}
	})
}

// A broker that hangs up on a view is spared that view, and one that will have nothing below $gateway all of them.
func TestBrokerHangsUpOnViews(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, dial := remembering()
		b := start(t, lamps("a"), dial)
		defer b.end()
		b.broker = f
		f.locked(func() { f.poison = "home/$gateway/gw/a/info {}" })
		b.show("a", "info", "{}")
		b.show("a", "values", "1")
		time.Sleep(5 * time.Minute)
		b.wantKeeps("then", "$gateway/gw/a/values 1")
		if f.session().killed {
			t.Error("the link is down after five minutes")
		}
	})
}

// A status that is forgotten before it has been sent has a receipt that says so, and the deliveries that wait for it are
// acknowledged.
func TestForgottenStatusIsResolved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, dial := remembering()
		b := start(t, lamps("a"), dial)
		defer b.end()
		b.broker = f
		f.locked(func() { f.down = errRefused })
		b.lose(false)
		receipt := speaker.emit(messages.New(messages.Status, messages.Address{Function: "Light"}, "ON"), devices.Retain())
		b.forget("a", "Light")
		select {
		case <-receipt.Done():
			if !errors.Is(receipt.Err(), devices.ErrDropped) {
				t.Errorf("the receipt says %v, want dropped", receipt.Err())
			}
		default:
			t.Error("the receipt is still open")
		}
	})
}

// Two devices at one address are told of, once.
func TestTwoDevicesAtOneTopic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, dial := remembering()
		b := start(t, lamps("a", "b"), dial)
		defer b.end()
		b.broker = f
		for range 5 {
			b.retain("a", "Light", "ON")
			b.retain("b", "Light", "OFF")
		}
		if told := mentions(b.log.take(), "WARN two devices say retained statuses at one topic"); len(told) != 1 || !strings.Contains(told[0], "topic=home/Light////gw/S device=a other=b") {
			t.Errorf("told %q", told)
		}
	})
}

// What the outbox has dropped of what is retained is said as soon as there is a session, also in one that the broker has kept.
func TestDroppedStatusIsSaidLater(t *testing.T) {
	for _, qos := range []byte{0, 1} {
		t.Run(fmt.Sprint("QoS ", qos), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f, dial := remembering()
				b := start(t, lamps("a"), dial, func(o *actors.Options) { o.QoS, o.Session.CleanSession, o.Outbox.Messages = qos, false, 3 })
				defer b.end()
				b.broker = f
				f.locked(func() { f.down = errRefused })
				b.lose(false)
				var want []string
				for _, function := range []string{"Light", "Radio", "Oven", "Blind", "Door", "Fan"} {
					b.retain("a", function, "OFF")
					b.retain("a", function, "ON")
					want = append(want, function+"////gw/S ON")
				}
				f.locked(func() { f.down = nil })
				time.Sleep(time.Minute)
				b.wantKeeps("later", want...)
			})
		})
	}
}
