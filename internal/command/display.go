package command

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/mqttgateway/mqttgateway/views/api"
)

// display is what a person sees of a board. Width and height are those of the terminal, in characters.
type display struct {
	width, height int
	coloured      bool
	order         int // in orders
	top           int // the index of the first entry that is shown
}

// silence is for how long a gateway that gives no sign of life is taken to be well: it gives one each 15 s at least.
const silence = 25 * time.Second

// above is how many lines stand above the entries: the gateway, its devices in numbers, and the heads of the table; below them are the keys.
const above = 3

// lines returns as many lines as the terminal has, none of which is longer than its width.
func (d *display) lines(b *board, now time.Time) []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	all := b.ordered(orders[d.order])
	room := max(1, d.height-above-1)
	d.top = max(0, min(d.top, len(all)-room))
	shown := all[d.top:min(len(all), d.top+room)]

	lines := append(b.summary(now), table(shown, now, d.width)...)
	keys := fmt.Sprintf("%d-%d of %d  q ends  s sorts (now by %s)  up, down, PgUp, PgDn move", d.top+1, d.top+len(shown), len(all), orders[d.order].name)
	past := b.past(now)
	if past != "" {
		lines[1] = past
	}
	for i := range lines {
		lines[i] = cut(lines[i], d.width)
	}
	if d.coloured {
		if past != "" {
			lines[1] = red(lines[1])
		}
		lines[2] = reversed(lines[2] + strings.Repeat(" ", d.width-utf8.RuneCountInString(lines[2])))
		for i, e := range shown {
			lines[above+i] = colourOf(e)(lines[above+i])
		}
	}
	for len(lines) < d.height-1 {
		lines = append(lines, "")
	}
	return append(lines, cut(keys, d.width))
}

func red(line string) string      { return "\x1b[31m" + line + "\x1b[39m" }
func yellow(line string) string   { return "\x1b[33m" + line + "\x1b[39m" }
func reversed(line string) string { return "\x1b[7m" + line + "\x1b[27m" }

// colourOf returns what colours the line of an entry.
func colourOf(e api.Entry) func(string) string {
	switch {
	case e.State == "online":
		return func(line string) string { return line }
	case e.State == "closed", e.State == "connecting":
		return yellow
	}
	return red
}

// past says that the board shows how it was, and why; "" if it shows how it is.
func (b *board) past(now time.Time) string {
	quiet := now.Sub(b.heard)
	switch {
	case b.away != nil:
		return fmt.Sprintf("As it was %s ago: %v", age(quiet), b.away)
	case quiet > silence:
		return fmt.Sprintf("As it was %s ago: the gateway has given no sign of life since", age(quiet))
	}
	return ""
}

// summary returns what stands above the table: which gateway it is, and how many of its devices are well.
func (b *board) summary(now time.Time) []string {
	n := api.Counts{}
	for _, e := range b.entries {
		switch {
		case e.Kind != "device":
		case e.State == "online":
			n.Online++
		case urgency(e) == 2:
			n.Opening++
		default:
			n.Down++
		}
	}
	return []string{
		fmt.Sprintf("%s %s, up %s, broker %s", quoted(b.gateway.Name), quoted(b.gateway.Version), age(now.Sub(time.Time(b.gateway.Started))), quoted(b.broker)),
		fmt.Sprintf("devices: %d online, %d opening, %d down", n.Online, n.Opening, n.Down),
	}
}

// column is a column of the table of entries.
type column struct {
	head string
	text func(e api.Entry, now time.Time) string
	most int // characters that it wants at most; 0: any number
}

