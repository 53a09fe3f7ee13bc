package api

import (
	"log/slog"
	"testing"
	"testing/synctest"

	"github.com/mqttgateway/mqttgateway/internal/logbook"
)

// log plays the log of the program.
type log struct {
	*logbook.Book
	all slog.Level
}

func newLog() *log { return &log{Book: new(logbook.Book)} }

func (l *log) Levels() (slog.Level, map[string]slog.Level) { return l.all, l.Actors() }

func (l *log) ChangeLevels(all slog.Level, actors map[string]slog.Level) {
	l.all = all
	l.SetActors(actors)
}

func TestLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, _ := start(t, newGateway())
		by := slog.New(a.Log.(*log).Gate(slog.LevelInfo, a.Log.(*log).Sink))
		by.Info("first", "device", "lamp")
		by.Warn("second")
		status, body := get(t, a, "log?lines=2")
		lines, ok := object(t, body)["lines"].([]any)
		if status != 200 || !ok || len(lines) != 2 || lines[0].(map[string]any)["text"] != "first" || lines[1].(map[string]any)["level"] != "warn" {
			t.Errorf("%d %s", status, body)
		}
		for _, n := range []string{"0", "x", "1001"} {
			if status, _ := get(t, a, "log?lines="+n); status != 400 {
				t.Errorf("%s lines: %d", n, status)
			}
		}
		c, lamp := listen(t, a, "kinds=log"), listen(t, a, "kinds=log&filter=device=LAMP")
		synctest.Wait()
		by.Info("third", "device", "boiler")
		by.Info("fourth", "device", "lamp")
		if e := c.next(t); e.name != "log" || object(t, e.data)["text"] != "third" {
			t.Errorf("%+v", e)
		}
		if e := lamp.next(t); object(t, e.data)["text"] != "fourth" {
			t.Errorf("with a filter: %+v", e)
		}
	})
}

func TestLogLevels(t *testing.T) {
	a, _ := start(t, newGateway())
	for _, row := range []struct {
		body   string
		status int
		says   string
	}{
		{`{"default":"warn","actors":{"lamp":"debug"}}`, 200, `{"default":"warn","actors":{"lamp":"debug"}}`},
		{`{"actors":{"boiler":"none"}}`, 200, `{"default":"warn","actors":{"boiler":"none"}}`},
		{`{"default":"info"}`, 200, `{"default":"info","actors":{"boiler":"none"}}`},
		{`{"default":"info","actors":{}}`, 200, `{"default":"info","actors":{}}`},
		{`{"actors":{"mapper":"debug","lmap":"debug"}}`, 422, ""},
		{`{"default":"loud"}`, 422, ""},
		{`{"actors":{"lamp":"loud"}}`, 422, ""},
		{`{"level":"info"}`, 400, ""},
	} {
		if status, body := post(t, a, "log/levels", row.body); status != row.status || row.says != "" && body != row.says {
			t.Errorf("%s: %d %s, want %d %s", row.body, status, body, row.status, row.says)
		}
	}
	if _, body := get(t, a, "log/levels"); body != `{"default":"info","actors":{}}` {
		t.Errorf("levels: %s", body)
	}
}
