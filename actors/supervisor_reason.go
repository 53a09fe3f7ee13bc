package actors

import (
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/mqttgateway/mqttgateway/internal/options"
	"github.com/mqttgateway/mqttgateway/messages"
)

// reason is why a device has failed, or has not done something in time: what the device was doing, and the error. The
// record, the log, the availability topic and the answer to a command all have the same text, on one line:
//
//	handling LIGHT_ON: write /dev/ttyUSB0: input/output error
//	opening: not done after 30s
type reason struct {
	doing  messages.Doing
	action string // of the message that the device was handling; else ""
	err    error
}

// Error returns the text without secrets, since it is published.
func (r *reason) Error() string {
	return strings.TrimSpace(r.before() + oneLine(options.Redact(r.err.Error())))
}

func (r *reason) Unwrap() error { return r.err }

func (r *reason) before() string {
	switch r.doing {
	case messages.Receiving: // an actor's Receive: nothing more is known
		return ""
	case messages.Handling:
		return string(r.doing) + " " + plainWord(r.action) + ": "
	}
	return string(r.doing) + ": "
}

// longestWord is the maximum length, in bytes, of an action in a reason. Actions come from outside.
const longestWord = 64

// plainWord returns a plain word unchanged, and any other text in quotes. A text longer than longestWord is cut.
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

// oneLine joins the lines of a text by semicolons, and replaces characters that can't be printed by blanks.
func oneLine(s string) string {
	var lines []string
	for line := range strings.SplitSeq(s, "\n") {
		if line = strings.TrimSpace(strings.Map(visible, line)); line != "" {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "; ")
}

// visible returns r, or a blank if r can't be printed.
func visible(r rune) rune {
	if unicode.IsPrint(r) {
		return r
	}
	return ' '
}

// errOverdue says how long a call has taken so far.
type errOverdue struct{ after time.Duration }

func (e errOverdue) Error() string {
	return "not done after " + e.after.Round(time.Millisecond).String()
}
