package actors_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mqttgateway/mqttgateway/config"
	"github.com/mqttgateway/mqttgateway/internal/mqtt"
)

// A command that is for no device here is told of, acknowledged, and answered if it asks for that and names a gateway that a
// device answers to explicitly. So it is if all the devices that it finds say that it is not theirs; otherwise these don't count.
func TestCommandsForNobody(t *testing.T) {
	for _, row := range []struct {
		name, topic, payload string
		told                 string // in the log; nothing if empty
		answer               string // payload; none if empty
	}{
		{"no device, and asks", "home//g//x/me/C", `{"action":"ON","reply":true,"id":1}`, `no device answers to gateway "g", device "x"`,
			`{"action":"ON","response":"REJECTED","reason":"no device answers to gateway \"g\", device \"x\"","id":1}`},
		{"does not ask", "home//g//x/me/C", `ON`, `no device answers to gateway "g", device "x"`, ""},
		{"names no gateway", "home/f///x/me/C", `{"action":"ON","reply":true}`, `no device answers to function "f", device "x"`, ""},
		{"names another gateway", "home//other//x/me/C", `{"action":"ON","reply":true}`, `no device answers to gateway "other", device "x"`, ""},
		{"a status", "home//g//x/me/S", `{"action":"ON","reply":true}`, "", ""},
		{"not for one that is found", "home//g//a/me/C", `{"action":"ONLY","for":"x","reply":true}`, "no device takes it: a: not for this device: want x",
			`{"action":"ONLY","response":"REJECTED","reason":"no device takes it: a: not for this device: want x"}`},
		{"not for one that is found, and does not ask", "home//g//a/me/C", `{"action":"ONLY","for":"x"}`,
			"no device takes it: a: not for this device: want x", ""},
		{"for one of two", "home//g///me/C", `{"action":"ONLY","for":"b","reply":true}`, "", `{"action":"ONLY","response":"OK"}`},
		{"for none of two", "home//g///me/C", `{"action":"ONLY","for":"x","reply":true}`, "no device takes it: ", "both"},
		{"for none of two, and does not ask", "home//g///me/C", `{"action":"ONLY","for":"x"}`, "no device takes it: ", ""},
		{"for none of two, no gateway", "home/////me/C", `{"action":"ONLY","for":"x","reply":true}`, "no device takes it: ", ""},
	} {
		for _, reply := range []string{config.ReplyNever, config.ReplyAddressed} {
			for _, qos := range []byte{0, 1} {
				t.Run(fmt.Sprintf("%s/%s/QoS%d", row.name, reply, qos), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						list := answering(reply, "a", "b")
						for i := range list {
							list[i].AnswersTo.Gateway = []string{"g"}
						}
						b := start(t, list)
						defer b.end()
						b.log.take()
						acks := new(ackCount)
						b.broker.session().options.Arrived(mqtt.Message{Topic: row.topic, Payload: row.payload, QoS: qos}.AcknowledgedBy(acks, 1))
						synctest.Wait()
						lines := b.log.take()
						if row.told == "" && len(lines) > 0 || row.told != "" && len(mentions(lines, "INFO command finds no device", row.told)) != 1 {
							t.Errorf("logged %q, want %q", lines, row.told)
						}
						got := of(b.broker.published(), func(m string) bool { return strings.Contains(m, `"response"`) })
						want := []string{strings.Replace(row.topic, "me/C", "gw/S", 1) + " " + row.answer}
						switch {
						case row.answer == "":
							want = nil
						case row.answer == "both" && len(got) == 1 && strings.Contains(got[0], "a: not for this device: want x") &&
							strings.Contains(got[0], "b: not for this device: want x"):
							want = got
						}
						if !slices.Equal(got, want) {
							t.Errorf("answers %q, want %q", got, want)
						}
						if n := acks.Load(); n != int32(qos) {
							t.Errorf("acknowledged %d times at QoS %d", n, qos)
						}
					})
				})
			}
		}
	}
}

// A device goes on that says a message is not its.
func TestNotMineIsNoFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, lamps("a"))
		defer b.end()
		b.arrive("home////a/me/C", `{"action":"ONLY","for":"b"}`)
		b.arrive("home////a/me/C", "ON")
		c := b.gateway.Counters()
		if failed, mine, handled := c.Failed.Load(), c.NotMine.Load(), c.Handled.Load(); failed != 0 || mine != 1 || handled != 1 {
			t.Errorf("%d failed, %d passed over, %d handled; want none, 1 and 1", failed, mine, handled)
		}
		if got, want := b.broker.published(), []string{"home////a/gw/S ON"}; !slices.Equal(got, want) {
			t.Errorf("published %q, want %q", got, want)
		}
	})
}

// A flood of commands that find nobody is a line and a sum, and few answers.
func TestFloodForNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		list := lamps("a")
		list[0].AnswersTo.Gateway = []string{"g"}
		b := start(t, list)
		defer b.end()
		b.log.take()
		for n := range 1000 {
			b.broker.session().options.Arrived(mqtt.Message{Topic: fmt.Sprintf("home//g//x%d/me/C", n), Payload: `{"action":"ON","reply":true}`})
		}
		time.Sleep(5 * time.Minute)
		if lines := b.log.take(); len(lines) != 2 || !strings.Contains(lines[1], "more=999") {
			t.Errorf("logged %q, want a line and a sum", lines)
		}
		if answers, c := b.broker.published(), b.gateway.Counters(); len(answers) != 10 || c.Unanswered.Load() != 990 || c.Unmatched.Load() != 1000 {
			t.Errorf("%d answers, %d saved, %d unmatched; want 10, 990 and 1000", len(answers), c.Unanswered.Load(), c.Unmatched.Load())
		}
	})
}
