package logging

import (
	"context"
	"io"
	"log/slog"
	"time"

	"github.com/lmittmann/tint"
	"github.com/mattn/go-isatty"
)

// console returns the handler for one of the program's standard streams.
func console(w io.Writer, format Format, level slog.Leveler) slog.Handler {
	if format == Auto && isTerminal(w) {
		return coloured(w, level)
	}
	return lines(w, format, level)
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(interface{ Fd() uintptr })
	return ok && (isatty.IsTerminal(f.Fd()) || isatty.IsCygwinTerminal(f.Fd()))
}

func coloured(w io.Writer, level slog.Leveler) slog.Handler {
	return visible{tint.NewTextHandler(w, &tint.Options{Level: level, TimeFormat: time.TimeOnly + ".000"})}
}

// lines returns a handler that writes JSON, or key=value.
func lines(w io.Writer, format Format, level slog.Leveler) slog.Handler {
	o := &slog.HandlerOptions{Level: level}
	if format == JSON {
		return slog.NewJSONHandler(asciiControls{w}, o)
	}
	return slog.NewTextHandler(w, o)
}

// below hands on the records under a level.
type below struct {
	limit slog.Level
	slog.Handler
}

func (b below) Enabled(ctx context.Context, l slog.Level) bool {
	return l < b.limit && b.Handler.Enabled(ctx, l)
}

func (b below) WithAttrs(attrs []slog.Attr) slog.Handler {
	return below{b.limit, b.Handler.WithAttrs(attrs)}
}

func (b below) WithGroup(name string) slog.Handler {
	return below{b.limit, b.Handler.WithGroup(name)}
}
