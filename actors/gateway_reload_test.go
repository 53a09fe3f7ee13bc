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
	"github.com/mqttgateway/mqttgateway/mapping"
)

// mapFile is a map with these topics that knows ON and another word for it.
func mapFile(t *testing.T, root, word string, topics ...string) *mapping.Codec {
	t.Helper()
	file, _, err := mapping.Parse([]byte(`{"root": "` + root + `", "topics": ["` + strings.Join(topics, `", "`) + `"],
		"action": {"maptype": "strict", "map": {"ON": ["` + word + `"], "CLOSED": ["closed"]}}}`))
	if err != nil {
		t.Fatal(err)
	}
	codec, err := mapping.New("gw", file)
	if err != nil {
		t.Fatal(err)
	}
	return codec
}

func (b *bench) reload(codec *mapping.Codec) {
	b.t.Helper()
	if err := b.gateway.Reload(codec); err != nil {
		b.t.Fatal(err)
	}
	synctest.Wait()
}

func (b *bench) wantHeld(when string, filters ...string) {
	b.t.Helper()
	if got := b.broker.holds(); !slices.Equal(got, filters) {
		b.t.Errorf("%s: the broker holds %q, want %q", when, got, filters)
	}
}

// kept is a session that the broker keeps, with what is retained there.
func kept(f *fakeBroker) func(*actors.Options) {
	if f.retained == nil {
		f.retained = make(map[string]string)
	}
	return func(o *actors.Options) { o.Dial, o.Session.CleanSession = f.dial, false }
}

func TestReload(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, lamps("a"), func(o *actors.Options) { o.Codec = mapFile(t, "home", "one", "home/a/#", "home/b/#") })
		defer b.end()
		b.broker.locked(func() { b.broker.refuse = map[string]bool{"home/no/#": true} })
		b.log.take()
		b.reload(mapFile(t, "home", "two", "home/b/#", "home/c/#", "home/no/#"))
		b.arrive("home////a/me/C", "one")
		b.arrive("home////a/me/C", "two")
		if got := b.broker.published(); !slices.Equal(got, []string{"home////a/gw/S two"}) {
			t.Errorf("published %q, want the new word, and the old one refused", got)
		}
		told := b.log.take()
		for _, line := range []string{
			"INFO subscribed topic=home/c/#", "INFO unsubscribed topic=home/a/#", "ERROR subscription refused topic=home/no/#",
		} {
			if len(mentions(told, line)) != 1 {
				t.Errorf("the log lacks %q: %q", line, told)
			}
		}
		if len(mentions(told, "home/b/#")) != 0 {
			t.Errorf("the log speaks of a filter that stays: %q", told)
		}
		b.wantHeld("after the reload", "home/b/#", "home/c/#")
		if b.broker.attempts() != 1 || b.broker.session().killed {
			t.Error("the link was touched")
		}

		// A filter that was refused is asked for again, and the next session begins with the new map.
		b.broker.locked(func() { b.broker.refuse = nil })
		b.reload(mapFile(t, "home", "two", "home/b/#", "home/c/#", "home/no/#"))
		b.wantHeld("asked again", "home/b/#", "home/c/#", "home/no/#")
		b.broker.session().lose(io.EOF)
		time.Sleep(5 * time.Second)
		b.wantHeld("in the next session", "home/b/#", "home/c/#", "home/no/#")
	})
}

func TestReloadRefuses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, lamps("a"))
		err := b.gateway.Reload(mapFile(t, "house", "on", "house/#"))
		if err == nil || !strings.Contains(err.Error(), `root "house" instead of "home"`) || !strings.Contains(err.Error(), "restart") {
			t.Errorf("another root: %v, want an error that speaks of a restart", err)
		}
		time.Sleep(12 * time.Second)
		b.wantHeld("after the refusal", "home/#")
		b.end()
		if err := b.gateway.Reload(mapFile(t, "home", "on", "home/#")); err == nil {
			t.Error("a gateway that has stopped takes a map")
		}
	})
}

// A map that comes while the link is down, coming up, or being changed already is in force in the end.
func TestReloadAtAnyTime(t *testing.T) {
	for _, row := range []struct {
		name   string
		before func(*bench)
		after  func(*bench)
	}{
		{"down", func(b *bench) {
			b.broker.locked(func() { b.broker.down = errRefused })
			b.broker.session().lose(io.EOF)
		}, func(b *bench) { b.broker.locked(func() { b.broker.down = nil }) }},
		{"coming up", func(b *bench) {
			b.broker.locked(func() { b.broker.mute = true })
			b.broker.session().lose(io.EOF)
			time.Sleep(5 * time.Second)
		}, func(b *bench) { b.broker.locked(func() { b.broker.mute = false }) }},
		{"being changed", func(b *bench) {
			b.broker.locked(func() { b.broker.mute = true })
			b.reload(mapFile(b.t, "home", "x", "home/x/#"))
		}, func(b *bench) { b.broker.locked(func() { b.broker.mute = false }) }},
		{"being changed slowly", func(b *bench) {
			b.broker.locked(func() { b.broker.slow = time.Second })
			b.reload(mapFile(b.t, "home", "x", "home/x/#"))
		}, func(*bench) {}},
	} {
		for _, clean := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s, clean session %t", row.name, clean), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					f := &fakeBroker{present: !clean}
					b := start(t, lamps("a"), kept(f), func(o *actors.Options) { o.Session.CleanSession = clean })
					b.broker = f
					defer b.end()
					time.Sleep(2 * time.Second)
					row.before(b)
					synctest.Wait()
					b.reload(mapFile(t, "home", "on", "home/c/#"))
					row.after(b)
					time.Sleep(time.Minute)
					b.wantHeld("in the end", "home/c/#")
				})
			})
		}
	}
}

