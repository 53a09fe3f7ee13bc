package logging

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/mqttgateway/mqttgateway/internal/wording"
)

// logAll logs one record of each level.
func logAll(log *slog.Logger) {
	for _, l := range []slog.Level{slog.LevelDebug, slog.LevelInfo, slog.LevelWarn, slog.LevelError} {
		log.Log(context.Background(), l, strings.ToLower(l.String()))
	}
}

var message = regexp.MustCompile(`msg=(\w+)|"msg":"(\w+)"`)

func messages(s string) string {
	var all []string
	for _, m := range message.FindAllStringSubmatch(s, -1) {
		all = append(all, m[1]+m[2])
	}
	return strings.Join(all, " ")
}

func TestWhereRecordsGo(t *testing.T) {
	for _, test := range []struct {
		name                 string
		console, file        slog.Level
		stdout, stderr, kept string
	}{
		{"debug everywhere", slog.LevelDebug, slog.LevelDebug, "debug info", "warn error", "debug info warn error"},
		{"info and warn", slog.LevelInfo, slog.LevelWarn, "info", "warn error", "warn error"},
		{"warn and error", slog.LevelWarn, slog.LevelError, "", "warn error", "error"},
		{"warn is on standard error in any case", slog.LevelError, slog.LevelInfo, "", "warn error", "info warn error"},
		{"none", None, None, "", "warn error", ""},
	} {
		for _, format := range []Format{Auto, Text, JSON} {
			t.Run(test.name+" "+string(format), func(t *testing.T) {
				path := filepath.Join(t.TempDir(), "log")
				logs, stdout, stderr := open(t, Options{Level: test.console, Format: format,
					File: File{Path: path, Level: test.file, MaxSize: 1 << 20, MaxFiles: 1}})
				logAll(logs.Logger)
				logs.Close()
				if got := messages(stdout.String()); got != test.stdout {
					t.Errorf("standard output: %q, want %q", got, test.stdout)
				}
				if got := messages(stderr.String()); got != test.stderr {
					t.Errorf("standard error: %q, want %q", got, test.stderr)
				}
				kept, err := os.ReadFile(path)
				if got := messages(string(kept)); got != test.kept || (err == nil) != (test.file != None) {
					t.Errorf("file: %q, %v; want %q", got, err, test.kept)
				}
			})
		}
	}
}

func TestLevelsCanBeSet(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	o := Options{Level: None, File: File{Path: path, Level: None, MaxSize: 1 << 20, MaxFiles: 1}}
	logs, stdout, _ := open(t, o)
	log := logs.Logger.With("a", 1).WithGroup("g")
	log.Info("before")
	o.Level, o.File.Level = slog.LevelDebug, slog.LevelInfo
	logs.SetLevels(o)
	log.Debug("after", "b", 2)
	log.Info("then")
	logs.Close()
	if got := stdout.String(); messages(got) != "after then" || !strings.Contains(got, "a=1 g.b=2") {
		t.Errorf("standard output: %q", got)
	}
	if kept, err := os.ReadFile(path); messages(string(kept)) != "then" {
		t.Errorf("file: %q, %v", kept, err)
	}
}

// That a person sets the levels is told also when nothing is to be told from then on, or was before.
func TestLevelsSetByAPerson(t *testing.T) {
	logs, stdout, _ := open(t, Options{Level: slog.LevelInfo})
	for _, level := range []slog.Level{None, slog.LevelDebug, slog.LevelWarn} {
		logs.ChangeLevels(level, map[string]slog.Level{"lamp": slog.LevelError})
	}
	logs.Close()
	got := stdout.String()
	for _, want := range []string{"default=none actors=map[lamp:error]", "default=debug", "default=warn"} {
		if strings.Count(got, want) != 1 {
			t.Errorf("%q lacks %q", got, want)
		}
	}
}

func TestFaultsOfOptions(t *testing.T) {
	_, err := Open(Options{Stdout: io.Discard, Stderr: io.Discard, Format: "xml",
		Mail: Mail{Host: "localhost", From: "me", To: []string{"a@b.c", "you at home"}}})
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{`"xml"`, `from "me"`, `to "you at home"`, "port 0"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error %q; want %s in it", err, want)
		}
	}
	_, err = Open(Options{Stdout: io.Discard, Stderr: io.Discard, Format: Text,
		Mail: Mail{Host: "localhost", Port: 25, From: "a@b.c"}})
	if err == nil || !strings.Contains(err.Error(), "nobody") {
		t.Errorf("no recipient: error %v", err)
	}
}

type hostileText struct{}

func (hostileText) MarshalText() ([]byte, error) { return []byte(hostile), nil }

type hostileValuer struct{}

