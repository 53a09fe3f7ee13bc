package actors_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mqttgateway/mqttgateway/actors"
	"github.com/mqttgateway/mqttgateway/config"
	"github.com/mqttgateway/mqttgateway/messages"
)

// order has a person order something about a device, and waits until the gateway is at rest.
func (b *bench) order(order func(string) error, device string) {
	b.t.Helper()
	if err := order(device); err != nil {
		b.t.Error(err)
	}
	synctest.Wait()
}

// What a person has stopped is closed and refuses, says so everywhere, and stays so until a person starts it.
func TestStoppedDevice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		list := lamps("a", "b")
		list[0].Reply = config.ReplyAlways
		b := start(t, list)
		defer b.end()
		b.saidStates()
		b.log.take()
		b.order(b.gateway.Stop, "a")
		b.wantNews("stopped", "home////a/gw/S CLOSED")
		b.wantStates("stopped", "a/state offline: stopped by a person")
		b.wantRecorded("a stopped stopped by a person", "b online")
		b.tell("a", "ON")
		b.tell("b", "ON")
		b.wantNews("while it is stopped", `home////a/gw/S {"action":"ON","response":"ERROR","reason":"a: device stopped"}`, "home////b/gw/S ON")
		if a, err := b.gateway.Set(t.Context(), "a", values{"x": messages.IntValue(1)}); answered(a, err) != "ERROR: device stopped" {
			t.Errorf("what is set is answered %v, %v", a, err)
		}
		b.order(b.gateway.Stop, "a") // changes nothing
		b.order(b.gateway.Start, "b")
		if c := b.apply(list); !c.None() {
			t.Errorf("the same configuration changes %+v", c)
		}
		time.Sleep(24 * time.Hour)
		b.wantNews("a day later")
		b.wantStates("a day later")
		b.wantRecorded("a stopped stopped by a person", "b online")
		b.order(b.gateway.Start, "a")
		b.wantStates("started", "a/state connecting", "a/state online")
		b.tell("a", "ON")
		b.wantNews("started", "home////a/gw/S ON", `home////a/gw/S {"action":"ON","response":"OK"}`)
		want := []string{
			"INFO a person stops the device device=a", "WARN messages refused who=a err=device stopped", "INFO a person stops the device device=a",
			"INFO a person starts the device device=b", "WARN messages refused who=a err=device stopped", "INFO a person starts the device device=a", "INFO device online device=a",
		}
		if got := b.log.take(); !slices.Equal(got, want) {
			t.Errorf("logged:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	})
}

// However a device is when a person stops it, it stays down, and is as well as new when a person starts it.
func TestStoppedHoweverItIs(t *testing.T) {
	for _, row := range []struct {
		name    string
		opening string
		action  string
		started string // how it is a minute after the start
	}{
		{"in a call that heeds its context", "", "HANG", "online"},
		{"in a call that does not", "", "SLEEP", "online"},
		{"waiting for its next attempt", "", "BREAK", "online"},
		{"waiting, after a panic", "", "PANIC", "online"},
		{"failing for ever", "fail", "", "offline opening: no such port"},
		{"opening, and heeding its context", "hang", "", "offline opening: context canceled"},
		{"opening, and not", "slow", "", "online"},
		{"misconfigured", "config", "", "misconfigured opening: wrong configuration"},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				list := lamps("a")
				if row.opening != "" {
					list[0].Params = map[string]any{"opening": row.opening}
				}
				b := start(t, list)
				defer b.end()
				if row.action != "" {
					b.tell("a", row.action)
				}
				time.Sleep(time.Millisecond)
				b.order(b.gateway.Stop, "a")
				b.wantRecorded("a stopped stopped by a person")
				time.Sleep(time.Hour)
				b.wantRecorded("a stopped stopped by a person")
				b.order(b.gateway.Start, "a")
				time.Sleep(29 * time.Second)
				got := b.recorded()
				if row.opening == "hang" { // until it is overdue
					row.started = "connecting"
				}
				if want := "a " + row.started; !slices.Equal(got, []string{want}) {
					t.Errorf("started, it is %q, want %q", got, want)
				}
			})
		})
	}
}

