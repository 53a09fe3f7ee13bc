package command

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/mqttgateway/mqttgateway/views/api"
)

// aNoon is when the tests look at a board.
var aNoon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

// ago returns a moment before aNoon.
func ago(d time.Duration) api.Stamp { return api.Stamp(aNoon.Add(-d)) }

// aTree returns the tree of a gateway with some devices that have troubles, and with more that have none.
func aTree(more int) api.Tree {
	entry := func(kind, name, state string, since time.Duration) api.Entry {
		return api.Entry{Kind: kind, Name: name, State: state, Since: ago(since)}
	}
	boiler, plug, bell := entry("device", "boiler", "offline", 3*time.Minute), entry("device", "plug", "online", 26*time.Hour), entry("device", "bell", "online", 50*time.Hour)
	boiler.Failures, boiler.Next, boiler.Reason = 7, ago(-12*time.Second), "opening: /dev/serial/by-id/usb-FTDI_A50285BI-if00-port0: no such file or directory"
	plug.Rate, plug.Queue = 12.5, 3
	bell.Rate = 0.25
	link := api.Link{Entry: entry("link", "link", "online", time.Hour), Broker: "tcp://broker:1883"}
	t := api.Tree{
		Gateway: api.About{Name: "house", Version: "v1.2.3", Started: ago(72 * time.Hour)}, Link: link,
		Entries: []api.Entry{
			entry("part", "connection", "online", time.Hour), entry("part", "mapper", "online", time.Hour), bell, boiler, plug,
			entry("device", "gate", "connecting", 2*time.Second),
		},
	}
	for i := range more {
		t.Entries = append(t.Entries, entry("device", fmt.Sprintf("lamp-%05d", i), "online", time.Minute))
	}
	return t
}

func boardOf(t api.Tree) *board {
	b := newBoard()
	b.show(t)
	b.heard = aNoon
	return b
}

func TestDisplay(t *testing.T) {
	for _, row := range []struct {
		name string
		d    display
		more int
		want string
	}{
		{"80 columns", display{width: 80, height: 13}, 1, `
house v1.2.3, up 3d, broker tcp://broker:1883
devices: 3 online, 1 opening, 1 down
NAME        STATE       FOR  NEXT  QUEUE  /S   WHY
link        online      1h
boiler      offline     3m   12s               opening: /dev/serial/by-id/usb-F…
gate        connecting  2s
connection  online      1h
mapper      online      1h
plug        online      26h        3      12
bell        online      2d                0.2
lamp-00000  online      1m

1-8 of 8  q ends  s sorts (now by trouble)  up, down, PgUp, PgDn move`},
		{"wide", display{width: 130, height: 6}, 1, `
house v1.2.3, up 3d, broker tcp://broker:1883
devices: 3 online, 1 opening, 1 down
NAME    STATE    FOR  FAILURES  NEXT  QUEUE  /S  WHY
link    online   1h
boiler  offline  3m   7         12s              opening: /dev/serial/by-id/usb-FTDI_A50285BI-if00-port0: no such file or directo…
1-2 of 8  q ends  s sorts (now by trouble)  up, down, PgUp, PgDn move`},
		{"narrow", display{width: 24, height: 7}, 1, `
house v1.2.3, up 3d, br…
devices: 3 online, 1 op…
NAME    STATE       FOR
link    online      1h
boiler  offline     3m
gate    connecting  2s
1-3 of 8  q ends  s sor…`},
		{"by what it does, further down", display{width: 80, height: 6, order: 1, top: 1}, 0, `
house v1.2.3, up 3d, broker tcp://broker:1883
devices: 2 online, 1 opening, 1 down
NAME    STATE    FOR  FAILURES  NEXT  QUEUE  /S   WHY
bell    online   2d                          0.2
boiler  offline  3m   7         12s               opening: /dev/serial/by-id/us…
2-3 of 7  q ends  s sorts (now by messages)  up, down, PgUp, PgDn move`},
		{"a terminal of one character", display{width: 1, height: 1}, 0, "…\n…\n…\n…\n…"},
	} {
		got := row.d.lines(boardOf(aTree(row.more)), aNoon)
		for i := range got {
			got[i] = strings.TrimRight(got[i], " ")
		}
		if text := strings.Join(got, "\n"); text != strings.TrimPrefix(row.want, "\n") {
			t.Errorf("%s:\n%s\nwant\n%s", row.name, text, row.want)
		}
	}
}