func (hostileValuer) LogValue() slog.Value { return slog.StringValue(hostile) }

type panics struct{}

func (panics) MarshalText() ([]byte, error) { panic(hostile) }

// hostile contains every kind of line break, sequences that clear the screen (an escape, a C1 control, and text that
// tint turns into an escape), a character that reverses the direction of writing, and bytes that are not UTF-8.
const hostile = "a\nlevel=ERROR msg=forged\r\n\x1b[2J\u009b2J \\x1b[31m \u2028\u2029\u0085\u202e\x7f\x00\v\f\xff\x9b2J b"

func TestNothingIsForged(t *testing.T) {
	handlers := map[string]func(io.Writer) slog.Handler{
		"text":     func(w io.Writer) slog.Handler { return console(w, Text, slog.LevelDebug) },
		"json":     func(w io.Writer) slog.Handler { return console(w, JSON, slog.LevelDebug) },
		"coloured": func(w io.Writer) slog.Handler { return coloured(w, slog.LevelDebug) },
	}
	records := map[string]func(*slog.Logger){
		"message":    func(l *slog.Logger) { l.Info(hostile) },
		"string":     func(l *slog.Logger) { l.Info("m", "k", hostile) },
		"key":        func(l *slog.Logger) { l.Info("m", hostile, 1) },
		"error":      func(l *slog.Logger) { l.Info("m", "err", errors.New(hostile)) },
		"bytes":      func(l *slog.Logger) { l.Info("m", "k", []byte(hostile)) },
		"any":        func(l *slog.Logger) { l.Info("m", "k", struct{ S string }{hostile}) },
		"text":       func(l *slog.Logger) { l.Info("m", "k", hostileText{}) },
		"valuer":     func(l *slog.Logger) { l.Info("m", "k", hostileValuer{}) },
		"panic":      func(l *slog.Logger) { l.Info("m", "k", panics{}) },
		"nil":        func(l *slog.Logger) { l.Info("m", "k", nil, "err", (*os.PathError)(nil)) },
		"with":       func(l *slog.Logger) { l.With(hostile, hostile).Info("m") },
		"group":      func(l *slog.Logger) { l.WithGroup(hostile).Info("m", "k", hostile) },
		"group attr": func(l *slog.Logger) { l.Info("m", slog.Group(hostile, hostile, hostile)) },
	}
	colour := regexp.MustCompile("\x1b\\[[0-9;]*m")
	for format, handler := range handlers {
		for name, log := range records {
			t.Run(format+" "+name, func(t *testing.T) {
				var b bytes.Buffer
				log(slog.New(handler(&b)))
				line, ended := strings.CutSuffix(b.String(), "\n")
				if !ended {
					t.Fatalf("no line: %q", line)
				}
				if format == "coloured" {
					line = colour.ReplaceAllString(line, "")
					if strings.Contains(b.String(), "\x1b[31m") {
						t.Errorf("the value coloured itself: %q", b.String())
					}
				}
				if !utf8.ValidString(line) || strings.ContainsFunc(line, wording.Unprintable) {
					t.Errorf("the line has more than text: %q", line)
				}
				if format == "json" && !json.Valid([]byte(line)) {
					t.Errorf("no JSON: %s", line)
				}
			})
		}
	}
}

func TestJSONKeepsWhatItEscapes(t *testing.T) {
	var b bytes.Buffer
	const text = "DEL \x7f NEL \u0085 tag \U000e0041 ü 😀"
	slog.New(console(&b, JSON, slog.LevelInfo)).Info(text)
	var got struct{ Msg string }
	if err := json.Unmarshal(b.Bytes(), &got); err != nil || got.Msg != text {
		t.Errorf("%s reads as %q, %v; want %q", b.String(), got.Msg, err, text)
	}
}

func TestColoured(t *testing.T) {
	var b bytes.Buffer
	log := slog.New(coloured(&b, slog.LevelInfo)).With("device", "lamp")
	log.Debug("hidden")
	log.Error("device failed", "err", errors.New("no port"), slog.Group("next", "in", 5))
	got := regexp.MustCompile("\x1b\\[[0-9;]*m").ReplaceAllString(b.String(), "")
	_, got, _ = strings.Cut(got, " ")
	if want := "ERR device failed device=lamp err=\"no port\" next.in=5\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if !strings.Contains(b.String(), "\x1b[2;91merr=") {
		t.Errorf("the error is not red: %q", b.String())
	}
}

func TestTerminal(t *testing.T) {
	f, err := os.Create(filepath.Join(t.TempDir(), "f"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if slices.ContainsFunc([]io.Writer{f, new(bytes.Buffer)}, isTerminal) {
		t.Error("a file or a buffer is taken for a terminal")
	}
}
