package actors_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mqttgateway/mqttgateway/config"
	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/internal/mqtt"
)

// answering returns lamps that answer as told.
func answering(reply string, names ...string) []config.Device {
	list := lamps(names...)
	for i := range list {
		list[i].Reply = reply
	}
	return list
}

func TestAnswers(t *testing.T) {
	for _, row := range []struct {
		name           string
		reply          string
		topic, payload string
		wait           time.Duration
		want           string // the answer's payload; none if empty
	}{
		{"handled", config.ReplyAddressed, "home////a/me/C", "ON", 0, `{"action":"ON","response":"OK"}`},
		{"the id is repeated", config.ReplyAddressed, "home////a/me/C", `{"action":"ON","id":7}`, 0,
			`{"action":"ON","response":"OK","id":7}`},
		{"refused", config.ReplyAddressed, "home////a/me/C", "REFUSE", 0,
			`{"action":"REFUSE","response":"REJECTED","reason":"a: action refused"}`},
		{"failed", config.ReplyAddressed, "home////a/me/C", "BREAK", 0,
			`{"action":"BREAK","response":"ERROR","reason":"a: handling BREAK: input/output error"}`},
		{"panicked", config.ReplyAddressed, "home////a/me/C", "PANIC", 0,
			`{"action":"PANIC","response":"ERROR","reason":"a: handling PANIC: panic: lamp on fire"}`},
		{"not in time", config.ReplyAddressed, "home////a/me/C", "HANG", 11 * time.Second,
			`{"action":"HANG","response":"TIMEOUT","reason":"a: handling HANG: not done after 10s"}`},
		{"nobody named", config.ReplyAddressed, "home/////me/C", "ON", 0, ""},
		{"nobody named, and asked for", config.ReplyNever, "home/////me/C", `{"action":"ON","reply":true}`, 0,
			`{"action":"ON","response":"OK"}`},
		{"asked for in a word", config.ReplyNever, "home/////me/C", `{"action":"ON","reply":"true"}`, 0, ""},
		{"always", config.ReplyAlways, "home/////me/C", "ON", 0, `{"action":"ON","response":"OK"}`},
		{"never", config.ReplyNever, "home////a/me/C", "ON", 0, ""},
		{"a status", config.ReplyAlways, "home////a/me/S", `{"action":"ON","reply":true}`, 0, ""},
		{"nobody found", config.ReplyAlways, "home////x/me/C", `{"action":"ON","reply":true}`, 0, ""},
	} {
		for _, qos := range []byte{0, 1} {
			t.Run(row.name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					b := start(t, answering(row.reply, "a"))
					defer b.end()
					b.broker.session().options.Arrived(mqtt.Message{Topic: row.topic, Payload: row.payload, QoS: qos})
					time.Sleep(row.wait)
					synctest.Wait()
					got := slices.DeleteFunc(b.broker.published(), func(m string) bool { return !strings.Contains(m, `"response"`) })
					var want []string
					if row.want != "" {
						want = []string{strings.Replace(row.topic, "me/C", "gw/S", 1) + " " + row.want}
					}
					if !slices.Equal(got, want) {
						t.Errorf("answers at QoS %d: %q, want %q", qos, got, want)
					}
				})
			})
		}
	}
}

// A command that finds several devices has one answer: the worst, with those who are to blame.
func TestOneAnswerForAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		list := answering(config.ReplyAlways, "a", "b", "c")
		list[1].Params = map[string]any{"opening": "config"}
		list[2].Params = map[string]any{"opening": "fail"}
		b := start(t, list)
		defer b.end()
		b.arrive("home/////me/C", "ON")
		got := b.broker.published()
		want := `home/////gw/S {"action":"ON","response":"ERROR","reason":"b: device offline; c: device offline"}`
		if len(got) != 2 || !slices.Contains(got, want) {
			t.Errorf("published %q, want a's status and %s", got, want)
		}
	})
}

// An answer repeats the arguments if a device that was found has it so. There are the ways that answers go: that of one device at
// QoS 0 which answers itself, that of several, and that of the spool are different ones.
func TestAnswersRepeatArguments(t *testing.T) {
	const args = `"level":1e3,"speed":"slow",`
	for _, row := range []struct {
		name, topic, action string
		repeats, itself     bool
		want                string // the answer's payload
	}{
		{"repeated", "home////a/me/C", "ON", true, false, `{"action":"ON",` + args + `"response":"OK","id":7}`},
		{"not repeated", "home////a/me/C", "ON", false, false, `{"action":"ON","response":"OK","id":7}`},
		{"with a fault", "home////a/me/C", "REFUSE", true, false, `{"action":"REFUSE",` + args + `"response":"REJECTED","reason":"a: action refused","id":7}`},
		{"of one that answers itself", "home////a/me/C", "REFUSE", true, true, `{"action":"REFUSE",` + args + `"response":"REJECTED","reason":"a: action refused","id":7}`},
		{"of two", "home//g///me/C", "ON", true, false, `{"action":"ON",` + args + `"response":"OK","id":7}`},
	} {
		for _, qos := range []byte{0, 1} {
			t.Run(fmt.Sprintf("%s/QoS%d", row.name, qos), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					list := answering(config.ReplyAddressed, "a", "b")
					list[0].ReplyArguments = row.repeats
					if row.itself {
						list[0].Type = "echo"
					}
					b := start(t, list)
					defer b.end()
					payload := fmt.Sprintf(`{"action": %q, "level": 1e3, "id": 7, "speed": "slow"}`, row.action)
					b.broker.session().options.Arrived(mqtt.Message{Topic: row.topic, Payload: payload, QoS: qos})
					synctest.Wait()
					got := of(b.broker.published(), func(m string) bool { return strings.Contains(m, `"response"`) })
					if want := []string{strings.Replace(row.topic, "me/C", "gw/S", 1) + " " + row.want}; !slices.Equal(got, want) {
						t.Errorf("answers %q, want %q", got, want)
					}
				})
			})
		}
	}
}

