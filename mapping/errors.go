package mapping

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Reasons for refusing a message on which callers act. errors.Is finds them in an [*Error].
var (
	// ErrEmpty means that there is no payload. A retained message without a payload clears its topic, and is no fault.
	ErrEmpty = errors.New("an empty payload")
	// ErrReserved means that the topic is below root/$gateway, where the gateway's own topics are. The caller drops
	// such a message without a warning.
	ErrReserved = errors.New("a topic below " + reserved + " is no message")
)

var errNotUTF8 = errors.New("bytes that are no UTF-8")

// Error is the error about a refused message, with all its faults.
type Error struct {
	Message string // the message, shortened to fit a line of a log
	Faults  []error
}

// Error returns the message and all its faults on one line.
func (e *Error) Error() string {
	return "message " + e.Message + ": " + e.reasons()
}

// reasons returns the faults alone, on one line.
func (e *Error) reasons() string {
	texts := make([]string, len(e.Faults))
	for i, fault := range e.Faults {
		texts[i] = fault.Error()
	}
	return strings.Join(texts, "; ")
}

// Unwrap returns the faults.
func (e *Error) Unwrap() []error { return e.Faults }

func arrivalError(topic, payload string, faults ...error) *Error {
	return &Error{Message: fmt.Sprintf("%q %q", short(topic), short(payload)), Faults: faults}
}

// shownBytes is how many bytes of a text from outside an error contains at most.
const shownBytes = 120

// short returns the beginning of text, cut between two characters.
func short(text string) string {
	if len(text) <= shownBytes {
		return text
	}
	end := shownBytes
	for end > shownBytes-utf8.UTFMax && !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + "…"
}
