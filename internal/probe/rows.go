package probe

import (
	"fmt"
	"strings"
	"time"
)

// perRow is how many bytes a row shows.
const perRow = 16

// Header names the columns of Rows.
const Header = "TIME            PAUSE    HEXADECIMAL                                      TEXT\n"

// Rows shows a frame in rows of 16 bytes: when it came (<) or was sent (>), the pause before it, its bytes in hexadecimal and as text, in which a
// dot stands for what can't be shown.
func Rows(f Frame) string {
	var b strings.Builder
	way := '<'
	if f.Sent {
		way = '>'
	}
	first := fmt.Sprintf("%s %8s %c", f.At.Format("15:04:05.000"), pause(f.Pause), way)
	for rest := f.Bytes; len(rest) > 0; first = "" {
		n := min(perRow, len(rest))
		row := fmt.Sprintf("%-23s  %-*s  %s", first, 3*perRow-1, fmt.Sprintf("% x", rest[:n]), shown(rest[:n]))
		if rest = rest[n:]; len(rest) == 0 && f.Open {
			row += "   (has no end)"
		}
		b.WriteString(strings.TrimRight(row, " ") + "\n")
	}
	return b.String()
}

// shown is the text of bytes, in ASCII.
func shown(bytes []byte) string {
	var b strings.Builder
	for _, c := range bytes {
		switch {
		case c == '\r':
			b.WriteString(`\r`)
		case c == '\n':
			b.WriteString(`\n`)
		case c < ' ' || c > '~':
			b.WriteByte('.')
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

// pause is a time in at most eight characters; nothing for 0.
func pause(d time.Duration) string {
	switch {
	case d <= 0:
		return ""
	case d < time.Second:
		return fmt.Sprintf("+%d ms", d.Milliseconds())
	case d < 100*time.Second:
		return fmt.Sprintf("+%.2f s", d.Seconds())
	case d < 100*time.Hour:
		return "+" + strings.TrimSuffix(d.Truncate(time.Minute).String(), "0s")
	}
	return "long"
}
