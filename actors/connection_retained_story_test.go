package actors_test

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mqttgateway/mqttgateway/actors"
	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/mapping"
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

// renamed returns a map with these words for functions.
func renamed(t *testing.T, functions map[string]string) *mapping.Codec {
	t.Helper()
	var words []string
	for _, word := range slices.Sorted(maps.Keys(functions)) {
		words = append(words, fmt.Sprintf("%q: [%q]", word, functions[word]))
	}
	kind := "loose"
	if functions == nil {
		kind = "none"
	}
	file, _, err := mapping.Parse([]byte(fmt.Sprintf(`{"root": "home", "topics": ["home/+/+/+/+/+/C"],
		"function": {"maptype": %q, "map": {%s}}}`, kind, strings.Join(words, ", "))))
	if err != nil {
		t.Fatal(err)
	}
	codec, err := mapping.New("gw", file)
	if err != nil {
		t.Fatal(err)
	}
	return codec
}

// A map that gives a status another topic clears the old one, and has the new one say the same, at any time.
func TestMapMovesWhatIsRetained(t *testing.T) {
	for _, down := range []bool{false, true} {
		t.Run(fmt.Sprint("link down ", down), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f, dial := remembering()
				b := start(t, lamps("a", "b"), dial, func(o *actors.Options) { o.Codec = renamed(t, map[string]string{"Light": "L", "Radio": "R"}) })
				defer b.end()
				b.broker = f
				b.retain("a", "Light", "ON")
				b.retain("b", "Radio", "OFF")
				b.show("a", "info", "{}")
				b.wantKeeps("at first", "L////gw/S ON", "R////gw/S OFF", "$gateway/gw/a/info {}")
				if down {
					f.locked(func() { f.down = errRefused })
					b.lose(false)
					b.retain("a", "Light", "DIM")
				}
				b.reload(renamed(t, map[string]string{"Light": "R", "Radio": "new"}))
				f.locked(func() { f.down = nil })
				time.Sleep(time.Minute)
				light := "R////gw/S ON"
				if down {
					light = "R////gw/S DIM"
				}
				b.wantKeeps("with other words", light, "new////gw/S OFF", "$gateway/gw/a/info {}")
				b.forget("a", "Light")
				b.remove("b")
				b.wantKeeps("forgotten", "$gateway/gw/a/info {}")
			})
		})
	}
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

// The ledger knows of availability as well: what the gateway has told under another root is cleared, and what it has told of a device
// that is no more also by a broker that lets nobody look for that.
func TestLedgerKnowsOfAvailability(t *testing.T) {
	for _, row := range []struct {
		name   string
		change func(*fakeBroker, *actors.Options)
		want   []string // topics of availability
	}{
		{"another root", func(_ *fakeBroker, o *actors.Options) { o.Codec = mapFile(t, "house", "on", "house/+/+/+/+/+/C") },
			[]string{"house/$gateway/gw/a/state", "house/$gateway/gw/b/state", "house/$gateway/gw/state"}},
		{"nobody may look", func(f *fakeBroker, o *actors.Options) {
			f.refuse = map[string]bool{"home/$gateway/gw/+/state": true}
			o.Devices = o.Devices[:1]
		}, []string{"home/$gateway/gw/a/state", "home/$gateway/gw/state"}},
		{"a device of a hub that is none", func(f *fakeBroker, o *actors.Options) {
			f.refuse = map[string]bool{"home/$gateway/gw/+/state": true}
		}, []string{"home/$gateway/gw/a/state", "home/$gateway/gw/b/state", "home/$gateway/gw/state"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f, dial := remembering()
				dir := t.TempDir()
				b := start(t, lamps("a", "b"), dial, func(o *actors.Options) { o.State = dir })
				b.broker = f
				b.gateway.Post("connection", messages.Availability{Device: "a.lamp", State: messages.Online})
				b.wantKept("at first", "home/$gateway/gw/a.lamp/state", "home/$gateway/gw/a/state", "home/$gateway/gw/b/state", "home/$gateway/gw/state")
				f.locked(func() { f.down = errRefused })
				b.lose(false)
				b.end()
				f.locked(func() { f.down = nil })
				b = start(t, lamps("a", "b"), dial, func(o *actors.Options) { o.State = dir; row.change(f, o) })
				b.broker = f
				time.Sleep(time.Minute)
				b.wantKept("after the next start", row.want...)
				b.end()
			})
		})
	}
}

