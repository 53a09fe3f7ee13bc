package trial

import (
	"bufio"
	"fmt"
	"io"
	"time"
)

// Event is what a device records about a command.
type Event string

// The events.
const (
	Handled  Event = "handled"  // the device has done what the command says, and echoes it next
	Panicked Event = "panicked" // the device panics next
	Kept     Event = "kept"     // the gateway's receipt says that the echo will be delivered
)

// Write writes an event about command n with its time, in one piece.
func Write(w io.Writer, e Event, n int, at time.Time) error {
	_, err := fmt.Fprintf(w, "%s %d %d\n", e, n, at.UnixNano())
	return err
}

// Read calls visit for each event, in order.
func Read(r io.Reader, visit func(e Event, n int, at time.Time)) error {
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		var (
			e  Event
			n  int
			at int64
		)
		if _, err := fmt.Sscanf(lines.Text(), "%s %d %d", &e, &n, &at); err != nil {
			return fmt.Errorf("record %q: want an event, a number and a time", lines.Text())
		}
		visit(e, n, time.Unix(0, at))
	}
	return lines.Err()
}
