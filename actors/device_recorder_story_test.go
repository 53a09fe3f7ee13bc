package actors_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mqttgateway/mqttgateway/actors/recorder"
	"github.com/mqttgateway/mqttgateway/config"
	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/messages"
)

// flight returns what the flight recorder of a device has, without the times.
func (b *bench) flight(device string) (entries []string) {
	synctest.Wait()
	i, _ := b.gateway.Inspect(device)
	for _, e := range i.Recorded {
		entries = append(entries, fmt.Sprint(e.What, " ", e.Text))
	}
	return entries
}

// unrecorded returns lines of the log without what flight recorders have.
func unrecorded(lines []string) []string {
	return of(lines, func(line string) bool { return !strings.Contains(line, "what the device did before it panicked") })
}

func init() {
	devices.Register("speaker", func(_ context.Context, env devices.Env, _ struct{}) (devices.Device, error) {
		speaker.set(env)
		return &lamp{env}, nil
	})
}

// The flight recorder of a device has all that it was given, said, was refused and failed at, in order.
func TestRecorder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, []config.Device{
			{Name: "a", Type: "speaker", AnswersTo: config.AnswersTo{Device: []string{"a"}}}, {Name: "b", Type: "boiler"},
		})
		defer b.end()
		for _, row := range []struct {
			name string
			do   func()
			want []string
		}{
			{"nothing", func() {}, nil},
			{"a command", func() { b.tell("a", `{"action":"ON","level":7}`) },
				[]string{`in C ///a from me: ON {"level":7}`, "out S ///a: ON", "answer ON: OK"}},
			{"a command with a secret in an address", func() { b.tell("a", `{"action":"ON","url":"rtsp://me:swordfish@box/?token=trout"}`) },
				[]string{`in C ///a from me: ON {"url":"rtsp://******@box/?******"}`, "out S ///a: ON", "answer ON: OK"}},
			{"one for another", func() { b.tell("a", `{"action":"ONLY","for":"b"}`) },
				[]string{`in C ///a from me: ONLY {"for":"b"}`, "answer ONLY: not for this device"}},
			{"one that it refuses", func() { b.tell("a", "REFUSE") }, []string{"in C ///a from me: REFUSE", "answer REFUSE: REJECTED: action refused"}},
			{"an error that it reports", func() { speaker.env.Report(errors.New("http://me:swordfish@box is warm")) },
				[]string{"error http://******@box is warm"}},
			{"what the map refuses", func() { speaker.emit(messages.New(messages.Status, messages.Address{Device: "a/b"}, "ON")) },
				[]string{"out S ///a/b: ON", `error not sent: message "S ///a/b: ON": device: "a/b": holds '/', which no level of a topic can`}},
			{"a failure", func() { b.tell("a", "BREAK") },
				[]string{"in C ///a from me: BREAK", "answer BREAK: ERROR: handling BREAK: input/output error", "out S ///a: CLOSED",
					"state offline: handling BREAK: input/output error"}},
			{"refusals", func() {
				for i := range 100 {
					b.tell("a", fmt.Sprint("ON", i))
				}
			}, []string{"answer ERROR: device offline: C ///a from me: ON99 (the latest of 100)"}},
			{"the return", func() { time.Sleep(time.Second) }, []string{"state online"}},
			{"a call that takes too long", func() { b.tell("a", "HANG"); time.Sleep(time.Minute) },
				[]string{"in C ///a from me: HANG", "state stuck: handling HANG: not done after 10s", "answer HANG: TIMEOUT: handling HANG: not done after 10s",
					"out S ///a: CLOSED", "state offline: handling HANG: not done after 10s", "state online"}},
			{"a person", func() { b.order(b.gateway.Stop, "a"); b.order(b.gateway.Start, "a") },
				[]string{"state stopped: stopped by a person", "out S ///a: CLOSED", "state stopped: stopped by a person", "state connecting", "state online"}},
		} {
			before := b.flight("a")
			row.do()
			after := b.flight("a")
			if got := after[min(len(after), len(before)):]; !slices.Equal(got, row.want) {
				t.Errorf("%s:\n  %s\nwant\n  %s", row.name, strings.Join(got, "\n  "), strings.Join(row.want, "\n  "))
			}
		}
		if _, err := b.gateway.Set(t.Context(), "b", values{"target": messages.IntValue(40)}); err != nil {
			t.Error(err)
		}
		b.arrive("home/$gateway/gw/b/set/target", "70")
		want := []string{
			`out S ///b: STATE {"flow":null,"target":null}`, `out S Heating///Pump: STATE {"pump":null}`, "state online",
			`in C ///b: SET {"target":40}`, `out S ///b: STATE {"flow":null,"target":40}`, "answer SET: OK",
			`in set/target: C ///b: SET {"target":"70"}`, "answer SET: REJECTED: target: 70 is above 60 °C",
		}
		if got := b.flight("b"); !slices.Equal(got, want) {
			t.Errorf("of entities:\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
		}
	})
}

