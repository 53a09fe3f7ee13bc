package probe

import (
	"bytes"
	"fmt"
	"strings"
	"time"
)

// Heard is what all frames that have come have in common.
type Heard struct {
	frames, bytes int
	least         int    // bytes of the shortest frame
	multiples     bool   // all frames are as long as the shortest, or some of those
	ends          []bool // which of the commonEnds all frames have
	last          []byte // the last frame
}

// commonEnds are what usually stands behind a frame, the longest first.
var commonEnds = []string{"\r\n", "\n", "\r", "\x03"}

// Add takes a frame into account. Frames that were sent don't count.
func (h *Heard) Add(f Frame) {
	if f.Sent {
		return
	}
	n := len(f.Bytes)
	if h.frames == 0 {
		h.least, h.multiples, h.ends = n, true, []bool{true, true, true, true}
	}
	h.frames++
	h.bytes += n
	h.last = f.Bytes
	shortest := min(h.least, n)
	h.multiples = h.multiples && h.least%shortest == 0 && n%shortest == 0
	h.least = shortest
	for i, end := range commonEnds {
		h.ends[i] = h.ends[i] && bytes.HasSuffix(f.Bytes, []byte(end))
	}
}

// String says how much was heard.
func (h *Heard) String() string {
	return count(h.frames, "frame") + ", " + count(h.bytes, "byte")
}

// count says how many of something there are.
func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// frame returns the option frame of a configuration, as it was asked for or, without that, as it looks from what was heard. The comment says
// that it is a guess; "" if it is none.
func (h *Heard) frame(c Cut) (option, comment string) {
	switch {
	case len(c.End) > 0:
		return fmt.Sprintf("{end: %s}", yamlQuoted(string(c.End))), ""
	case c.Size > 0:
		return fmt.Sprintf("{size: %d, gap: %s}", c.Size, c.Gap), ""
	}
	for i, end := range commonEnds {
		if h.frames > 0 && h.ends[i] {
			return fmt.Sprintf("{end: %s}", yamlQuoted(end)), "all that was heard ends so"
		}
	}
	if h.frames > 1 && h.multiples {
		return fmt.Sprintf("{size: %d, gap: %s}", h.least, c.Gap), "all that was heard is as long, or some times"
	}
	return `{end: "\r\n"}`, "a mere guess: nothing that was heard tells where a frame ends"
}

// Option is a parameter of a device, in the order in which a person writes it.
type Option struct {
	Key   string
	Value string // as YAML
}

// StreamYAML returns a device for the configuration that hears what a probe has heard. Without framed each datagram is a frame.
func (h *Heard) StreamYAML(kind string, options []Option, c Cut, framed bool) string {
	var b strings.Builder
	fmt.Fprintf(&b, "devices:\n  - name: equipment\n    type: %s\n    params:\n", kind)
	end := ""
	for _, o := range options {
		fmt.Fprintf(&b, "      %s: %s\n", o.Key, o.Value)
	}
	if framed {
		option, comment := h.frame(c)
		if comment != "" {
			comment = "   # " + comment
		}
		fmt.Fprintf(&b, "      frame: %s%s\n", option, comment)
		end = option
	}
	comment := ""
	if text := h.example(end); text != "" {
		comment = "   # such as " + text
	}
	fmt.Fprintf(&b, "      points:\n        - {id: heard, kind: text, match: '^(.+)$'}%s\n", comment)
	return b.String()
}

// example returns the last frame in quotes, without what stands behind it, if it isn't long.
func (h *Heard) example(frame string) string {
	text := string(h.last)
	for _, end := range commonEnds {
		if strings.Contains(frame, "end: "+yamlQuoted(end)+"}") {
			text = strings.TrimSuffix(text, end)
			if i := strings.LastIndex(text, end); i >= 0 {
				text = text[i+len(end):]
			}
		}
	}
	if len(text) == 0 || len(text) > 60 {
		return ""
	}
	return fmt.Sprintf("%+q", text)
}

// DefaultGap is the pause behind which another frame begins: 20 ms, and on a slow line the time of three characters.
func DefaultGap(baud int) time.Duration {
	const least = 20 * time.Millisecond
	if baud <= 0 {
		return least
	}
	return max(least, 33*time.Second/time.Duration(baud))
}
