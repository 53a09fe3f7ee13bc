package logbook

import (
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
)

// levels is a log that has levels and no lines.
type levels struct {
	Book
	all slog.Level
}

func (l *levels) Levels() (slog.Level, map[string]slog.Level) { return l.all, l.Actors() }

func (l *levels) ChangeLevels(all slog.Level, actors map[string]slog.Level) {
	l.all = all
	l.SetActors(actors)
}

func TestChange(t *testing.T) {
	devices := []string{"boiler", "lamp"}
	known := Actors{
		Parts:   []string{"supervisor", "mapper"},
		Exists:  func(name string) bool { return slices.Contains(devices, name) },
		Devices: func() []string { return devices },
	}
	log := new(levels)
	for _, row := range []struct {
		change     Levels
		want, says string
	}{
		{Levels{Default: "warn"}, "warn map[]", ""},
		{Levels{Actors: map[string]string{"mapper": "debug", "lamp": "none"}}, "warn map[lamp:none mapper:debug]", ""},
		{Levels{}, "warn map[lamp:none mapper:debug]", ""},
		{Levels{Default: "loud"}, "", `"default": level "loud": want debug, info, warn, error or none`},
		{
			Levels{"error", map[string]string{"lmap": "debug", "boiler": "DEBUG", "": "info"}}, "",
			`"boiler": level "DEBUG": want debug, info, warn, error or none; no actor "", "lmap"; did you mean lamp? (have ["supervisor" "mapper"], and devices ["boiler" "lamp"])`,
		},
		{Levels{Actors: map[string]string{"Mappr": "debug"}}, "", `no actor "Mappr"; did you mean mapper? (have ["supervisor" "mapper"], and devices ["boiler" "lamp"])`},
		{Levels{Default: "info", Actors: map[string]string{"boiler": "info"}}, "info map[boiler:info]", ""},
		{Levels{Actors: map[string]string{}}, "info map[]", ""},
	} {
		before := fmt.Sprint(LevelsOf(log))
		err := row.change.Change(log, known)
		if said := fmt.Sprint(err); row.says != "" && said != row.says || row.says == "" && err != nil {
			t.Errorf("%v: %v, want %s", row.change, err, row.says)
		}
		now := LevelsOf(log)
		if got := fmt.Sprint(now.Default, " ", now.Actors); row.says == "" && got != row.want {
			t.Errorf("%v: %s, want %s", row.change, got, row.want)
		}
		if row.says != "" && fmt.Sprint(now) != before {
			t.Errorf("%v: a refused change has changed %s to %v", row.change, before, now)
		}
	}

	// A device that is gone keeps its level.
	if err := (Levels{Actors: map[string]string{"lamp": "debug"}}).Change(log, known); err != nil {
		t.Fatal(err)
	}
	devices = nil
	if err := (Levels{Actors: map[string]string{"lamp": "info", "mapper": "debug"}}).Change(log, known); err != nil {
		t.Error(err)
	}

	many := make(map[string]string)
	for i := range mostActors {
		many[fmt.Sprintf("%04d", i)] = "debug"
	}
	devices = slices.Repeat([]string{"x"}, 10_000)
	want := `no actor "0000", "0001", "0002", "0003", "0004", "0005", "0006", "0007", "0008", "0009" and 990 more ` +
		`(have ["supervisor" "mapper"], and devices ["x" "x" "x" "x" "x" "x" "x" "x" "x" "x"] and 9990 more)`
	if err := (Levels{Actors: many}).Change(log, known); err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
	huge := strings.Repeat("x", 1<<20) // which takes minutes to be compared with 10,000 names
	want = `no actor "` + huge[:longestName] + `"… (have `
	if err := (Levels{Actors: map[string]string{huge: "debug"}}).Change(log, known); err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("%.300v, want %s", err, want)
	}
	many["more"] = "debug"
	if err := (Levels{Actors: many}).Change(log, known); err == nil || err.Error() != "levels of 1001 actors: want 1000 at most" {
		t.Error(err)
	}
}
