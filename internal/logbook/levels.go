package logbook

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"math"
	"slices"
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

// Enabled implements slog.Handler. While actors have levels of their own, a record that is not enabled for its logger may be made all
// the same: it may tell of another actor, which Handle finds out.
func (g *Gate) Enabled(_ context.Context, l slog.Level) bool {
	a := g.book.actors.Load()
	if a == nil {
		return l >= g.level.Level()
	}
	return l >= min(g.limit(a, g.actor), a.lowest)
}

// Handle implements slog.Handler.
func (g *Gate) Handle(ctx context.Context, r slog.Record) error {
	if a := g.book.actors.Load(); a != nil {
		subject := ""
		r.Attrs(func(attr slog.Attr) bool {
			subject = named(attr)
			return subject == ""
		})
		if r.Level < g.limit(a, subject, g.actor) {
			return nil
		}
	}
	return g.Handler.Handle(ctx, r)
}

// limit returns the level of the first actor that has one, or else that of the sink.
func (g *Gate) limit(a *actors, names ...string) slog.Level {
	for _, name := range names {
		if level, ok := a.levels[name]; ok {
			return level
		}
	}
	return g.level.Level()
}

// WithAttrs implements slog.Handler.
func (g *Gate) WithAttrs(attrs []slog.Attr) slog.Handler {
	with := *g
	with.Handler = g.Handler.WithAttrs(attrs)
	for _, a := range attrs {
		if name, is := a.Value.Any().(owner); is {
			with.actor = string(name)
		} else if name := named(a); name != "" {
			with.actor = name
		}
	}
	return &with
}

// WithGroup implements slog.Handler.
func (g *Gate) WithGroup(name string) slog.Handler {
	with := *g
	with.Handler = g.Handler.WithGroup(name)
	return &with
}

// named returns the actor of which a record with an attribute tells; "" if the attribute names none.
func named(a slog.Attr) string {
	if a.Key == "device" || a.Key == "who" {
		return a.Value.String()
	}
	return ""
}

// owner is the name of the actor whose logger has it as an attribute.
type owner string

// Of returns the attribute that makes a logger that of an actor: log.With(logbook.Of("mapper")).
func Of(actor string) slog.Attr { return slog.Any("actor", owner(actor)) }

// Nameless returns a sink that does not show whose logger a record came by.
func Nameless(sink slog.Handler) slog.Handler { return nameless{sink} }

type nameless struct{ slog.Handler }

// WithAttrs implements slog.Handler.
func (n nameless) WithAttrs(attrs []slog.Attr) slog.Handler {
	attrs = slices.DeleteFunc(slices.Clone(attrs), func(a slog.Attr) bool { _, is := a.Value.Any().(owner); return is })
	return nameless{n.Handler.WithAttrs(attrs)}
}

// WithGroup implements slog.Handler.
func (n nameless) WithGroup(name string) slog.Handler { return nameless{n.Handler.WithGroup(name)} }