// Why a device failed is still told when it is back and has handled many more messages than its flight recorder keeps.
func TestRecorderKeepsFailures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, []config.Device{{Name: "a", Type: "speaker", AnswersTo: config.AnswersTo{Device: []string{"a"}}}})
		defer b.end()
		b.tell("a", "BREAK")
		time.Sleep(time.Second)
		for range 2 * recorder.Most {
			b.tell("a", "ON")
			time.Sleep(time.Second / 4)
		}
		got := b.flight("a")
		if want := []string{"state offline: handling BREAK: input/output error", "state online"}; !slices.Equal(got[:min(len(got), 2)], want) {
			t.Errorf("begins with %q, want %q", got[:min(len(got), 2)], want)
		}
		if last := got[len(got)-1]; len(got) != recorder.Most || last != "answer ON: OK" {
			t.Errorf("has %d entries, of which the last is %q", len(got), last)
		}
	})
}

// What a hub has added records that it goes down with it, once.
func TestRecorderBelowAHub(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := startBridge(t, adds("a"))
		defer b.end()
		b.tell("hub", "BREAK")
		time.Sleep(time.Minute)
		if got, want := b.flight("hub.a"), []string{"state offline: hub: handling BREAK: cable cut", "state online"}; !slices.Equal(got, want) {
			t.Errorf("has %q, want %q", got, want)
		}
	})
}

// A panic has the log tell once what the device did before it; further ones of the kind, within the throttle time, don't.
func TestPanicTellsTheRecorder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, lamps("a", "b"))
		defer b.end()
		b.log.take()
		b.tell("a", "ON")
		b.tell("b", "BREAK")
		for range 5 {
			for i := range 50 { // are refused, and do not push what was before out of the recorder
				b.broker.session().options.Arrived(arrival("home////a/me/C", []string{"PANIC", "ON"}[min(i, 1)]))
			}
			time.Sleep(2 * time.Second)
		}
		told := mentions(b.log.take(), "what the device did before it panicked")
		if len(told) != 1 {
			t.Fatalf("told %d times:\n%s", len(told), strings.Join(told, "\n"))
		}
		const want = "ERROR what the device did before it panicked device=a recorded=00:00:00.000 in C ///a from me: ON | 00:00:00.000 out S ///a: ON | " +
			"00:00:00.000 answer ON: OK | 00:00:00.000 in C ///a from me: PANIC | 00:00:00.000 answer PANIC: ERROR: handling PANIC: panic: lamp on fire"
		if told[0] != want {
			t.Errorf("told\n%s\nwant\n%s", told[0], want)
		}
		i, _ := b.gateway.Inspect("a")
		if n := len(i.Recorded); n > recorder.Most || n < 10 {
			t.Errorf("%d entries", n)
		}
	})
}
