package actors

import (
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/mqttgateway/mqttgateway/internal/options"
	"github.com/mqttgateway/mqttgateway/messages"
)

// reason is why a device failed, or did not do in time what it was told: what it was doing, and what came of it. The log,
// the availability topic and the answer to a command all say it in these words:
//
//	handling LIGHT_ON: write /dev/ttyUSB0: input/output error
//	opening: not done after 30s
type reason struct {
	doing  messages.Doing
	action string // of the message, if it was handling one
	err    error
}

// Error shows no secrets: the reason is published.
func (r *reason) Error() string { return r.before() + options.Redact(r.err.Error()) }

func (r *reason) Unwrap() error { return r.err }

func (r *reason) before() string {
	switch r.doing {
	case messages.Receiving: // of an actor of ours, or of one that is its own device: nothing more is known
		return ""
	case messages.Handling:
		return string(r.doing) + " " + plainWord(r.action) + ": "
	}
	return string(r.doing) + ": "
}

// longestWord is how much of an action, which comes from outside, a reason repeats, in bytes.
const longestWord = 64

// plainWord returns a word as it is if it is one, else in quotes and not at any length.
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

// errOverdue says how long something has been going on.
type errOverdue struct{ after time.Duration }

func (e errOverdue) Error() string {
	return "not done after " + e.after.Round(time.Millisecond).String()
}
