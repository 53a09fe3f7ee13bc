package mapping

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Why a message was refused, where somebody acts on it. They are found in an [*Error] with errors.Is.
var (
	// ErrEmpty: there is no payload. With the retain flag that clears the topic and is nothing to complain of.
	ErrEmpty = errors.New("an empty payload")
	// ErrReserved: the topic is one of the gateway's own, below root/$gateway. Drop it silently.
	ErrReserved = errors.New("a topic below " + reserved + " is no message")
)

var errNotUTF8 = errors.New("bytes that are no UTF-8")

// Error tells why a message was refused: all that is wrong with it.
type Error struct {
	Message string // which one, shortened to fit a line of a log
	Faults  []error
}

// Error names the message and tells all its faults, on one line.
func (e *Error) Error() string {
	return "message " + e.Message + ": " + e.reasons()
}

// reasons returns the faults alone, for one who knows the message.
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

// shownBytes is how much of a text from outside an error repeats: enough to know it by.
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
