// Package librarylog turns the logs of libraries into debug logs. What a library logs as an error is the doing of a
// client or a device, and the gateway's package that uses the library logs the same event in better words.
package librarylog

import (
	"context"
	"log/slog"
)

// New returns a handler that hands each record to the handler to, at level debug and without the attributes for which
// drop returns true. A nil drop drops none.
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
