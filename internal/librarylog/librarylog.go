// Package librarylog is the log of the libraries: what they call an error is a client's or a device's doing, and whoever
// uses the library says it better. All of it is therefore for debugging.
package librarylog

import (
	"context"
	"log/slog"
)

// New returns a handler that hands each record on to the handler to at level debug, without the attributes that drop
// names. A nil drop names none.
func New(to slog.Handler, drop func(slog.Attr) bool) slog.Handler { return debugging{to, drop} }

type debugging struct {
	slog.Handler
	drop func(slog.Attr) bool
}

func (d debugging) Enabled(ctx context.Context, _ slog.Level) bool {
	return d.Handler.Enabled(ctx, slog.LevelDebug)
}

func (d debugging) Handle(ctx context.Context, r slog.Record) error {
	line := slog.NewRecord(r.Time, slog.LevelDebug, r.Message, r.PC)
	r.Attrs(func(a slog.Attr) bool {
		if d.drop == nil || !d.drop(a) {
			line.AddAttrs(a)
		}
		return true
	})
	return d.Handler.Handle(ctx, line)
}

func (d debugging) WithAttrs(attrs []slog.Attr) slog.Handler {
	return debugging{d.Handler.WithAttrs(attrs), d.drop}
}

func (d debugging) WithGroup(name string) slog.Handler {
	return debugging{d.Handler.WithGroup(name), d.drop}
}
