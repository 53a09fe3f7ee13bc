package admin

import (
	"context"
	"fmt"
	"iter"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mqttgateway/mqttgateway/actors"
	"github.com/mqttgateway/mqttgateway/actors/supervision"
	"github.com/mqttgateway/mqttgateway/internal/service"
	"github.com/mqttgateway/mqttgateway/messages"
)

// gateway is a Gateway with two devices that notes what it is told.
type gateway struct {
	told    []string
	answers []string
}

func (g *gateway) order(what, device string) error {
	if device != "lamp" && device != "siren" {
		return fmt.Errorf("%w: %q", actors.ErrNoDevice, device)
	}
	g.told = append(g.told, what+" "+device)
	return nil
}

func (g *gateway) Stop(device string) error    { return g.order("stop", device) }
func (g *gateway) Start(device string) error   { return g.order("start", device) }
func (g *gateway) Restart(device string) error { return g.order("restart", device) }

func (g *gateway) Watch(context.Context) iter.Seq[actors.Update] {
	return func(yield func(actors.Update) bool) {
		yield(actors.Update{Whole: true, Entries: []supervision.Entry{
			{Kind: supervision.Link, Name: "link"},
			{Kind: supervision.Device, Name: "lamp", State: messages.Online, Since: time.Unix(0, 0).UTC()},
			{Kind: supervision.Device, Name: "siren", State: messages.Offline, Since: time.Unix(1, 0).UTC(), Reason: "EIO"},
		}})
	}
}

func (g *gateway) Respond(what, payload string) { g.answers = append(g.answers, what+" "+payload) }

func TestAdmin(t *testing.T) {
	const lamp, siren = `{"name":"lamp","state":"online","since":"1970-01-01T00:00:00Z"}`, `{"name":"siren","state":"offline","since":"1970-01-01T00:00:01Z","reason":"EIO"}`
	no := func(reason string) string { return `{"response":"REJECTED","reason":"` + reason + `"}` }
	for _, row := range []struct{ what, payload, told, answer string }{
		{"restart", `{"device":"lamp"}`, "restart lamp", `{"response":"OK"}`},
		{"stop", `{"device":"siren","id":"x"}`, "stop siren", `{"response":"OK","id":"x"}`},
		{"start", ` {"id": {"a": 1.0}, "device": "lamp"} `, "start lamp", `{"response":"OK","id":{"a":1.0}}`},
		{"stop", `{"device":"x","id":7}`, "", `{"response":"REJECTED","reason":"no such device: \"x\"","id":7}`},
		{"stop", `{}`, "", no("device: missing")},
		{"stop", `{"device":7,"level":"debug"}`, "", no("device: want a text; level: unknown")},
		{"stop", `{"device":null}`, "", no("device: want a text")},
		{"log", `{"level":"debug"}`, "level DEBUG", `{"response":"OK"}`},
		{"log", `{"level":"loud"}`, "", no(`level \"loud\": want one of [\"debug\" \"error\" \"info\" \"warn\"]`)},
		{"health", `{}`, "", `{"response":"OK","health":{"ok":true,"status":"well","link":"connected","devices":{"online":1,"opening":0,"down":1}}}`},
		{"devices", `{}`, "", `{"response":"OK","devices":[` + lamp + "," + siren + `]}`},
		{"devices", `{"device":"siren"}`, "", `{"response":"OK","devices":[` + siren + `]}`},
		{"devices", `{"device":"x"}`, "", no(`no such device: \"x\"`)},
		{"reload", `{"id":1}`, "reload", `{"response":"OK","id":1,"reload":{"added":["new"],"kept":2}}`},
		{"reload", `{"id":2}`, "reload", `{"response":"REJECTED","reason":"house.yaml:1:1: one; house.yaml:2:1: two","id":2}`},
		{"reload", ``, "", no(`want a JSON object, such as {\"device\":\"lamp\"}`)},
		{"reload", `null`, "", no(`want a JSON object, such as {\"device\":\"lamp\"}`)},
		{"reload", `{} {}`, "", no("want nothing behind the JSON object")},
		{"reload", `{"id":"` + strings.Repeat("x", longestRequest) + `"}`, "", no("more than 16384 bytes")},
		{"explode", `{"id":3}`, "", `{"response":"REJECTED","reason":"want one of [\"devices\" \"health\" \"log\" \"reload\" \"restart\" \"start\" \"stop\"]","id":3}`},
	} {
		g := new(gateway)
		o := Options{
			Gateway: g,
			Reload: func(context.Context) service.Difference {
				g.told = append(g.told, "reload")
				if strings.Contains(row.answer, "REJECTED") {
					return service.Difference{Faults: []string{"house.yaml:1:1: one", "house.yaml:2:1: two"}}
				}
				return service.Difference{Added: []string{"new"}, Kept: 2}
			},
			Health: func(context.Context) service.Health {
				return service.Health{OK: true, Status: "well", State: service.State{Link: "connected", Devices: service.Devices{Online: 1, Down: 1}}}
			},
			SetLevel: func(level slog.Level) { g.told = append(g.told, "level "+level.String()) },
			Log:      slog.New(slog.DiscardHandler),
		}
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			a := New()
			go a.Run(ctx, o)
			if !a.Asked(row.what, row.payload) {
				t.Error("there is no room")
			}
			synctest.Wait()
			if told, answer := strings.Join(g.told, ", "), strings.Join(g.answers, "\n"); told != row.told || answer != row.what+" "+row.answer {
				t.Errorf("%s %.50s:\ntold %q, want %q\nanswered %s\nwant %s %s", row.what, row.payload, told, row.told, answer, row.what, row.answer)
			}
		})
	}
}

// Who asks without end is not heard without end.
func TestTooManyRequests(t *testing.T) {
	a := New()
	for i := range 2 * mostWaiting {
		if a.Asked("health", "{}") != (i < mostWaiting) {
			t.Errorf("request %d", i)
		}
	}
}