var (
	columnName     = column{"NAME", func(e api.Entry, _ time.Time) string { return quoted(e.Name) }, 30}
	columnState    = column{"STATE", func(e api.Entry, _ time.Time) string { return e.State }, 0}
	columnSince    = column{"FOR", func(e api.Entry, now time.Time) string { return between(time.Time(e.Since), now) }, 0}
	columnFailures = column{"FAILURES", func(e api.Entry, _ time.Time) string { return number(e.Failures) }, 0}
	columnNext     = column{"NEXT", func(e api.Entry, now time.Time) string { return between(now, time.Time(e.Next)) }, 0}
	columnQueue    = column{"QUEUE", func(e api.Entry, _ time.Time) string { return number(e.Queue) }, 0}
	columnRate     = column{"/S", func(e api.Entry, _ time.Time) string { return rate(e.Rate) }, 0}
	columnWhy      = column{"WHY", func(e api.Entry, now time.Time) string {
		if e.Reason == "" && !e.Unanswered.IsZero() {
			return "no answer for " + between(time.Time(e.Unanswered), now)
		}
		if e.Reason == "" {
			return ""
		}
		return quoted(e.Reason)
	}, 30}

	columns = []column{columnName, columnState, columnSince, columnFailures, columnNext, columnQueue, columnRate, columnWhy}
	// dispensable are the columns that a narrow table does without, the first of them first.
	dispensable = []string{"FAILURES", "QUEUE", "NEXT", "/S", "WHY", "FOR"}
)

// table returns the lines of a table: its heads, and a line for each entry. With a width the table has those columns that have room; 0: all.
func table(entries []api.Entry, now time.Time, width int) []string {
	cells, widths := make([][]string, len(columns)), make([]int, len(columns))
	for i, c := range columns {
		cells[i] = append(cells[i], c.head)
		for _, e := range entries {
			cells[i] = append(cells[i], c.text(e, now))
		}
		for _, text := range cells[i] {
			widths[i] = max(widths[i], utf8.RuneCountInString(text))
		}
		if width > 0 && c.most > 0 {
			widths[i] = min(widths[i], c.most)
		}
	}
	gone := missing(widths, width)
	lines := make([]string, 1+len(entries))
	for row := range lines {
		for i, c := range columns {
			switch text := cells[i][row]; {
			case gone[c.head]:
			case c.head == columnWhy.head: // has the rest of the line
				lines[row] += text
			default:
				text = cut(text, widths[i])
				lines[row] += text + strings.Repeat(" ", widths[i]-utf8.RuneCountInString(text)+gap)
			}
		}
		lines[row] = strings.TrimRight(lines[row], " ")
	}
	return lines
}

// gap is what stands between two columns, in characters.
const gap = 2

// missing returns the heads of the columns for which a table has no room.
func missing(widths []int, width int) map[string]bool {
	gone := make(map[string]bool)
	if width == 0 {
		return gone
	}
	for _, head := range dispensable {
		sum := -gap
		for i, c := range columns {
			if !gone[c.head] {
				sum += widths[i] + gap
			}
		}
		if sum <= width {
			break
		}
		gone[head] = true
	}
	return gone
}

// cut returns text with at most so many characters, the last of which says whether there were more.
func cut(text string, most int) string {
	if utf8.RuneCountInString(text) <= most {
		return text
	}
	return string([]rune(text)[:max(0, most-1)]) + "…"
}

// between returns the time between two moments as a person reads it; "" if one of them is unknown.
func between(from, to time.Time) string {
	if from.IsZero() || to.IsZero() {
		return ""
	}
	return age(to.Sub(from))
}

// age returns a duration in its largest unit.
func age(d time.Duration) string {
	switch d = max(d, 0); {
	case d < time.Minute:
		return fmt.Sprintf("%ds", d/time.Second)
	case d < time.Hour:
		return fmt.Sprintf("%dm", d/time.Minute)
	case d < 48*time.Hour:
		return fmt.Sprintf("%dh", d/time.Hour)
	}
	return fmt.Sprintf("%dd", d/(24*time.Hour))
}

// number returns a number; "" for 0, so that what is not 0 catches the eye.
func number(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

func rate(perSecond float64) string {
	switch {
	case perSecond == 0:
		return ""
	case perSecond < 10:
		return strconv.FormatFloat(perSecond, 'f', 1, 64)
	}
	return strconv.FormatFloat(perSecond, 'f', 0, 64)
}
