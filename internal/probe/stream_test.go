package probe

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// came is some bytes, and when they came.
type came struct {
	after time.Duration // the ones before
	text  string
}

var morning = time.Date(2026, 3, 4, 5, 6, 7, 8e6, time.UTC)

func TestCut(t *testing.T) {
	const gap = 20 * time.Millisecond
	tests := map[string]struct {
		cut  Cut
		came []came
		want string // frames between blanks; "…" behind those that are open
	}{
		"nothing":             {Cut{Gap: gap}, nil, ""},
		"by gaps":             {Cut{Gap: gap}, []came{{0, "1"}, {gap, "0"}, {gap + 1, "21"}}, "10 21"},
		"by an end":           {Cut{Gap: gap, End: []byte("\r\n")}, []came{{0, "PW"}, {1, "ON\r"}, {1, "\nMV5\r\nS"}}, "PWON\\r\\n MV5\\r\\n S…"},
		"by size":             {Cut{Gap: gap, Size: 2}, []came{{0, "101"}, {gap, "1212"}}, "10 11 21 2…"},
		"a gap within":        {Cut{Gap: gap, Size: 2}, []came{{0, "1"}, {time.Second, "21"}}, "1… 21"},
		"an end that is late": {Cut{Gap: gap, End: []byte("\r")}, []came{{0, "A"}, {time.Second, "\r"}}, "A… \\r"},
		"without an end": {Cut{Gap: gap, End: []byte("\r")}, []came{{0, strings.Repeat("x", mostBytes) + "y\r"}},
			strings.Repeat("x", mostBytes) + "… y\\r"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			c := cutter{Cut: tt.cut}
			var frames []Frame
			now := morning
			for _, some := range tt.came {
				now = now.Add(some.after)
				frames = append(frames, c.feed(now, []byte(some.text))...)
			}
			if !c.due().IsZero() {
				frames = append(frames, c.flush())
			}
			var got []string
			for _, f := range frames {
				text := shown(f.Bytes)
				if f.Open {
					text += "…"
				}
				got = append(got, text)
			}
			if got := strings.Join(got, " "); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestRows(t *testing.T) {
	tests := map[string]struct {
		frame Frame
		want  string
	}{
		"the first": {Frame{At: morning, Bytes: []byte("PWON\r")}, "05:06:07.008          <  50 57 4f 4e 0d                                   PWON\\r\n"},
		"what was sent": {Frame{Sent: true, At: morning, Pause: 2 * time.Second, Bytes: []byte{5}},
			"05:06:07.008  +2.00 s >  05                                               .\n"},
		"a long one": {Frame{At: morning, Pause: 25 * time.Millisecond, Bytes: []byte("0123456789abcdefg\xff"), Open: true},
			"05:06:07.008   +25 ms <  30 31 32 33 34 35 36 37 38 39 61 62 63 64 65 66  0123456789abcdef\n" +
				"                         67 ff                                            g.   (has no end)\n"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := Rows(tt.frame); got != tt.want {
				t.Errorf("got\n%swant\n%s", got, tt.want)
			}
		})
	}
	if at := strings.Index(Header, "TEXT"); !strings.HasPrefix(tests["a long one"].want[at:], "0123") {
		t.Errorf("the text stands elsewhere than its title, in column %d", at)
	}
}

func TestPause(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "", time.Microsecond: "+0 ms", 999 * time.Millisecond: "+999 ms", 90 * time.Second: "+90.00 s",
		100 * time.Second: "+1m", 99*time.Hour + 59*time.Minute: "+99h59m", 100 * time.Hour: "long",
	} {
		if got := pause(d); got != want || len(got) > 8 {
			t.Errorf("%s: got %q, want %q", d, got, want)
		}
	}
}

// What was heard says where a frame ends.
func TestHeard(t *testing.T) {
	gap := Cut{Gap: 20 * time.Millisecond}
	tests := map[string]struct {
		cut    Cut
		frames []string
		want   string // lines
	}{
		"asked for":          {Cut{End: []byte("\x03\"")}, []string{"a"}, `frame: {end: "\x03\""}`},
		"asked for a size":   {Cut{Size: 2, Gap: time.Second}, []string{"a"}, `frame: {size: 2, gap: 1s}`},
		"lines":              {gap, []string{"PWON\r\n", "MV50\r\nMVMAX 98\r\n"}, `{end: "\r\n"}   # all; # such as "MVMAX 98"`},
		"lines of Unix":      {gap, []string{"a\r\n", "b\n"}, `{end: "\n"}   # all; # such as "b"`},
		"pairs":              {gap, []string{"10", "2111", "20"}, `{size: 2, gap: 20ms}   # all; # such as "20"`},
		"pairs, later":       {gap, []string{"2111", "10"}, `{size: 2, gap: 20ms}   # all; # such as "10"`},
		"no size":            {gap, []string{"10", "211", "20"}, `# a mere guess; # such as "20"`},
		"one of no end":      {gap, []string{"10"}, `# a mere guess; # such as "10"`},
		"nothing":            {gap, nil, `# a mere guess`},
		"what is no text":    {gap, []string{"\x01\xff\r"}, `{end: "\r"}   # all; # such as "\x01\xff"`},
		"nothing but an end": {gap, []string{"\r"}, `{end: "\r"}   # all`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			h := new(Heard)
			for _, text := range tt.frames {
				h.Add(Frame{Bytes: []byte(text)})
			}
			h.Add(Frame{Bytes: []byte("sent"), Sent: true})
			got := h.StreamYAML("serial", []Option{{"port", "/dev/ttyUSB0"}}, tt.cut, true)
			for want := range strings.SplitSeq(tt.want, "; ") {
				if !strings.Contains(got, want) {
					t.Errorf("lacks %s:\n%s", want, got)
				}
			}
		})
	}
}

