package admin

import (
	"bytes"
	"context"
	"fmt"
	"iter"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mqttgateway/mqttgateway/actors"
	"github.com/mqttgateway/mqttgateway/actors/supervision"
	"github.com/mqttgateway/mqttgateway/internal/logbook"
	"github.com/mqttgateway/mqttgateway/internal/service"
	"github.com/mqttgateway/mqttgateway/messages"
)

// gateway is a Gateway with two devices, or more, that notes what it is told.
type gateway struct {
	more    int // devices
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
		entries := []supervision.Entry{
			{Kind: supervision.Link, Name: "link"},
			{Kind: supervision.Device, Name: "lamp", State: messages.Online, Since: time.Unix(0, 0).UTC()},
			{Kind: supervision.Device, Name: "siren", State: messages.Offline, Since: time.Unix(1, 0).UTC(), Reason: "EIO"},
		}
		for i := range g.more {
			entries = append(entries, supervision.Entry{Kind: supervision.Device, Name: fmt.Sprint("device ", i), State: messages.Online})
		}
		yield(actors.Update{Whole: true, Entries: entries})
	}
}

func (g *gateway) Loggers() logbook.Actors {
	devices := []string{"lamp", "siren"}
	return logbook.Actors{
		Parts:   []string{"mapper"},
		Exists:  func(name string) bool { return slices.Contains(devices, name) },
		Devices: func() []string { return devices },
	}
}

// levels are those of a log that has no lines.
type levels struct {
	g      *gateway
	all    slog.Level
	actors map[string]slog.Level
}

func (l *levels) Levels() (slog.Level, map[string]slog.Level) { return l.all, l.actors }

func (l *levels) ChangeLevels(all slog.Level, actors map[string]slog.Level) {
	if all != l.all || len(actors) > 0 {
		shown := strings.ReplaceAll(fmt.Sprint(actors), fmt.Sprint(logbook.None), "none")
		l.g.told = append(l.g.told, fmt.Sprintf("default %v, actors %s", all, shown))
	}
	l.all, l.actors = all, actors
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
		{"stop", `{"device":7,"level":"debug"}`, "", no(`device: want a text; \"level\": unknown`)},
		{"stop", `{"device":null}`, "", no("device: want a text")},
		{"log", `{"default":"debug"}`, "default DEBUG, actors map[]", `{"response":"OK","log":{"default":"debug","actors":{}}}`},
		{
			"log", `{"actors":{"lamp":"debug","mapper":"none"},"id":1}`, "default INFO, actors map[lamp:DEBUG mapper:none]",
			`{"response":"OK","id":1,"log":{"default":"info","actors":{"lamp":"debug","mapper":"none"}}}`,
		},
		{"log", `{}`, "", `{"response":"OK","log":{"default":"info","actors":{}}}`},
		{"log", `{"default":"loud"}`, "", no(`\"default\": level \"loud\": want debug, info, warn, error or none`)},
		{"log", `{"default":"","actors":{"lamp":7},"level":"x"}`, "", no(`actors: want an object with a level for each actor; default: want a text; \"level\": unknown`)},
		{"log", `{"actors":null}`, "", no("actors: want an object with a level for each actor")},
		{"log", `{"actors":{"lmap":"debug"}}`, "", no(`no actor \"lmap\"; did you mean lamp? (have [\"mapper\"], and devices [\"lamp\" \"siren\"])`)},
		{"health", `{}`, "", `{"response":"OK","health":{"ok":true,"status":"well","link":"connected","devices":{"online":1,"opening":0,"down":1}}}`},
		{"devices", `{}`, "", `{"response":"OK","devices":[` + lamp + "," + siren + `]}`},
		{"devices", `{"device":"siren"}`, "", `{"response":"OK","devices":[` + siren + `]}`},
		{"devices", `{"device":"x"}`, "", no(`no such device: \"x\"`)},
		{"reload", `{"id":1}`, "reload", `{"response":"OK","id":1,"reload":{"added":["new"],"kept":2}}`},
		{"reload", `{"id":2}`, "reload", `{"response":"REJECTED","reason":"house.yaml:1:1: one; house.yaml:2:1: two","id":2}`},
		{"reload", ``, "", no(`want a JSON object, such as {} or {\"device\":\"lamp\"}`)},
		{"reload", `null`, "", no(`want a JSON object, such as {} or {\"device\":\"lamp\"}`)},
		{"health", "{\"id\":\"\xff\"}", "", no("bytes that are no UTF-8")},
		{"reload", `{} {}`, "", no("want nothing behind the JSON object")},
		{"reload", `{"id":"` + strings.Repeat("x", longestRequest) + `"}`, "", no("more than 16384 bytes")},
		{"explode", `{"id":3}`, "", `{"response":"REJECTED","reason":"\"explode\": want one of [\"devices\" \"health\" \"log\" \"reload\" \"restart\" \"start\" \"stop\"]","id":3}`},
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
			Levels: &levels{g, slog.LevelInfo, nil},
		}
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			a := New(slog.New(slog.DiscardHandler))
			go a.Run(ctx, o)
			a.Asked(row.what, row.payload)
			synctest.Wait()
			if told, answer := strings.Join(g.told, ", "), strings.Join(g.answers, "\n"); told != row.told || answer != row.what+" "+row.answer {
				t.Errorf("%s %.50s:\ntold %q, want %q\nanswered %s\nwant %s %s", row.what, row.payload, told, row.told, answer, row.what, row.answer)
			}
		})
	}
}

