package actors_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mqttgateway/mqttgateway/actors"
	"github.com/mqttgateway/mqttgateway/actors/supervision"
	"github.com/mqttgateway/mqttgateway/config"
	"github.com/mqttgateway/mqttgateway/internal/mqtt"
	"github.com/mqttgateway/mqttgateway/messages"
)

// What becomes of a command has one reason, which its sender, the device's topic if it goes down, and the log tell in the
// same words. The rows have every outcome there is.
func TestOneReason(t *testing.T) {
	hung := 11 * time.Second // longer than the deadline
	rows := []struct {
		name    string
		device  config.Device
		before  string        // a command that comes before,
		wait    time.Duration // and how long before
		action  string        // of the command that is looked at
		outcome messages.Outcome
		reason  string
		down    bool // the device goes down over it
	}{
		{"handled", lamps("a")[0], "", 0, "ON", messages.Handled, "", false},
		{"refused by the device", lamps("a")[0], "", 0, "REFUSE", messages.Rejected, "action refused", false},
		{"mailbox full", config.Device{Name: "a", Type: "lamp", Mailbox: 1}, "SLEEP", 0, "ON", messages.Busy, "mailbox full", false},
		{"not in time", lamps("a")[0], "", 0, "HANG", messages.TimedOut, "handling HANG: not done after 10s", true},
		{"never", lamps("a")[0], "", 0, "SLEEP", messages.TimedOut, "handling SLEEP: not done after 10s", true},
		{"actor, and never", sirens("a")[0], "", 0, "SLEEP", messages.TimedOut, "handling SLEEP: not done after 10s", true},
		{"failed", lamps("a")[0], "", 0, "BREAK", messages.Failed, "handling BREAK: input/output error", true},
		{"panicked", lamps("a")[0], "", 0, "PANIC", messages.Failed, "handling PANIC: panic: lamp on fire", true},
		{"actor, and panicked", sirens("a")[0], "", 0, "PANIC", messages.Failed, "handling PANIC: panic: siren on fire", true},
		{"ended its goroutine", config.Device{Name: "a", Type: "odd"}, "", 0, "ON", messages.Failed, "handling ON: runtime.Goexit called", true},
		{"down", lamps("a")[0], "BREAK", 0, "ON", messages.Failed, "device offline", false},
		{"stuck", lamps("a")[0], "SLEEP", hung, "ON", messages.Failed, "device stuck", false},
	}
	seen := map[messages.Outcome]bool{}
	for _, row := range rows {
		seen[row.outcome] = true
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				oddity = behaviour{handle: firstTime(runtime.Goexit)}
				row.device.Reply, row.device.AnswersTo.Device = config.ReplyAlways, []string{"a"}
				b := start(t, []config.Device{row.device})
				defer b.end()
				say := func(action string) {
					b.broker.session().options.Arrived(mqtt.Message{Topic: "home////a/me/C", Payload: action})
				}
				if row.before != "" {
					say(row.before)
					synctest.Wait()
					if row.outcome == messages.Busy {
						say("WAITS")
					}
				}
				time.Sleep(row.wait)
				b.saidStates()
				b.log.take()
				say(row.action)
				synctest.Wait()
				lines := b.log.take()
				time.Sleep(hung)
				synctest.Wait()
				lines = append(lines, b.log.take()...)

				want := fmt.Sprintf(`{"action":%q,"response":%q`, row.action, row.outcome)
				if row.reason != "" {
					want += fmt.Sprintf(`,"reason":%q`, "a: "+row.reason)
				}
				want += "}"
				if got := mentions(b.broker.published(), `"response"`, `"`+row.action+`"`); len(got) != 1 || got[0] != "home////a/gw/S "+want {
					t.Errorf("answers %q, want %s", got, want)
				}
				if row.reason != "" && len(mentions(lines, "err="+row.reason)) == 0 {
					t.Errorf("the log does not say %q:\n%s", row.reason, strings.Join(lines, "\n"))
				}
				states := mentions(b.saidStates(), "offline")
				if row.down && (len(states) != 1 || states[0] != "a/state offline: "+row.reason) {
					t.Errorf("states %q, want the reason %q", states, row.reason)
				}
				if !row.down && row.before == "" && len(states) > 0 {
					t.Errorf("states %q, want it online", states)
				}
			})
		})
	}
	for o := messages.Handled; o <= messages.Failed; o++ {
		if !seen[o] {
			t.Errorf("no row ends with %v", o)
		}
	}
}

// What goes wrong next is told, however soon it comes after something else that did.
func TestEachCauseIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, lamps("a"))
		b.log.take()
		b.arrive("home////a/me/C", "PANIC")
		time.Sleep(2 * time.Second)
		for range 3 {
			b.arrive("home////a/me/C", "BREAK")
			time.Sleep(2 * time.Second)
		}
		lines := b.log.take()
		if got := mentions(lines, "device failed ", "input/output error"); len(got) != 1 {
			t.Errorf("want one line for the error that follows the panic:\n%s", strings.Join(lines, "\n"))
		}
		b.end()
	})
}

