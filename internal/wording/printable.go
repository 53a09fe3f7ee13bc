package wording

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Printable returns text from outside as it is if a terminal shows it on one line, otherwise quoted as in Go.
func Printable(text string) string {
	if utf8.ValidString(text) && !strings.ContainsFunc(text, Unprintable) {
		return text
	}
	return strconv.Quote(text)
}

// Unprintable reports whether a character is none that can be seen, such as a line's end or an escape.
func Unprintable(r rune) bool { return !unicode.IsPrint(r) }
