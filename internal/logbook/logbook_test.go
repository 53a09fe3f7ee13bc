package logbook

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
)

// newLog returns a log with one sink, which writes from warn on, and the ring.
func newLog() (*Book, *slog.Logger, *bytes.Buffer) {
	b, text := new(Book), new(bytes.Buffer)
	sink := b.Gate(slog.LevelWarn, func(all slog.Leveler) slog.Handler {
		return Nameless(slog.NewTextHandler(text, &slog.HandlerOptions{Level: all, ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey || a.Key == slog.LevelKey {
				return slog.Attr{}
			}
			return a
		}}))
	})
	return b, slog.New(slog.NewMultiHandler(sink, b.Gate(slog.LevelInfo, b.Sink))), text
}

// A line has the level of the actor that it tells of, or else that of the actor whose logger it came by.
func TestLevels(t *testing.T) {
	b, log, text := newLog()
	loggers := map[string]*slog.Logger{
		"nobody": log, "lamp": log.With("device", "lamp"), "boiler": log.With("device", "boiler").WithGroup("g"),
		"mapper": log.With(Of("mapper")), "supervisor": log.With(Of("supervisor")).WithGroup("g"),
	}
	say := func() (said []string) {
		text.Reset()
		for name, l := range loggers {
			l.Debug(name + " debug")
			l.Warn(name + " warn")
			l.Debug(name+" of lamp", "device", "lamp")
			l.Debug(name+" of mapper", "n", 1, "who", "mapper")
		}
		for line := range strings.Lines(text.String()) {
			line = strings.TrimPrefix(strings.TrimSpace(line), "msg=")
			if strings.Contains(line, "actor") {
				t.Errorf("a sink shows whose logger it is: %s", line)
			}
			line, _, _ = strings.Cut(strings.TrimPrefix(line, `"`), `"`)
			said = append(said, line)
		}
		slices.Sort(said)
		return said
	}
	of := func(what string) (lines []string) {
		for name := range loggers {
			lines = append(lines, name+" "+what)
		}
		return lines
	}
	without := func(lines []string, gone ...string) []string {
		return slices.DeleteFunc(lines, func(l string) bool { return slices.Contains(gone, l) })
	}
	for _, row := range []struct {
		name   string
		levels map[string]slog.Level
		want   []string
	}{
		{"no levels", nil, of("warn")},
		{"a device", map[string]slog.Level{"lamp": slog.LevelDebug}, append(append(of("warn"), of("of lamp")...), "lamp debug", "lamp of mapper")},
		{"an actor", map[string]slog.Level{"mapper": slog.LevelDebug}, append(append(of("warn"), of("of mapper")...), "mapper debug", "mapper of lamp")},
		{
			"one louder, one silent", map[string]slog.Level{"supervisor": slog.LevelDebug, "lamp": None},
			append(without(of("warn"), "lamp warn"), "supervisor debug", "supervisor of mapper"),
		},
		{"less of a device", map[string]slog.Level{"lamp": slog.LevelError, "mapper": slog.LevelInfo}, without(of("warn"), "lamp warn")},
		{"no levels again", nil, of("warn")},
	} {
		b.SetActors(row.levels)
		slices.Sort(row.want)
		if said := say(); !slices.Equal(said, row.want) {
			t.Errorf("%s: %q, want %q", row.name, said, row.want)
		}
		if got := b.Actors(); !maps.Equal(got, row.levels) {
			t.Errorf("%s: the levels are %v", row.name, got)
		}
	}
	for name, l := range loggers {
		if l.Enabled(t.Context(), slog.LevelDebug) {
			t.Errorf("%s: debug is made although nobody wants it", name)
		}
	}
	loggers["mapper"].Warn("shown")
	if last := b.Last(1)[0]; fmt.Sprint(last.Attrs) != "[{actor mapper}]" {
		t.Errorf("the ring does not show whose logger it was: %v", last)
	}
}

// Without levels of actors a line that nobody wants costs no memory, whoever's it is.
func TestNothingIsMade(t *testing.T) {
	_, log, _ := newLog()
	mapper := log.With(Of("mapper"))
	if n := testing.AllocsPerRun(100, func() {
		mapper.LogAttrs(context.Background(), slog.LevelDebug, "message", slog.String("topic", "home"))
	}); n > 1 { // the list of attributes
		t.Errorf("%v allocations", n)
	}
}

func TestLines(t *testing.T) {
	b, log, _ := newLog()
	log.Debug("hidden")
	log.With("a", 1).WithGroup("g").Info("shown", "b", "x y", slog.Group("h", "c", true), slog.Attr{})
	lines := b.Last(10)
	if len(lines) != 1 || lines[0].Text != "shown" || fmt.Sprint(lines[0].Attrs) != "[{a 1} {g.b x y} {g.h.c true}]" {
		t.Errorf("%+v", lines)
	}
	for i := range 3 * maxLines {
		log.Info("line", "i", i)
	}
	if lines := b.Last(maxLines + 1); len(lines) != maxLines || lines[0].Attrs[0].Value != fmt.Sprint(2*maxLines) {
		t.Errorf("%d lines, from %+v on", len(lines), lines[0])
	}
	if lines := b.Last(2); len(lines) != 2 || lines[1].Attrs[0].Value != fmt.Sprint(3*maxLines-1) {
		t.Errorf("the last two: %+v", lines)
	}
	for range 100 {
		log.Info(strings.Repeat("x", 100_000))
	}
	if b.bytes > maxBytes {
		t.Errorf("%d bytes are kept", b.bytes)
	}
}

// Who follows hears each line once, and is told how many were gone before they were looked at.
func TestFollow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, log, _ := newLog()
		log.Info("before")
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		busy := make(chan struct{})
		heard := make(chan string, 10_000)
		go func() {
			defer close(heard)
			for line, missed := range b.Follow(ctx) {
				heard <- fmt.Sprint(line.Text, " ", missed)
				<-busy
			}
		}()
		synctest.Wait()
		log.Info("first")
		synctest.Wait()
		for range maxLines + 7 {
			log.Info("next")
		}
		close(busy)
		synctest.Wait()
		stop()
		synctest.Wait()
		var all []string
		for text := range heard {
			all = append(all, text)
		}
		if len(all) != maxLines+1 || all[0] != "first 0" || all[1] != "next 7" || all[2] != "next 0" {
			t.Errorf("%d lines: %q", len(all), all[:min(len(all), 5)])
		}
	})
}

func TestWords(t *testing.T) {
	for word, level := range words {
		if got, err := ParseLevel(word); err != nil || got != level || Word(got) != word {
			t.Errorf("%s: %v, %v", word, got, err)
		}
	}
	if _, err := ParseLevel("loud"); err == nil || Word(slog.LevelInfo+1) != "info" || Word(-8) != "debug" {
		t.Errorf("loud: %v", err)
	}
}