// A restart closes a device and opens it again, however it is, and loses no message.
func TestRestartedDevice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		list := lamps("a", "wrong")
		list[1].Params = map[string]any{"opening": "config"}
		b := start(t, list)
		defer b.end()
		b.log.take()
		for i := range 3 {
			b.broker.session().options.Arrived(arrival("home////a/me/C", fmt.Sprint("ON", i)))
			if err := b.gateway.Restart("a"); err != nil {
				t.Error(err)
			}
		}
		synctest.Wait()
		news := b.news()
		if got := slices.DeleteFunc(slices.Clone(news), func(s string) bool { return strings.HasSuffix(s, "CLOSED") }); !slices.Equal(got, []string{
			"home////a/gw/S ON0", "home////a/gw/S ON1", "home////a/gw/S ON2",
		}) || len(news) != 6 {
			t.Errorf("published %q, want three openings and all messages", news)
		}
		b.wantRecorded("a online", "wrong misconfigured opening: wrong configuration")
		b.tell("a", "BREAK")
		b.order(b.gateway.Restart, "a") // without its back-off
		b.order(b.gateway.Restart, "wrong")
		b.wantRecorded("a online", "wrong misconfigured opening: wrong configuration")
		b.order(b.gateway.Stop, "a")
		b.order(b.gateway.Restart, "a")
		b.wantRecorded("a online", "wrong misconfigured opening: wrong configuration")
		b.tell("a", "SLEEP")
		time.Sleep(11 * time.Second)
		b.order(b.gateway.Restart, "a")
		b.wantRecorded("a stuck handling SLEEP: not done after 10s", "wrong misconfigured opening: wrong configuration")
		time.Sleep(50 * time.Second)
		b.wantRecorded("a online", "wrong misconfigured opening: wrong configuration")
		if n := len(mentions(b.log.take(), "device stays down")); n != 1 {
			t.Errorf("%d lines about the wrong one, want one for its restart", n)
		}
	})
}

// Another configuration starts a stopped device, also one that is still busy, and nothing of that is left when it is removed.
func TestStoppedDeviceIsReplaced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, lamps("a", "b"))
		defer b.end()
		b.order(b.gateway.Stop, "a")
		b.tell("b", "SLEEP")
		b.order(b.gateway.Stop, "b")
		b.wantRecorded("a stopped stopped by a person", "b stopped stopped by a person")
		list := lamps("a", "b")
		list[0].Retain, list[1].Retain = true, true
		b.apply(b.options(list).Devices)
		b.wantRecorded("a online", "b stopped stopped by a person")
		time.Sleep(time.Minute)
		b.wantRecorded("a online", "b online")

		b.tell("a", "SLEEP")
		list[0].Retain = false
		list = b.options(list).Devices
		b.apply(slices.Clone(list))
		b.order(b.gateway.Stop, "a") // the new one, which waits for the old one
		time.Sleep(time.Minute)
		b.wantRecorded("a stopped stopped by a person", "b online")
		b.apply(list[1:])
		b.wantRecorded("b online")
		if err := b.gateway.Start("a"); !errors.Is(err, actors.ErrNoDevice) || err.Error() != `no such device: "a"` {
			t.Errorf("one that is no more is started: %v", err)
		}
	})
}

