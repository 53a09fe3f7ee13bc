package wording

import (
	"strings"
	"unicode"
)

// Doubled returns what an error says twice in a row, "" if nothing: the label of two functions that each wrap it, as in
// "subscribe: subscribe: no answer" or "tls: tls: bad record", or a word, as in "the the". What stands in quotes is not ours.
func Doubled(text string) string {
	parts := strings.Split(quotes(text, true), ": ")
	for i, part := range parts[1:] {
		if before := parts[i]; before != "" && (part == before || strings.HasPrefix(part, before+" ")) {
			return before
		}
		if before := lastWords(parts[i], len(strings.Fields(part))); before != "" && before == part {
			return before
		}
	}
	words := strings.Fields(quotes(text, false))
	for i := 1; i < len(words); i++ {
		if words[i] == words[i-1] && len(words[i]) > 1 && !strings.ContainsFunc(words[i], func(r rune) bool { return !unicode.IsLetter(r) }) {
			return words[i]
		}
	}
	return ""
}

// Says reports whether the text of err holds what is wanted, and nothing twice in a row; with nothing wanted, whether err is
// nil.
func Says(err error, want string) bool {
	if err == nil || want == "" {
		return err == nil && want == ""
	}
	return strings.Contains(err.Error(), want) && Doubled(err.Error()) == ""
}

// lastWords returns the last n words of text, "" if there are not that many.
func lastWords(text string, n int) string {
	words := strings.Fields(text)
	if n == 0 || n > len(words) {
		return ""
	}
	return strings.Join(words[len(words)-n:], " ")
}

// quotes returns text without the colons of what stands in quotes, or without all that stands there.
func quotes(text string, keep bool) string {
	var b strings.Builder
	quoted, escaped := false, false
	for _, r := range text {
		switch {
		case escaped:
			escaped = false
		case quoted && r == '\\':
			escaped = true
		case r == '"':
			quoted = !quoted
			b.WriteRune(r)
		case !quoted || keep && r != ':':
			b.WriteRune(r)
		}
	}
	return b.String()
}
