package logbook

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
)

// newLog returns a log with one sink, which writes from warn on, and the ring.
func newLog() (*Book, *slog.Logger, *bytes.Buffer) {
	b, text := new(Book), new(bytes.Buffer)
	sink := b.Gate(slog.LevelWarn, func(all slog.Leveler) slog.Handler {
		return slog.NewTextHandler(text, &slog.HandlerOptions{Level: all, ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey || a.Key == slog.LevelKey {
				return slog.Attr{}
			}
			return a
		}})
	})
	return b, slog.New(slog.NewMultiHandler(sink, b.Gate(slog.LevelInfo, b.Sink))), text
}

// An actor may say more than the others, or less, by its own logger or by that of another which tells of it.
func TestLevels(t *testing.T) {
	b, log, text := newLog()
	lamp, boiler := log.With("device", "lamp"), log.With("device", "boiler").WithGroup("g")
	say := func() string {
		text.Reset()
		for name, l := range map[string]*slog.Logger{"nobody": log, "lamp": lamp, "boiler": boiler} {
			l.Debug(name + " debug")
			l.Error(name + " error")
		}
		log.Debug("of lamp", "device", "lamp")
		log.Debug("of boiler", "who", "boiler")
		return text.String()
	}
	count := func(what string, said string, want ...string) {
		t.Helper()
		if n := strings.Count(said, "\n"); n != len(want) {
			t.Errorf("%s: %d lines, want %d:\n%s", what, n, len(want), said)
		}
		for _, line := range want {
			if !strings.Contains(said, line) {
				t.Errorf("%s lacks %q:\n%s", what, line, said)
			}
		}
	}
	count("no levels", say(), "nobody error", "lamp error", "boiler error")
	b.SetActors(map[string]slog.Level{"lamp": slog.LevelDebug, "boiler": None})
	count("levels", say(), "nobody error", "lamp error", "lamp debug", "of lamp")
	if got := fmt.Sprint(b.Actors()); !strings.Contains(got, "lamp:DEBUG") {
		t.Errorf("levels: %s", got)
	}
	b.SetActors(nil)
	count("no levels again", say(), "nobody error", "lamp error", "boiler error")
	if log.Enabled(t.Context(), slog.LevelDebug) {
		t.Error("debug is made although nobody wants it")
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
