package logging

import (
	"context"
	"encoding"
	"fmt"
	"log/slog"
	"strings"

	"github.com/lmittmann/tint"

	"github.com/mqttgateway/mqttgateway/internal/wording"
)

// visible makes a record harmless for tint. tint writes the message as it is, and turns each escape character and each
// text \x1b in an attribute into a real escape, so that values may be coloured.
type visible struct{ slog.Handler }

func (v visible) Handle(ctx context.Context, r slog.Record) error {
	clean := slog.NewRecord(r.Time, r.Level, wording.Printable(r.Message), r.PC)
	r.Attrs(func(a slog.Attr) bool {
		clean.AddAttrs(visibleAttr(a))
		return true
	})
	return v.Handler.Handle(ctx, clean)
}

func (v visible) WithAttrs(attrs []slog.Attr) slog.Handler {
	return visible{v.Handler.WithAttrs(visibleAttrs(attrs))}
}

func (v visible) WithGroup(name string) slog.Handler {
	return visible{v.Handler.WithGroup(noEscape(name))}
}

func visibleAttrs(attrs []slog.Attr) []slog.Attr {
	clean := make([]slog.Attr, len(attrs))
	for i, a := range attrs {
		clean[i] = visibleAttr(a)
	}
	return clean
}

const red = 9

func visibleAttr(a slog.Attr) slog.Attr {
	a.Value = a.Value.Resolve()
	switch a.Value.Kind() {
	case slog.KindGroup:
		a.Value = slog.GroupValue(visibleAttrs(a.Value.Group())...)
	case slog.KindString:
		a.Value = slog.StringValue(noEscape(a.Value.String()))
	case slog.KindAny:
		if a.Equal(slog.Attr{}) { // every handler leaves out an empty attribute
			return a
		}
		a.Value = slog.StringValue(noEscape(text(a.Value.Any())))
	}
	a.Key = noEscape(a.Key)
	if a.Key == "err" {
		return tint.Attr(red, a)
	}
	return a
}

// text returns the text that the standard library's text handler makes of a value.
func text(v any) (s string) {
	defer func() {
		if p := recover(); p != nil {
			s = fmt.Sprintf("!PANIC: %v", p)
		}
	}()
	switch v := v.(type) {
	case encoding.TextMarshaler:
		b, err := v.MarshalText()
		if err != nil {
			return "!ERROR: " + err.Error()
		}
		return string(b)
	case []byte:
		return string(v)
	}
	return fmt.Sprintf("%+v", v)
}

// noEscape replaces escape characters. tint quotes all other control characters.
var noEscape = strings.NewReplacer("\x1b", "␛", `\x1b`, `\x1B`).Replace