// Whenever the gateway dies, the ledger has each topic that the broker keeps of it.
func TestLedgerIsFirst(t *testing.T) {
	for _, qos := range []byte{0, 1} {
		synctest.Test(t, func(t *testing.T) {
			f, dial := remembering()
			dir := t.TempDir()
			f.each = func() {
				var ledger []byte
				files, _ := filepath.Glob(filepath.Join(dir, "ledger", "*.spool"))
				for _, file := range files {
					text, err := os.ReadFile(file)
					if err != nil {
						t.Error(err)
					}
					ledger = append(ledger, text...)
				}
				for topic := range f.retained {
					if !strings.HasSuffix(topic, "/state") && !bytes.Contains(ledger, []byte(topic)) {
						t.Errorf("the broker keeps %s, and the ledger does not know of it", topic)
					}
				}
			}
			b := start(t, lamps("a"), dial, func(o *actors.Options) { o.State, o.QoS = dir, qos })
			defer b.end()
			b.broker = f
			for i := range 20 {
				b.retain("a", fmt.Sprint("f", i), "ON")
				b.show("a", fmt.Sprint("v", i), "1")
			}
			time.Sleep(time.Second)
			if n := len(f.keeps()); n != 42 {
				t.Errorf("the broker keeps %d topics, want 40 and the availability", n)
			}
		})
	}
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

// At the end the log tells what could not be cleared, unless the ledger knows of it.
func TestUnclearedIsTold(t *testing.T) {
	for _, ledger := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			f, dial := remembering()
			b := start(t, lamps("a"), dial, func(o *actors.Options) {
				if ledger {
					o.State = t.TempDir()
				}
			})
			b.broker = f
			b.retain("a", "Light", "ON")
			time.Sleep(time.Second)
			f.locked(func() { f.down = errRefused })
			b.lose(false)
			b.forget("a", "Light")
			b.log.take()
			b.end()
			lines := b.log.take()
			want := 2 // the clearing, and the last word of the lamp
			if ledger {
				want = 1
			}
			if len(mentions(lines, fmt.Sprint("unsent=", want))) != 1 {
				t.Errorf("with a ledger %t the log says %q, want unsent=%d", ledger, lines, want)
			}
		})
	}
}

// With a folder that is of no use the gateway works all the same, and says so.
func TestLedgerIsOfNoUse(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "file"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		f, dial := remembering()
		b := start(t, lamps("a"), dial, func(o *actors.Options) { o.State = filepath.Join(dir, "file") })
		defer b.end()
		b.broker = f
		b.retain("a", "Light", "ON")
		b.wantKeeps("then", "Light////gw/S ON")
		if told := mentions(b.log.take(), "WARN", "no ledger", "gateway.state"); len(told) != 1 {
			t.Errorf("told %q, want one line", told)
		}
	})
}

