package logging

import (
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"
)

// Wherever a text stands in a record, it is cut in all sinks, and the cut text says how long the text was.
func TestLongTextsAreCut(t *testing.T) {
	const most, long = 300, 1_000_000
	text := strings.Repeat("ä", long/2)
	records := map[string]func(*slog.Logger){
		"message":    func(l *slog.Logger) { l.Error(text) },
		"string":     func(l *slog.Logger) { l.Error("m", "k", text) },
		"key":        func(l *slog.Logger) { l.Error("m", text, 1) },
		"error":      func(l *slog.Logger) { l.Error("m", "err", errors.New(text)) },
		"bytes":      func(l *slog.Logger) { l.Error("m", "k", []byte(text)) },
		"any":        func(l *slog.Logger) { l.Error("m", "k", struct{ S string }{text}) },
		"list":       func(l *slog.Logger) { l.Error("m", "k", []string{text}) },
		"with":       func(l *slog.Logger) { l.With("k", text).Error("m") },
		"group":      func(l *slog.Logger) { l.WithGroup(text).Error("m", "k", 1) },
		"group attr": func(l *slog.Logger) { l.Error("m", slog.Group("g", "k", text)) },
	}
	for name, log := range records {
		for _, format := range []Format{Text, JSON} {
			path := filepath.Join(t.TempDir(), "log")
			logs, stdout, stderr := open(t, Options{Format: format, MaxText: most, Level: slog.LevelDebug, File: File{Path: path, Level: slog.LevelDebug}})
			log(logs.Logger)
			logs.Close()
			for output, line := range map[string]string{"console": stdout.String() + stderr.String(), "file": read(t, path)} {
				said := regexp.MustCompile(`ä… \((\d+) bytes\)`).FindStringSubmatch(line)
				if said == nil || len(said[1]) != len(fmt.Sprint(long)) {
					t.Errorf("%s, %s, %s: does not say how long it was: %.600s", name, format, output, line)
				}
				if n := strings.Count(line, "ä"); n < most/2-10 || n > most/2 || !utf8.ValidString(line) {
					t.Errorf("%s, %s, %s: %d of %d letters, valid %t", name, format, output, n, long/2, utf8.ValidString(line))
				}
			}
		}
	}
}

func TestTidyText(t *testing.T) {
	for _, row := range []struct{ text, want string }{
		{"", ""},
		{"1234567890", "1234567890"},
		{"1234567890x", "1234567890… (11 bytes)"},
		{"123456789ä", "123456789… (11 bytes)"},
		{"12345678\xff\xff\xff", "12345678\xff\xff… (11 bytes)"},
		{"\xbf\xbf\xbf\xbf\xbf\xbf\xbf\xbf\xbf\xbf\xbf\xbf", "… (12 bytes)"},
		{"me:swordfish@h", "******@h… (14 bytes)"},
		{"12345 me:swordfish@h", "12345 ****… (20 bytes)"},
	} {
		if got := (tidy{most: 10}).text(row.text); got != row.want {
			t.Errorf("%q: got %q, want %q", row.text, got, row.want)
		}
	}
}

// Secrets in addresses are hidden in every sink, whatever the kind of the value. A value without a secret keeps its
// kind.
func TestAddressesAreHidden(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	logs, stdout, stderr := open(t, Options{Format: JSON, MaxText: 4096, File: File{Path: path}})
	for _, say := range []func(string, ...any){logs.Logger.Info, logs.Logger.Error} {
		say("dial tcp://me:swordfish@h", "err", errors.New("ws://h/?swordfish"), "list", []string{"me:swordfish@h"}, "harmless", []int{1, 2})
	}
	logs.Close()
	for output, text := range map[string]string{"stdout": stdout.String(), "stderr": stderr.String(), "file": read(t, path)} {
		if strings.Contains(text, "swordfish") || !strings.Contains(text, `"harmless":[1,2]`) || strings.Count(text, "******") < 3 {
			t.Errorf("%s: %s", output, text)
		}
	}
}
