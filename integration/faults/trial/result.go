package trial

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// Result sums up what became of the commands that the broker has acknowledged.
type Result struct {
	Acknowledged int // number of promised commands
	Handled      int // by their devices at least once
	Panicked     int // commands over which devices panicked as told
	Refused      int // with an answer
	Unanswered   []Case
	WithBroker   int // commands that a killed broker has lost
	Lost         []Case

	Doubled  []Case // one for each handling after the first
	Repeated []Case // those of Doubled before which too few sessions have begun since the command was sent
	// Handlings after the first, each after the death of a broker that may have forgotten the acknowledgement.
	Replayed   int
	Disordered []Case // commands handled after a later one, neither because they came again nor because they came late
	Reordered  int    // commands handled after a later one, since the broker had sent them in that order

	Echoes           int    // number of echoes promised by handled commands
	Kept             int    // echoes that were promised by a receipt as well
	EchoesWithBroker int    // echoes that a killed broker has lost
	EchoesLost       []Case // other echoes that did not come
	KeptLost         []Case // those of EchoesLost that a receipt has promised
	EchoesDoubled    int    // echoes that came more often than their commands were handled
	EchoesRepeated   int    // those of EchoesDoubled before which too few sessions have begun since the command was sent
	EchoesDisordered int    // echoes that came after that of a later command, for no reason in the commands' order
}

// Case is a command that needs a closer look.
type Case struct {
	Number int
	Device string
	Sent   time.Duration // time since the beginning
	Why    string        // reason in the gateway's log; may be empty
}

// String returns the case on one line.
func (c Case) String() string {
	s := fmt.Sprintf("%d to %s at %.2f s", c.Number, c.Device, c.Sent.Seconds())
	if c.Why != "" {
		s += ": " + c.Why
	}
	return s
}

// record adds the record of one device to the ledger.
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

// Result returns the result. records are those of the devices, one for each.
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
			r.add(Case{Number: i + 1, Device: c.device, Sent: c.sent, Why: c.refused}, c, l.begun(&c, c.echoed))
		}
	}
	return r, nil
}

// add adds a command, and begun, the number of sessions that have begun before its last echo.
func (r *Result) add(about Case, c command, begun int) {
	r.Acknowledged++
	switch {
	case c.handled > 0:
		r.Handled++
		r.Doubled = append(r.Doubled, slices.Repeat([]Case{about}, c.handled-1-c.replayed)...)
		r.Repeated = append(r.Repeated, slices.Repeat([]Case{about}, c.repeated)...)
		r.Replayed += c.replayed
		switch {
		case !c.overtaken || c.mayComeAgain():
		case c.late:
			r.Reordered++
		default:
			r.Disordered = append(r.Disordered, about)
		}
		r.addEcho(about, c, begun)
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

func (r *Result) addEcho(about Case, c command, begun int) {
	// The command came again and was refused; the first time, the fault came before a promise.
	if c.echoes == 0 && !c.kept && c.refused != "" {
		if !c.turnedDown {
			r.Unanswered = append(r.Unanswered, about)
		}
		return
	}
	r.Echoes++
	r.EchoesDoubled += max(0, c.echoes-c.handled)
	r.EchoesRepeated += max(0, c.echoes-c.handled*(1+begun)) // each session may bring each once more
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

// String returns the result as a table.
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
	_ = w.Flush() // a Builder returns no error
	return text.String()
}
