package config

import (
	"fmt"
	"log/slog"
	"math"
	"strings"
)

// Level is the least severe level that is logged. It is a slog.Level; None is above all others:
//
//	slog.Level(c.Log.Level)
type Level slog.Level

// The levels.
const (
	Debug = Level(slog.LevelDebug)
	Info  = Level(slog.LevelInfo)
	Warn  = Level(slog.LevelWarn)
	Error = Level(slog.LevelError)
	None  = Level(math.MaxInt) // nothing is logged
)

var levelNames = map[Level]string{Debug: "debug", Info: "info", Warn: "warn", Error: "error", None: "none"}

// String returns the level's name in a configuration.
func (l Level) String() string {
	if name, ok := levelNames[l]; ok {
		return name
	}
	return slog.Level(l).String()
}

// MarshalText returns String, which UnmarshalText reads.
func (l Level) MarshalText() ([]byte, error) { return []byte(l.String()), nil }

// UnmarshalText reads the name of a level in any case, and "warning" for warn.
func (l *Level) UnmarshalText(text []byte) error {
	word := strings.ToLower(strings.TrimSpace(string(text)))
	if word == "warning" {
		word = "warn"
	}
	for level, name := range levelNames {
		if name == word {
			*l = level
			return nil
		}
	}
	return fmt.Errorf("want debug, info, warn, error or none, have %q", text)
}