func TestUnescape(t *testing.T) {
	for typed, want := range map[string]string{``: "", `PW?\r`: "PW?\r", `\x02ü"'\\\x03`: "\x02ü\"'\\\x03", `\xff`: "\xff"} {
		if got, err := Unescape(typed); err != nil || string(got) != want {
			t.Errorf("%s: got %q, %v", typed, got, err)
		}
	}
	for _, typed := range []string{`\`, `\q`, `a\x0`} {
		if got, err := Unescape(typed); err == nil || !strings.Contains(err.Error(), "want text in which a backslash begins") {
			t.Errorf("%s: got %q, %v", typed, got, err)
		}
	}
}

func TestYAML(t *testing.T) {
	for text, want := range map[string]string{
		"/dev/ttyUSB0": "/dev/ttyUSB0", "avr.lan:23": `"avr.lan:23"`, "on": `"on"`, "": `""`, "a\tb\\": `"a\tb\\"`, "12": `"12"`, "#": `"#"`,
	} {
		if got := YAML(text); got != want {
			t.Errorf("%q: got %s, want %s", text, got, want)
		}
	}
}

// What is asked again and again is shown beside what is answered; the end is no error if it was asked for.
func TestListen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		equipment, conn := net.Pipe()
		ctx, cancel := context.WithCancel(t.Context())
		s := Stream{Cut: Cut{Gap: 20 * time.Millisecond}, Send: []byte("?"), Every: time.Second}
		var rows []string
		ended := make(chan error)
		go func() { ended <- s.Listen(ctx, conn, func(f Frame) { rows = append(rows, Rows(f)) }) }()
		for i := range 2 {
			if _, err := equipment.Read(make([]byte, 1)); err != nil {
				t.Fatal(err)
			}
			for range 2 { // one answer, in two parts
				time.Sleep(10 * time.Millisecond)
				fmt.Fprint(equipment, i)
			}
		}
		time.Sleep(100 * time.Millisecond)
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		got := strings.Join(rows, "")
		want := "" +
			"00:00:00.000          >  3f                                               ?\n" +
			"00:00:00.010          <  30 30                                            00\n" +
			"00:00:01.000          >  3f                                               ?\n" +
			"00:00:01.010  +990 ms <  31 31                                            11\n"
		if local := time.Now().Format("MST"); local == "UTC" && got != want {
			t.Errorf("got\n%swant\n%s", got, want)
		}
		if len(rows) != 4 {
			t.Errorf("got %d frames, want 4", len(rows))
		}
	})
}

func TestListenFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		equipment, conn := net.Pipe()
		var heard []Frame
		go func() {
			fmt.Fprint(equipment, "last words")
			equipment.Close()
		}()
		err := Stream{Cut: Cut{Gap: time.Second}}.Listen(t.Context(), conn, func(f Frame) { heard = append(heard, f) })
		if err == nil || err.Error() != "the other end has hung up" || len(heard) != 1 || string(heard[0].Bytes) != "last words" {
			t.Errorf("%v, after %v", err, heard)
		}
		_, conn = net.Pipe()
		err = Stream{Send: []byte("?")}.Listen(t.Context(), conn, nil)
		if err == nil || errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "nobody has taken") {
			t.Errorf("nobody reads: %v", err)
		}
	})
}