// A flood that a device can't take has few answers.
func TestFewAnswersOfBusy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		list := answering(config.ReplyAddressed, "a")
		list[0].Mailbox = 1
		b := start(t, list)
		defer b.end()
		b.arrive("home////a/me/C", "SLEEP")
		for range 1000 {
			b.broker.session().options.Arrived(mqtt.Message{Topic: "home////a/me/C", Payload: "ON"})
		}
		synctest.Wait()
		busy := 0
		for _, m := range b.broker.published() {
			if strings.Contains(m, "BUSY") {
				busy++
			}
		}
		if unanswered := b.gateway.Counters().Unanswered.Load(); busy != 10 || unanswered != 989 {
			t.Errorf("%d answers of BUSY and %d saved, want 10 and 989", busy, unanswered)
		}
	})
}

func TestRetainedCommandsAreStale(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, ears("a"))
		defer b.end()
		b.heard()
		arrive := func(topic string) {
			b.broker.session().options.Arrived(mqtt.Message{Topic: topic, Payload: "ON", QoS: 1, Retained: true})
		}
		for range 3 {
			arrive("home////a/me/C")
			arrive("home//gw//a/me/C")
			arrive("home////a/me/S")
		}
		synctest.Wait()
		if c := b.gateway.Counters(); c.Ignored.Load() != 6 || c.Handled.Load() != 3 {
			t.Errorf("%d ignored and %d handled, want the 6 commands and the 3 statuses", c.Ignored.Load(), c.Handled.Load())
		}
		lines := of(b.log.take(), func(line string) bool { return !strings.Contains(line, "heard") })
		if len(lines) != 2 || !strings.Contains(lines[0], "retained command ignored") {
			t.Errorf("want a line for each topic, have %q", lines)
		}
	})
}

// A device that answers commands itself can't answer those that it never got, refused or failed at: the gateway does.
func TestAnswersForOneThatEchoes(t *testing.T) {
	for _, row := range []struct {
		name    string
		payload string
		wait    time.Duration
		want    string // payload of the gateway's answer; none if empty
	}{
		{"handled", "ON", 0, ""},
		{"handled, and asked for", `{"action":"ON","reply":true}`, 0, `{"action":"ON","response":"OK"}`},
		{"refused", `{"action":"REFUSE","id":7}`, 0, `{"action":"REFUSE","response":"REJECTED","reason":"a: action refused","id":7}`},
		{"failed", "BREAK", 0, `{"action":"BREAK","response":"ERROR","reason":"a: handling BREAK: input/output error"}`},
		{"panicked", "PANIC", 0, `{"action":"PANIC","response":"ERROR","reason":"a: handling PANIC: panic: lamp on fire"}`},
		{"not in time", "HANG", 11 * time.Second, `{"action":"HANG","response":"TIMEOUT","reason":"a: handling HANG: not done after 10s"}`},
	} {
		for _, qos := range []byte{0, 1} {
			for _, topic := range []string{"home////a/me/C", "home//g///me/C"} {
				t.Run(row.name, func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						list := answering(config.ReplyAddressed, "a", "b")
						for i := range list {
							list[i].Type = "echo"
						}
						b := start(t, list[:1])
						if topic == "home//g///me/C" { // finds both
							b.end()
							b = start(t, list)
						}
						defer b.end()
						b.broker.session().options.Arrived(mqtt.Message{Topic: topic, Payload: row.payload, QoS: qos})
						time.Sleep(row.wait)
						synctest.Wait()
						got := of(b.broker.published(), func(m string) bool { return strings.Contains(m, `"response"`) })
						if row.want == "" && len(got) > 0 || row.want != "" && len(got) != 1 {
							t.Fatalf("answers to %q at QoS %d: %q, want %q", topic, qos, got, row.want)
						}
						if one := strings.Replace(topic, "me/C", "gw/S", 1) + " " + row.want; len(got) == 1 && topic == "home////a/me/C" && got[0] != one {
							t.Errorf("answer at QoS %d: %q, want %q", qos, got[0], one)
						}
					})
				})
			}
		}
	}
}

func init() { devices.Register("echo", openEcho) }

// echo is a lamp that says that it answers commands itself.
type echo struct{ lamp }

func openEcho(_ context.Context, env devices.Env, _ struct{}) (devices.Device, error) {
	return &echo{lamp{env}}, nil
}

func (*echo) Answers() bool { return true }