// Who asks without end is answered as long as there is room, and told of once; nothing of what is refused fills the log.
func TestStorm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var said bytes.Buffer
		g := new(gateway)
		a := New(slog.New(slog.NewTextHandler(&said, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey {
				return slog.Attr{}
			}
			return a
		}})))
		for range 1000 { // before anybody answers
			a.Asked("devices", `{}`)
		}
		ctx, cancel := context.WithCancel(t.Context())
		go a.Run(ctx, Options{Gateway: g, Levels: &levels{g, slog.LevelInfo, nil}})
		synctest.Wait()
		if len(g.answers) != mostWaiting {
			t.Errorf("%d answers, want %d", len(g.answers), mostWaiting)
		}
		for range 1000 {
			a.Asked("stop", "rubbish")
			synctest.Wait()
			a.Asked(strings.Repeat("x", 60_000), `{}`)
		}
		if len(g.answers) != mostWaiting+1000 {
			t.Errorf("%d answers, want each of %d requests answered", len(g.answers), mostWaiting+1000)
		}
		a.Asked("stop", `{"device":"lamp"}`)
		synctest.Wait()
		cancel()
		synctest.Wait()
		want := `level=WARN msg="request over MQTT lost, too many wait" request=devices
level=WARN msg="request over MQTT rejected" request=stop payload=rubbish err="want a JSON object, such as {} or {\"device\":\"lamp\"}"
level=WARN msg="request over MQTT refused" err="\"` + strings.Repeat("x", 64) + `\"…: want one of [\"devices\" \"health\" \"log\" \"reload\" \"restart\" \"start\" \"stop\"]"
level=INFO msg="a person orders over MQTT" request=stop payload="{\"device\":\"lamp\"}"
`
		lines, sums, _ := strings.Cut(said.String(), want)
		if lines != "" || strings.Count(sums, "\n") != 3 || !strings.Contains(sums, "request=devices more=743") || strings.Count(sums, "more=999") != 2 {
			t.Errorf("the log says\n%s\nwant\n%s and sums", &said, want)
		}
	})
}

// An answer has room for many devices, and says how many more there are.
func TestManyDevices(t *testing.T) {
	g := &gateway{more: mostDevices + 5}
	o := Options{Gateway: g}
	a := o.answer(t.Context(), request{"devices", "{}"})
	if len(a.Devices) != mostDevices || a.More != 7 { // with lamp and siren
		t.Errorf("%d devices and %d more", len(a.Devices), a.More)
	}
}