// What is down is red, what is not up yet yellow; without colours nothing is.
func TestDisplayColours(t *testing.T) {
	b := boardOf(aTree(0))
	d := display{width: 80, height: 12, coloured: true}
	lines := d.lines(b, aNoon)
	for i, begin := range map[int]string{1: "devices: ", 2: "\x1b[7mNAME ", 3: "link ", 4: "\x1b[31mboiler ", 5: "\x1b[33mgate ", 6: "connection "} {
		if !strings.HasPrefix(lines[i], begin) {
			t.Errorf("line %d is %q, want %q", i, lines[i], begin)
		}
	}
	b.away = errors.New("gone")
	if lines = d.lines(b, aNoon); !strings.HasPrefix(lines[1], "\x1b[31mAs it was ") {
		t.Errorf("that the gateway is away is %q", lines[1])
	}
	d.coloured = false
	if text := strings.Join(d.lines(b, aNoon), ""); strings.Contains(text, "\x1b") {
		t.Errorf("without colours: %q", text)
	}
}

// Whatever the terminal is, nothing is longer or wider; what is shown first does not depend on how many there are.
func TestDisplayFits(t *testing.T) {
	b := boardOf(aTree(200))
	for _, away := range []error{nil, fmt.Errorf("no gateway answers: %s", strings.Repeat("é", 300))} {
		b.away = away
		for width := 1; width < 150; width += 7 {
			for height := 4; height < 60; height += 11 {
				d := display{width: width, height: height}
				lines := d.lines(b, aNoon)
				if len(lines) != max(height, 5) {
					t.Fatalf("%d x %d: %d lines", width, height, len(lines))
				}
				for _, line := range lines {
					if n := utf8.RuneCountInString(line); n > width {
						t.Fatalf("%d x %d: %d characters in %q", width, height, n, line)
					}
				}
				if width > 50 && height > 20 && (!strings.HasPrefix(lines[4], "boiler ") || away != nil && !strings.HasPrefix(lines[1], "As it was 0s ago: no gateway answers: é")) {
					t.Errorf("%d x %d:\n%s", width, height, strings.Join(lines, "\n"))
				}
			}
		}
	}
	b.away, b.heard = nil, aNoon.Add(-40*time.Second)
	if lines := (&display{width: 80, height: 24}).lines(b, aNoon); lines[1] != "As it was 40s ago: the gateway has given no sign of life since" {
		t.Errorf("a gateway that is silent: %q", lines[1])
	}
}

func TestKeys(t *testing.T) {
	for _, row := range []struct {
		keys  string
		ends  bool
		top   int
		order string
	}{
		{"jjk", false, 1, "trouble"}, {"k", false, 0, "trouble"}, {" j", false, 20, "trouble"}, {"  b", false, 19, "trouble"}, {"jjg", false, 0, "trouble"},
		{"\x1b[B\x1b[B\x1b[A", false, 1, "trouble"}, {"\x1b[6~\x1bOB\x1b[5~", false, 1, "trouble"}, {"jj\x1b[H", false, 0, "trouble"},
		{"s", false, 0, "messages"}, {"jsss", false, 0, "name"}, {"ssss", false, 0, "trouble"}, {"\x1b[1;5C\x1b\x1b[x", false, 0, "trouble"},
		{"q", true, 0, "trouble"}, {"sjQs", true, 1, "messages"}, {"\x03", true, 0, "trouble"},
	} {
		d := display{width: 80, height: 24}
		if ends := !d.press(row.keys); ends != row.ends || d.top != row.top || orders[d.order].name != row.order {
			t.Errorf("%q: ends %t, at %d, by %s; want %t, %d, %s", row.keys, ends, d.top, orders[d.order].name, row.ends, row.top, row.order)
		}
	}
}
