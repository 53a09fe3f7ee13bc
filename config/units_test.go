package config

import (
	"log/slog"
	"testing"
)

func TestLevel(t *testing.T) {
	for text, want := range map[string]Level{"debug": Debug, "Info": Info, " WARN ": Warn, "warning": Warn, "error": Error, "NONE": None} {
		var l Level
		if err := l.UnmarshalText([]byte(text)); err != nil || l != want {
			t.Errorf("%q is read as %v, %v", text, l, err)
		}
		var again Level
		if err := again.UnmarshalText([]byte(want.String())); err != nil || again != want {
			t.Errorf("%v is read again as %v, %v", want, again, err)
		}
	}
	var l Level
	if err := l.UnmarshalText([]byte("fatal")); err == nil {
		t.Error("an unknown level was read")
	}
	if slog.Level(None) <= slog.LevelError+1000 {
		t.Error("none is not above everything")
	}
}
