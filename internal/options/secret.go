package options

import (
	"fmt"
	"io"
	"log/slog"
)

// Secret is text that only Reveal returns. Printed with any verb, logged or marshalled, a Secret shows stars.
type Secret string

// hidden is shown in the place of every secret, whatever its length.
const hidden = "******"

// Reveal returns the secret itself.
func (s Secret) Reveal() string { return string(s) }

// String returns stars, or "" for the empty secret: an operator sees that none is set.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return hidden
}

// Format writes String for every verb: %x and %#v would not call it.
func (s Secret) Format(f fmt.State, verb rune) {
	if verb == 'q' || f.Flag('#') {
		fmt.Fprintf(f, "%q", s.String())
		return
	}
	io.WriteString(f, s.String())
}

// LogValue returns stars to every log handler.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText returns stars to JSON, YAML and the like. The secret can't be read from them again.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads the text as it is, white space included.
func (s *Secret) UnmarshalText(text []byte) error {
	*s = Secret(text)
	return nil
}
