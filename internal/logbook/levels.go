package logbook

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"math"
	"sync/atomic"
)

// None is the level of what says nothing.
const None = slog.Level(math.MaxInt)

// everything is a level below which there is none.
const everything = slog.Level(math.MinInt)

// words are the levels by their words.
var words = map[string]slog.Level{"debug": slog.LevelDebug, "info": slog.LevelInfo, "warn": slog.LevelWarn, "error": slog.LevelError, "none": None}

// ParseLevel reads debug, info, warn, error or none.
func ParseLevel(word string) (slog.Level, error) {
	l, ok := words[word]
	if !ok {
		return 0, fmt.Errorf("level %.40q: want debug, info, warn, error or none", word)
	}
	return l, nil
}

// Word returns the word of the highest level that is not above l.
func Word(l slog.Level) string {
	switch {
	case l == None:
		return "none"
	case l >= slog.LevelError:
		return "error"
	case l >= slog.LevelWarn:
		return "warn"
	case l >= slog.LevelInfo:
		return "info"
	}
	return "debug"
}

// Book is the levels of actors, and the latest lines.
type Book struct {
	actors atomic.Pointer[actors] // nil: no actor has a level of its own
	lines
}

// actors are the levels of actors. Nothing in it is written again.
type actors struct {
	levels map[string]slog.Level
	lowest slog.Level
}

// SetActors gives actors levels of their own, in the place of those that they have had.
func (b *Book) SetActors(levels map[string]slog.Level) {
	if len(levels) == 0 {
		b.actors.Store(nil)
		return
	}
	a := &actors{levels: maps.Clone(levels), lowest: None}
	for _, l := range levels {
		a.lowest = min(a.lowest, l)
	}
	b.actors.Store(a)
}

// Actors returns the levels of actors.
func (b *Book) Actors() map[string]slog.Level {
	if a := b.actors.Load(); a != nil {
		return maps.Clone(a.levels)
	}
	return map[string]slog.Level{}
}

// Gate stands before a sink.
type Gate struct {
	slog.Handler // lets everything pass
	book         *Book
	level        slog.Leveler // of the sink
	actor        string       // whose logger this is; "": nobody's
}

// Gate returns the gate before a sink, which must let everything pass. level is that of the sink.
func (b *Book) Gate(level slog.Leveler, sink func(slog.Leveler) slog.Handler) *Gate {
	return &Gate{Handler: sink(everything), book: b, level: level}
}

// Enabled implements slog.Handler.
func (g *Gate) Enabled(_ context.Context, l slog.Level) bool {
	limit := g.level.Level()
	if a := g.book.actors.Load(); a != nil {
		own, ok := a.levels[g.actor]
		switch {
		case ok:
			limit = own
		case g.actor == "": // the record may name an actor
			limit = min(limit, a.lowest)
		}
	}
	return l >= limit
}

// Handle implements slog.Handler.
func (g *Gate) Handle(ctx context.Context, r slog.Record) error {
	if a := g.book.actors.Load(); a != nil {
		actor := g.actor
		if actor == "" {
			r.Attrs(func(attr slog.Attr) bool {
				actor = named(attr, actor)
				return actor == ""
			})
		}
		limit, ok := a.levels[actor]
		if !ok {
			limit = g.level.Level()
		}
		if r.Level < limit {
			return nil
		}
	}
	return g.Handler.Handle(ctx, r)
}

// named returns the actor that an attribute names, or the one that is known.
func named(a slog.Attr, known string) string {
	if known == "" && (a.Key == "device" || a.Key == "who") {
		return a.Value.String()
	}
	return known
}

// WithAttrs implements slog.Handler.
func (g *Gate) WithAttrs(attrs []slog.Attr) slog.Handler {
	with := *g
	with.Handler = g.Handler.WithAttrs(attrs)
	for _, a := range attrs {
		with.actor = named(a, with.actor)
	}
	return &with
}

// WithGroup implements slog.Handler.
func (g *Gate) WithGroup(name string) slog.Handler {
	with := *g
	with.Handler = g.Handler.WithGroup(name)
	return &with
}
