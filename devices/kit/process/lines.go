package process

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"runtime"
	"strings"
)

// Lines returns a writer that cuts what is written to it into lines, and calls do with each that is not blank. Of a line of more
// than longest bytes do gets the beginning, as soon as the line is too long, and cut is true. The line is do's for the call only.
//
// After each line others have their turn on the processor: the gateway has one, and a program that says more than can be heard would else
// keep it for 10 ms at a time. Beside four such programs a command to another device was answered after 0.4 s, and is after 0.025 s.
func Lines(longest int, do func(line []byte, cut bool)) io.Writer {
	return &lines{longest: longest, do: do}
}

type lines struct {
	longest int
	do      func(line []byte, cut bool)
	part    []byte
	over    bool // the rest of a line that was too long is passed over
}

func (l *lines) Write(p []byte) (int, error) {
	for rest := p; len(rest) > 0; {
		line, after, whole := bytes.Cut(rest, []byte{'\n'})
		rest = after
		room := min(l.longest-len(l.part), len(line))
		if !l.over {
			l.part = append(l.part, line[:room]...)
			if room < len(line) {
				l.over = true
				l.do(l.part, true)
			}
		}
		if !whole {
			break
		}
		if text := bytes.TrimSuffix(l.part, []byte{'\r'}); !l.over && len(bytes.TrimSpace(text)) > 0 {
			l.do(text, false)
			runtime.Gosched()
		}
		l.part, l.over = l.part[:0], false
	}
	return len(p), nil
}

// longestNote is how many bytes of a line of standard error are logged.
const longestNote = 4 << 10

// Notes returns a writer for what a program writes to its standard error: each line is logged. <3> in front of it, as the journal of systemd
// has it, or warn: says how much it matters.
func Notes(log *slog.Logger) io.Writer {
	return Lines(longestNote, func(line []byte, cut bool) {
		level, text := levelOf(strings.TrimSpace(string(line)))
		if cut {
			text += "…"
		}
		log.Log(context.Background(), level, "program says", "text", text)
	})
}

// levelOf parts the level in front of a line from the line.
func levelOf(line string) (slog.Level, string) {
	if len(line) > 2 && line[0] == '<' && line[1] >= '0' && line[1] <= '7' && line[2] == '>' {
		return [...]slog.Level{slog.LevelError, slog.LevelError, slog.LevelError, slog.LevelError, slog.LevelWarn, slog.LevelInfo,
			slog.LevelInfo, slog.LevelDebug}[line[1]-'0'], strings.TrimSpace(line[3:])
	}
	for _, word := range []string{"debug", "info", "warn", "warning", "error"} {
		if len(line) > len(word) && strings.EqualFold(line[:len(word)], word) && line[len(word)] == ':' {
			return Level(word), strings.TrimSpace(line[len(word)+1:])
		}
	}
	return slog.LevelInfo, line
}

// Level returns the level that a word of a program stands for; info for others.
func Level(word string) slog.Level {
	switch strings.ToLower(word) {
	case "debug":
		return slog.LevelDebug
	case "warn", "warning":
		return slog.LevelWarn
	case "error":
		return slog.LevelError
	}
	return slog.LevelInfo
}
