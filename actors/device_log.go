package actors

import (
	"context"
	"log/slog"
)

// deviceLog is the device as the handler of its own log. A handler that attaches the device's name takes more memory than the
// device: deviceLog makes one when the device logs its first line, which most of many devices never do.
type deviceLog device

var _ slog.Handler = (*deviceLog)(nil)

// Enabled implements slog.Handler.
func (l *deviceLog) Enabled(ctx context.Context, level slog.Level) bool {
	return l.shared.log.Handler().Enabled(ctx, level)
}

// Handle implements slog.Handler.
func (l *deviceLog) Handle(ctx context.Context, r slog.Record) error { return l.named().Handle(ctx, r) }

// WithAttrs implements slog.Handler.
func (l *deviceLog) WithAttrs(attrs []slog.Attr) slog.Handler { return l.named().WithAttrs(attrs) }

// WithGroup implements slog.Handler.
func (l *deviceLog) WithGroup(name string) slog.Handler { return l.named().WithGroup(name) }

func (l *deviceLog) named() slog.Handler {
	if h := l.log.Load(); h != nil {
		return *h
	}
	h := l.shared.log.With("device", l.config.Name).Handler()
	l.log.CompareAndSwap(nil, &h)
	return *l.log.Load()
}
