package actors

import (
	"context"
	"log/slog"
)

// slotLog is the slot as the handler of its device's log. The one that attaches the device's name takes more memory than
// the device, and is made when there is something to say, as most of many devices never have.
type slotLog slot

var _ slog.Handler = (*slotLog)(nil)

// Enabled implements slog.Handler.
func (l *slotLog) Enabled(ctx context.Context, level slog.Level) bool {
	return l.Log.Handler().Enabled(ctx, level)
}

// Handle implements slog.Handler.
func (l *slotLog) Handle(ctx context.Context, r slog.Record) error { return l.named().Handle(ctx, r) }

// WithAttrs implements slog.Handler.
func (l *slotLog) WithAttrs(attrs []slog.Attr) slog.Handler { return l.named().WithAttrs(attrs) }

// WithGroup implements slog.Handler.
func (l *slotLog) WithGroup(name string) slog.Handler { return l.named().WithGroup(name) }

func (l *slotLog) named() slog.Handler {
	if h := l.log.Load(); h != nil {
		return *h
	}
	h := l.Log.With("device", l.Name).Handler()
	l.log.CompareAndSwap(nil, &h)
	return *l.log.Load()
}