// A map that is in force outlives a panic of the actors that use it.
func TestReloadOutlivesPanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		armed, change := trapped("message finds no device")
		b := start(t, lamps("a"), change, func(o *actors.Options) { o.Codec = mapFile(t, "home", "one", "home/#") })
		defer b.end()
		b.reload(mapFile(t, "home", "two", "home/#"))
		armed.Store(true)
		b.arrive("home////nobody/me/C", "two")
		time.Sleep(time.Second)
		b.arrive("home////a/me/C", "two")
		if got := b.broker.published(); !slices.Equal(got, []string{"home////a/gw/S two"}) {
			t.Errorf("published %q, want the new map's word", got)
		}
	})
}

// A session that the broker has kept holds in the end what the map says, whatever an earlier run left in it.
func TestKeptSession(t *testing.T) {
	const own = "home/$gateway/gw/filters"
	const left = `{"client_id":"gw","filters":["home/old/#","home/#"]}`
	for _, row := range []struct {
		name     string
		retained map[string]string
		held     []string // by the broker, before
		want     []string // of them, after
		cleared  string   // a topic
		warns    bool
	}{
		{name: "a filter of the old map", retained: map[string]string{own: left}, held: []string{"home/old/#", "home/#"}},
		{name: "another root", retained: map[string]string{"other/place/$gateway/gw/filters": `{"client_id":"gw","filters":["other/place/#"]}`},
			held: []string{"other/place/#"}, cleared: "other/place/$gateway/gw/filters"},
		{name: "somebody else of that name", held: []string{"other/#"}, want: []string{"other/#"}, warns: true,
			retained: map[string]string{"other/$gateway/gw/filters": `{"client_id":"him","filters":["other/#"]}`}},
		{name: "a forgery", retained: map[string]string{own: `{"client_id":"gw","filters":["#/x","","home/#",7]}`}, warns: true},
		{name: "filters that are none", retained: map[string]string{own: `{"client_id":"gw","filters":["#/x","","home/old/#"]}`}, held: []string{"home/old/#"}},
		{name: "no list", held: []string{"home/old/#"}, want: []string{"home/old/#"}, warns: true},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &fakeBroker{present: true, retained: row.retained, subscribed: row.held}
				b := start(t, lamps("a"), kept(f))
				b.broker = f
				defer b.end()
				time.Sleep(12 * time.Second)
				b.wantHeld("in the end", slices.Sorted(slices.Values(append(row.want, "home/#")))...)
				f.locked(func() {
					if got := f.retained[own]; got != `{"client_id":"gw","filters":["home/#"]}` {
						t.Errorf("the broker remembers %s", got)
					}
					if _, there := f.retained[row.cleared]; there {
						t.Errorf("%s is still there", row.cleared)
					}
				})
				if told := mentions(b.log.take(), "WARN the broker has kept a session without the list"); len(told) > 0 != row.warns {
					t.Errorf("warned: %q", told)
				}
			})
		})
	}
}

// A session without a list does not keep the link from coming up, however little time an attempt has.
func TestKeptSessionInLittleTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fakeBroker{present: true}
		b := start(t, lamps("a"), kept(f), func(o *actors.Options) { o.Link.Timeout = 800 * time.Millisecond })
		defer b.end()
		time.Sleep(700 * time.Millisecond)
		synctest.Wait()
		if got := b.gateway.State().Link; got != "connected" {
			t.Errorf("the link is %s, want connected", got)
		}
	})
}

// A broker that has forgotten everything is told everything again, and asked to give nothing back.
func TestKeptSessionThatIsLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fakeBroker{}
		b := start(t, lamps("a"), kept(f))
		b.broker = f
		defer b.end()
		f.locked(func() { f.present = true })
		b.reload(mapFile(t, "home", "on", "home/a/#"))
		f.locked(func() { f.present, f.retained = false, make(map[string]string) })
		f.session().lose(io.EOF)
		b.log.take()
		time.Sleep(5 * time.Second)
		b.wantHeld("in the new session", "home/a/#")
		f.locked(func() {
			if got := f.retained["home/$gateway/gw/filters"]; got != `{"client_id":"gw","filters":["home/a/#","home/$gateway/gw/+/set/+"]}` {
				t.Errorf("the broker remembers %s", got)
			}
		})
	})
}

// Whenever the gateway dies, the broker's list has all that the session holds.
func TestKeptSessionIsRememberedAtEachMoment(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fakeBroker{present: true, retained: map[string]string{"home/$gateway/gw/filters": `{"client_id":"gw","filters":["home/old/#"]}`}, subscribed: []string{"home/old/#"}}
		f.each = func() {
			for _, filter := range f.subscribed {
				if !strings.Contains(f.retained["home/$gateway/gw/filters"], `"`+filter+`"`) && !strings.HasSuffix(filter, "/$gateway/gw/filters") {
					t.Errorf("the broker holds %q and remembers %s", filter, f.retained["home/$gateway/gw/filters"])
				}
			}
		}
		b := start(t, lamps("a"), kept(f))
		b.broker = f
		defer b.end()
		time.Sleep(2 * time.Second)
		b.reload(mapFile(t, "home", "on", "home/a/#"))
		f.session().lose(io.EOF)
		time.Sleep(5 * time.Second)
		b.reload(mapFile(t, "home", "on", "home/b/#"))
		b.wantHeld("in the end", "home/b/#")
	})
}
