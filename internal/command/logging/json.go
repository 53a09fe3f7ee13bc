package logging

import (
	"bytes"
	"fmt"
	"io"
	"unicode/utf16"

	"github.com/mqttgateway/mqttgateway/internal/wording"
)

// asciiControls writes control and format characters as \u escapes. JSON allows these characters in a string, but a
// terminal may obey them and an editor may take one for a line break. Each Write must consist of whole lines of JSON.
type asciiControls struct{ w io.Writer }

func (a asciiControls) Write(line []byte) (int, error) {
	body := bytes.TrimSuffix(line, []byte("\n"))
	if bytes.IndexFunc(body, wording.Unprintable) < 0 {
		return a.w.Write(line)
	}
	escaped := make([]byte, 0, 2*len(line))
	for _, r := range string(body) {
		switch {
		case !wording.Unprintable(r):
			escaped = append(escaped, string(r)...)
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			escaped = fmt.Appendf(escaped, `\u%04x\u%04x`, high, low)
		default:
			escaped = fmt.Appendf(escaped, `\u%04x`, r)
		}
	}
	if _, err := a.w.Write(append(escaped, '\n')); err != nil {
		return 0, err
	}
	return len(line), nil
}