// A device's reason says what it was doing, and shows nobody a password.
func TestReasonsOfDevices(t *testing.T) {
	for _, row := range []struct {
		name string
		does behaviour
		says string
	}{
		{"opening", behaviour{open: firstTime(func() { panic(errors.New("EOF")) })}, "err=opening: panic: EOF"},
		{"handling", behaviour{handle: firstTime(func() { panic("dial tcp://me:swordfish@box: EOF") })}, "err=handling ON: panic: dial tcp://******@box: EOF"},
		{"running", behaviour{run: func() { panic("EOF") }}, "err=running: panic: EOF"},
		{"ending to run", behaviour{run: func() { runtime.Goexit() }}, "err=running: runtime.Goexit called"},
		{"closing", behaviour{handle: firstTime(func() { panic("EOF") }), close: func() error { return errors.New("EOF") }}, "err=closing: EOF"},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := startOdd(t, "odd", row.does)
				b.arrive("home////odd/me/C", "ON")
				if lines := b.log.take(); len(mentions(lines, "device=odd", row.says)) != 1 {
					t.Errorf("want one line with %q:\n%s", row.says, strings.Join(lines, "\n"))
				}
				if states := strings.Join(b.saidStates(), "\n"); strings.Contains(states, "swordfish") {
					t.Errorf("states %s show a password", states)
				}
				b.end()
			})
		})
	}
}

// Whatever happens to devices and to the link, the record, a device's topic, the log and the answer to the command over which
// it went down give one reason, and health counts what the record says.
func TestOneReasonWhateverHappens(t *testing.T) {
	list := append(append(lamps("a", "b"), sirens("s")...), config.Device{Name: "odd", Type: "odd", AnswersTo: config.AnswersTo{Device: []string{"odd"}}})
	for i := range list {
		list[i].Reply = config.ReplyAlways
	}
	for seed := range uint64(3) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				random := rand.New(rand.NewPCG(seed, 0))
				oddity = behaviour{handle: func() { panic(errors.New("first line\n\tand the \"second\"\x07: dial tcp://me:swordfish@box: EOF\n")) }}
				b := start(t, list, func(o *actors.Options) { o.Log = slog.New(loud{o.Log.Handler()}) })
				defer b.end()
				b.broker.locked(func() { b.broker.retained = make(map[string]string) })
				w := watch(t.Context(), b.gateway, 0)
				b.broker.session().lose(io.EOF) // so that everything is said again, and kept
				down := 0
				for range 60 {
					time.Sleep(time.Duration(random.IntN(int(40 * time.Second))))
					d := list[random.IntN(len(list))]
					switch action := []string{"ON", "BREAK", "PANIC", "REFUSE", "HANG", "SLEEP", "LEAVE", "lost"}[random.IntN(8)]; action {
					case "lost":
						b.broker.session().lose(io.EOF)
					default:
						b.broker.session().options.Arrived(arrival("home////"+d.Name+"/me/C", action))
					}
					down += b.wantOneReason(w)
				}
				if down < 20 {
					t.Errorf("devices were down %d times: the story is too tame", down)
				}
			})
		})
	}
}

// loud has a log take each line, also those that the throttle leaves for debugging.
type loud struct{ slog.Handler }

func (loud) Enabled(context.Context, slog.Level) bool { return true }

func (l loud) WithAttrs(attrs []slog.Attr) slog.Handler { return loud{l.Handler.WithAttrs(attrs)} }

// wantOneReason compares what is said of each device, and returns how many are down.
func (b *bench) wantOneReason(w *watcher) (down int) {
	b.t.Helper()
	w.said()
	var state actors.State
	for _, e := range w.known {
		if e.Kind != supervision.Device {
			continue
		}
		word := e.State.String()
		switch e.State {
		case messages.Online:
			state.Online++
		case messages.Connecting:
			state.Opening++
		default:
			state.Down++
			word = "offline: " + e.Reason
			b.wantSaidReason(e)
		}
		if topic := b.kept("home/$gateway/gw/" + e.Name + "/state"); w.known["link link"].State == messages.Online && topic != word {
			b.t.Errorf("the topic of %s says %q, the record %q", e.Name, topic, word)
		}
	}
	state.Link = b.gateway.State().Link
	if got := b.gateway.State(); got != state {
		b.t.Errorf("health says %+v, the record %+v", got, state)
	}
	return state.Down
}

// kept returns what the broker keeps under a topic.
func (b *bench) kept(topic string) (payload string) {
	b.broker.locked(func() { payload = b.broker.retained[topic] })
	return payload
}

// wantSaidReason fails the test unless log and answer have given the reason of a device that is down.
func (b *bench) wantSaidReason(e supervision.Entry) {
	b.t.Helper()
	b.log.mu.Lock()
	lines := b.log.all
	b.log.mu.Unlock()
	if len(mentions(lines, e.Name, e.Reason)) == 0 {
		b.t.Errorf("the log has no line for %s: %q\n%s", e.Name, e.Reason, strings.Join(lines, "\n"))
	}
	if !strings.HasPrefix(e.Reason, "handling") {
		return
	}
	reason, err := json.Marshal(e.Name + ": " + e.Reason)
	if err != nil {
		b.t.Fatal(err)
	}
	if len(mentions(b.broker.published(), `"reason":`+string(reason))) == 0 {
		b.t.Errorf("no answer gives the reason %s: %q", reason, b.broker.published())
	}
}
