package trial

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// Result is what the books say at the end, about the commands that the broker has acknowledged.
type Result struct {
	Acknowledged int // promised
	Handled      int // by their devices, at least once
	Panicked     int // their devices, as they were told
	Refused      int // and answered
	Unanswered   []Case
	WithBroker   int // not seen again after a broker was killed
	Lost         []Case

	Doubled    []Case // one for each handling beyond the first
	Replayed   int    // handlings more, each after the death of a broker that may have forgotten the one before
	Disordered []Case // commands handled after a later one, and not because they came again, or late
	Reordered  int    // commands handled after a later one, as the broker had sent them

	Echoes           int    // promised, by a handled command
	Kept             int    // promised by a receipt as well, of these
	EchoesWithBroker int    // that did not come after a broker was killed
	EchoesLost       []Case // the rest of those that did not come
	KeptLost         []Case // of these, those promised by a receipt
	EchoesDoubled    int    // came more often than their commands were handled
	EchoesDisordered int    // came after that of a later command, and not because of the commands' order
}

// Case is a command worth looking at.
type Case struct {
	Number int
	Device string
	Sent   time.Duration // since the beginning
	Why    string        // as the gateway's log says; may be empty
}

// String returns the case on one line, for the report of a failure.
func (c Case) String() string {
	s := fmt.Sprintf("%d to %s at %.2f s", c.Number, c.Device, c.Sent.Seconds())
	if c.Why != "" {
		s += ": " + c.Why
	}
	return s
}

// record books what one device has written down.
func (l *Ledger) record(r io.Reader) error {
	highest := 0
	return Read(r, func(e Event, n int, at time.Time) {
		l.with(n, func(c *command) {
			switch e {
			case Kept:
				c.kept = true
			case Panicked:
				c.panicked = true
			case Handled:
				c.overtaken = c.overtaken || c.handled == 0 && n < highest
				l.handled(c, at)
				highest = max(highest, n)
			}
		})
	})
}

// Result adds up. Records are what the devices have written down, one each.
func (l *Ledger) Result(records ...io.Reader) (Result, error) {
	var r Result
	for _, record := range records {
		if err := l.record(record); err != nil {
			return r, err
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, c := range l.commands {
		if c.acknowledged {
			r.add(Case{Number: i + 1, Device: c.device, Sent: c.sent, Why: c.refused}, c)
		}
	}
	return r, nil
}

func (r *Result) add(about Case, c command) {
	r.Acknowledged++
	switch {
	case c.handled > 0:
		r.Handled++
		r.Doubled = append(r.Doubled, slices.Repeat([]Case{about}, c.handled-1-c.replayed)...)
		r.Replayed += c.replayed
		switch {
		case !c.overtaken || c.mayComeAgain():
		case c.late:
			r.Reordered++
		default:
			r.Disordered = append(r.Disordered, about)
		}
		r.addEcho(about, c)
	case c.panicked:
		r.Panicked++
	case c.turnedDown:
		r.Refused++
	case c.refused != "":
		r.Unanswered = append(r.Unanswered, about)
	case c.atRisk:
		r.WithBroker++
	default:
		r.Lost = append(r.Lost, about)
	}
}

func (r *Result) addEcho(about Case, c command) {
	if c.echoes == 0 && !c.kept && c.refused != "" { // when it came again: the first time was cut short before it could promise
		if !c.turnedDown {
			r.Unanswered = append(r.Unanswered, about)
		}
		return
	}
	r.Echoes++
	r.EchoesDoubled += max(0, c.echoes-c.handled)
	if c.kept {
		r.Kept++
	}
	if c.echoOvertaken && !c.overtaken && !c.mayComeAgain() {
		r.EchoesDisordered++
	}
	switch {
	case c.echoes > 0:
	case c.atRisk:
		r.EchoesWithBroker++
	default:
		r.EchoesLost = append(r.EchoesLost, about)
		if c.kept {
			r.KeptLost = append(r.KeptLost, about)
		}
	}
}

// String is the table.
func (r Result) String() string {
	var text strings.Builder
	w := tabwriter.NewWriter(&text, 0, 0, 2, ' ', tabwriter.AlignRight)
	row := func(cells ...any) {
		for _, cell := range cells {
			fmt.Fprintf(w, "%v\t", cell)
		}
		fmt.Fprintln(w)
	}
	row("", "promised", "fulfilled", "refused", "refused unanswered", "LOST", "doubled", "disordered", "lost with broker", "replayed by it", "reordered by it")
	row("commands", r.Acknowledged, r.Handled+r.Panicked, r.Refused, len(r.Unanswered), len(r.Lost), len(r.Doubled), len(r.Disordered), r.WithBroker, r.Replayed, r.Reordered)
	row("statuses", r.Echoes, r.Echoes-r.EchoesWithBroker-len(r.EchoesLost), "", "", len(r.EchoesLost), r.EchoesDoubled, r.EchoesDisordered, r.EchoesWithBroker, "", "")
	row("kept ones", r.Kept, "", "", "", len(r.KeptLost), "", "", "", "", "")
	_ = w.Flush() // a Builder takes all
	return text.String()
}
