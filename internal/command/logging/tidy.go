package logging

import (
	"context"
	"fmt"
	"log/slog"
	"unicode/utf8"

	"github.com/mqttgateway/mqttgateway/internal/options"
)

// tidy cuts each text of a record at a maximum length, and hides secrets in addresses, before it hands the record on.
type tidy struct {
	slog.Handler
	most int // maximum length of a message, a key or a value in bytes
}

// Handle implements slog.Handler.
func (t tidy) Handle(ctx context.Context, r slog.Record) error {
	clean := slog.NewRecord(r.Time, r.Level, t.text(r.Message), r.PC)
	r.Attrs(func(a slog.Attr) bool {
		clean.AddAttrs(t.attr(a))
		return true
	})
	return t.Handler.Handle(ctx, clean)
}

// WithAttrs implements slog.Handler.
func (t tidy) WithAttrs(attrs []slog.Attr) slog.Handler {
	return tidy{t.Handler.WithAttrs(t.attrs(attrs)), t.most}
}

// WithGroup implements slog.Handler.
func (t tidy) WithGroup(name string) slog.Handler {
	return tidy{t.Handler.WithGroup(t.text(name)), t.most}
}

func (t tidy) attrs(attrs []slog.Attr) []slog.Attr {
	clean := make([]slog.Attr, len(attrs))
	for i, a := range attrs {
		clean[i] = t.attr(a)
	}
	return clean
}

func (t tidy) attr(a slog.Attr) slog.Attr {
	a.Key, a.Value = t.text(a.Key), a.Value.Resolve()
	switch a.Value.Kind() {
	case slog.KindGroup:
		a.Value = slog.GroupValue(t.attrs(a.Value.Group())...)
	case slog.KindString:
		a.Value = slog.StringValue(t.text(a.Value.String()))
	case slog.KindAny: // a value without a fault keeps its type, such as a list
		if a.Value.Any() == nil {
			return a
		}
		whole := text(a.Value.Any())
		if clean := t.text(whole); clean != whole {
			a.Value = slog.StringValue(clean)
		}
	}
	return a
}

// overlap is how many bytes beyond the cut are searched for addresses, so that an address that the cut divides is
// recognized.
const overlap = 1024

func (t tidy) text(s string) string {
	if len(s) <= t.most {
		return options.Redact(s)
	}
	head := options.Redact(s[:min(len(s), t.most+overlap)])
	end := min(len(head), t.most)
	for end > 0 && end < len(head) && !utf8.RuneStart(head[end]) {
		end--
	}
	return fmt.Sprintf("%s… (%d bytes)", head[:end], len(s))
}