// What a hub has added goes down with it when a person stops it, and comes up with it; what a person has stopped of it stays so.
func TestStoppedHub(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := startBridge(t, adds("a", "b"))
		b.order(b.gateway.Stop, "hub.a")
		b.wantRecorded("hub online", "hub.a stopped stopped by a person", "hub.b online")
		b.order(b.gateway.Stop, "hub")
		b.wantRecorded("hub stopped stopped by a person", "hub.a offline hub: stopped by a person", "hub.b offline hub: stopped by a person")
		b.tell("hub.b", "ON")
		b.wantSaid("hub.b", `{"action":"ON","response":"ERROR","reason":"hub.b: hub: stopped by a person"}`)
		time.Sleep(time.Hour)
		b.order(b.gateway.Start, "hub")
		b.wantRecorded("hub online", "hub.a stopped stopped by a person", "hub.b online")
		b.order(b.gateway.Restart, "hub")
		b.wantRecorded("hub online", "hub.a stopped stopped by a person", "hub.b online")
		b.tell("hub", "BREAK")
		down := "handling BREAK: cable cut"
		b.wantRecorded("hub offline "+down, "hub.a offline hub: "+down, "hub.b offline hub: "+down)
		time.Sleep(time.Minute)
		b.wantRecorded("hub online", "hub.a stopped stopped by a person", "hub.b online")
		if openings("a") != 1 || openings("b") != 4 {
			t.Errorf("opened %v, want a once", theBridge.opened)
		}
		b.order(b.gateway.Start, "hub.a")
		b.order(b.gateway.Restart, "hub.b")
		b.wantRecorded("hub online", "hub.a online", "hub.b online")
		b.order(b.gateway.Stop, "hub")
		b.order(b.gateway.Stop, "hub.b") // while its hub is down
		b.order(b.gateway.Start, "hub.a")
		b.order(b.gateway.Start, "hub")
		b.wantRecorded("hub online", "hub.a online", "hub.b stopped stopped by a person")
		b.order(b.gateway.Start, "hub.b")
		b.tell("hub.b", "ON")
		b.wantSaid("hub.b", "ON", `{"action":"ON","response":"OK"}`)
		b.end()
		if o, c := openings("b"), closings("b"); o != c {
			t.Errorf("b was opened %d times and closed %d times", o, c)
		}
	})
}

// Whatever happens to devices and whatever people order, the latest order holds in the end.
func TestOrdersWalk(t *testing.T) {
	for seed := range uint64(20) {
		synctest.Test(t, func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 0))
			b := startBridge(t, adds("a", "b"), func(o *actors.Options) {
				o.Devices = append(o.Devices, complete(&bench{t: t}, lamps("lamp", "slow"))...)
				o.Devices[2].Params = map[string]any{"opening": "slow"}
			})
			time.Sleep(30 * time.Second) // the link waits for the slow one
			names := []string{"hub", "hub.a", "hub.b", "lamp", "slow"}
			stopped := make(map[string]bool)
			var diary []string
			for range 60 {
				name := names[random.IntN(len(names))]
				var err error
				what := []string{"stop", "start", "restart", "BREAK", "HANG", "ON"}[random.IntN(6)]
				switch what {
				case "stop":
					err = b.gateway.Stop(name)
					stopped[name] = true
				case "start":
					err = b.gateway.Start(name)
					stopped[name] = false
				case "restart":
					err = b.gateway.Restart(name)
					stopped[name] = false
				default:
					b.broker.session().options.Arrived(arrival("home////"+name+"/me/C", what))
				}
				diary = append(diary, what+" "+name)
				if err != nil {
					t.Fatal(err)
				}
				if random.IntN(2) == 0 {
					time.Sleep(time.Duration(random.IntN(int(5 * time.Second))))
				}
			}
			time.Sleep(10 * time.Minute)
			var want []string
			for _, name := range names {
				switch {
				case stopped["hub"] && strings.HasPrefix(name, "hub."):
					want = append(want, name+" offline hub: stopped by a person")
				case stopped[name]:
					want = append(want, name+" stopped stopped by a person")
				default:
					want = append(want, name+" online")
				}
			}
			if got := b.recorded(); !slices.Equal(got, want) {
				t.Errorf("seed %d: %q, want %q, after\n%s", seed, got, want, strings.Join(diary, "\n"))
			}
			for _, name := range names { // the mailboxes agree with the record
				i, _ := b.gateway.Inspect(name)
				b.news()
				b.tell(name, "ON")
				if got := b.news(); (i.Entry.State == messages.Online) != (len(got) > 0 && !strings.Contains(got[0], "ERROR")) && name != "hub" {
					t.Errorf("seed %d: %s is %v, and says %q", seed, name, i.Entry.State, got)
				}
			}
			b.end()
		})
	}
}