// After the process has ended without a word, its successor clears what nobody says any more, and nothing else.
func TestLedgerOutlivesTheProcess(t *testing.T) {
	words := map[string]string{"Light": "L"}
	all := []string{"L////gw/S ON", "Radio////gw/S ON", "$gateway/gw/a/values 1", "$gateway/gw/b/values 1"}
	for _, row := range []struct {
		name   string
		change func(o *actors.Options)
		meant  func(b *bench) // to clear, and not done, since the link was down
		want   []string
	}{
		{"nothing has changed", func(*actors.Options) {}, nil, []string{"L////gw/S ON", "Radio////gw/S ON"}},
		{"a device is not configured", func(o *actors.Options) { o.Devices = o.Devices[1:] }, nil, []string{"Radio////gw/S ON"}},
		{"a device is elsewhere", func(o *actors.Options) { o.Devices[0].Address.Location = "Attic" }, nil, []string{"Radio////gw/S ON"}},
		{"a word is another", func(o *actors.Options) { o.Codec = renamed(t, map[string]string{"Light": "M"}) }, nil, []string{"Radio////gw/S ON"}},
		{"the root is another", func(o *actors.Options) { o.Codec = mapFile(t, "house", "on", "house/+/+/+/+/+/C") }, nil, nil},
		{"forgotten while the link was down", func(*actors.Options) {}, func(b *bench) { b.forget("b", "Radio") }, []string{"L////gw/S ON"}},
		{"removed while the link was down", func(o *actors.Options) { o.Devices = o.Devices[:1] }, func(b *bench) { b.remove("b") }, []string{"L////gw/S ON"}},
		{"said by another by now", func(o *actors.Options) { o.Devices = o.Devices[1:] }, func(b *bench) { b.retain("b", "Light", "ON") }, []string{"L////gw/S ON", "Radio////gw/S ON"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f, dial := remembering()
				dir := t.TempDir()
				run := func(change func(*actors.Options)) *bench {
					b := start(t, lamps("a", "b"), dial, func(o *actors.Options) { o.State, o.Codec = dir, renamed(t, words) }, change)
					b.broker = f
					return b
				}
				b := run(func(*actors.Options) {})
				b.retain("a", "Light", "ON")
				b.retain("b", "Radio", "ON")
				for _, device := range []string{"a", "b"} {
					b.show(device, "values", "1")
				}
				time.Sleep(time.Second)
				b.wantKeeps("at first", all...)
				f.locked(func() { f.down = errRefused })
				b.lose(false)
				if row.meant != nil {
					row.meant(b)
				}
				b.end()
				b.wantKeeps("when it has ended", all...)

				f.locked(func() { f.down = nil })
				b = run(row.change)
				time.Sleep(time.Minute)
				b.wantKeeps("after the next start", row.want...)
				b.end()
				b = run(row.change)
				time.Sleep(time.Minute)
				b.wantKeeps("after another", row.want...)
				b.end()
			})
		})
	}
}

// A retained status that the map refuses is said as soon as another map takes it, unless it has been forgotten meanwhile.
func TestRefusedStatusWaitsForWords(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, dial := remembering()
		strict := mapFile(t, "home", "on", "home/#")
		b := start(t, lamps("a", "b"), dial, func(o *actors.Options) { o.Codec = strict })
		defer b.end()
		b.broker = f
		b.retain("a", "Light", "ON")
		b.retain("a", "Light", "STATE")
		b.retain("a", "Radio", "STATE")
		b.retain("b", "Oven", "STATE")
		b.retain("b", "Blind", "OLD")
		b.retain("b", "Blind", "ON")
		b.forget("a", "Radio")
		b.wantKeeps("while the map is strict", "Light////gw/S on", "Blind////gw/S on")
		all := []string{"Light////gw/S STATE", "Oven////gw/S STATE", "Blind////gw/S ON"}
		for range 2 {
			b.reload(plainMap(t))
			b.wantKeeps("another map takes all", all...)
			b.reload(strict)
			b.wantKeeps("the strict map again", "Blind////gw/S on")
		}
		b.lose(true)
		b.reload(plainMap(t))
		time.Sleep(time.Minute)
		b.wantKeeps("in another session", all...)
	})
}

// plainMap is a map that takes every word as it is.
func plainMap(t *testing.T) *mapping.Codec {
	t.Helper()
	file, _, err := mapping.Parse([]byte(`{"root": "home", "topics": ["home/#"]}`))
	if err != nil {
		t.Fatal(err)
	}
	codec, err := mapping.New("gw", file)
	if err != nil {
		t.Fatal(err)
	}
	return codec
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
