package options

import (
	"fmt"
	"io"
	"log/slog"
)

// Secret is text that shows itself to nobody who does not ask for it with Reveal: neither printed, by whatever verb,
// nor logged, nor marshalled.
type Secret string

// hidden stands for every secret, whatever its length.
const hidden = "******"

// Reveal gives the secret itself.
func (s Secret) Reveal() string { return string(s) }

// String is "" for the empty secret, so that one can see that none is set.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return hidden
}

// Format hides the secret from all verbs: %x and %#v would not ask String.
func (s Secret) Format(f fmt.State, verb rune) {
	if verb == 'q' || f.Flag('#') {
		fmt.Fprintf(f, "%q", s.String())
		return
	}
	io.WriteString(f, s.String())
}

// LogValue keeps the secret from every log handler.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText keeps it from JSON, YAML and the like: it does not read back.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText takes the text as it is, white space included.
func (s *Secret) UnmarshalText(text []byte) error {
	*s = Secret(text)
	return nil
}
