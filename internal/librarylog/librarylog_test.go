package librarylog

import (
	"bytes"
	"log/slog"
	"testing"
)

func TestHandler(t *testing.T) {
	noTime := func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}
	isSecret := func(a slog.Attr) bool { return a.Key == "secret" }
	for _, row := range []struct {
		level slog.Level // of the handler that New wraps
		want  string
	}{
		{slog.LevelDebug, "level=DEBUG msg=m a=1 g.b=2\n"},
		{slog.LevelInfo, ""},
	} {
		var b bytes.Buffer
		to := slog.NewTextHandler(&b, &slog.HandlerOptions{Level: row.level, ReplaceAttr: noTime})
		slog.New(New(to, isSecret)).With("a", 1).WithGroup("g").Error("m", "b", 2, "secret", 3)
		if b.String() != row.want {
			t.Errorf("at %v: got %q, want %q", row.level, b.String(), row.want)
		}
	}
}
