package actors

import (
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/mqttgateway/mqttgateway/internal/options"
	"github.com/mqttgateway/mqttgateway/messages"
)

// reason is why a device failed, or did not do in time what it was told: what it was doing, and what came of it. The record,
// the log, the availability topic and the answer to a command all say it in these words, on one line:
//
//	handling LIGHT_ON: write /dev/ttyUSB0: input/output error
//	opening: not done after 30s
type reason struct {
	doing  messages.Doing
	action string // of the message that the device was handling; else empty
	err    error
}

// Error hides secrets, for the reason is published.
func (r *reason) Error() string {
	return strings.TrimSpace(r.before() + oneLine(options.Redact(r.err.Error())))
}

func (r *reason) Unwrap() error { return r.err }

func (r *reason) before() string {
	switch r.doing {
	case messages.Receiving: // an actor's Receive; nothing more is known
		return ""
	case messages.Handling:
		return string(r.doing) + " " + plainWord(r.action) + ": "
	}
	return string(r.doing) + ": "
}

// longestWord is the most bytes of an action that a reason repeats. Actions come from outside.
const longestWord = 64

// plainWord returns a plain word as it is, and any other text in quotes. It cuts what is longer than longestWord.
func plainWord(s string) string {
	rest := ""
	if len(s) > longestWord {
		s, rest = strings.ToValidUTF8(s[:longestWord], ""), "…"
	}
	special := func(r rune) bool { return r == '"' || unicode.IsSpace(r) || !unicode.IsPrint(r) }
	if s == "" || strings.ContainsFunc(s, special) {
		s = strconv.Quote(s)
	}
	return s + rest
}

// oneLine returns a text with its lines joined by semicolons, and with blanks in place of what can't be printed.
func oneLine(s string) string {
	var lines []string
	for line := range strings.SplitSeq(s, "\n") {
		if line = strings.TrimSpace(strings.Map(visible, line)); line != "" {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "; ")
}

// visible returns r, or a blank in its place.
func visible(r rune) rune {
	if unicode.IsPrint(r) {
		return r
	}
	return ' '
}

// errOverdue tells for how long a call has been going on.
type errOverdue struct{ after time.Duration }

func (e errOverdue) Error() string {
	return "not done after " + e.after.Round(time.Millisecond).String()
}
