//go:build unix

package exec

import (
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"
)

// A program that doesn't read is told no more at last, and that it holds up nobody.
func TestDoesNotRead(t *testing.T) {
	p, err := start(Params{Run: []string{"sleep", "600"}, Grace: 200 * time.Millisecond}, func([]byte, bool) {}, func([]byte, bool) {})
	if err != nil {
		t.Fatal(err)
	}
	defer p.stop()
	line := []byte(strings.Repeat("x", 1000))
	for range 1000 { // the pipe takes 64 KB, and the queue 256 lines
		if err = p.say(append([]byte(nil), line...)); err != nil {
			break
		}
	}
	if !errors.Is(err, errUnread) {
		t.Errorf("after a thousand lines that nobody reads: %v", err)
	}
}

func TestLines(t *testing.T) {
	var got []string
	l := &lines{do: func(line []byte, cut bool) {
		text := string(line)
		if cut {
			text = "cut"
		}
		got = append(got, text)
	}}
	long := strings.Repeat("x", longest)
	for _, part := range []string{"a\nb", "c\r\n\n", " d \ne", "\n", long, "y\nf\n", long + "\n", "rest"} {
		if n, err := l.Write([]byte(part)); n != len(part) || err != nil {
			t.Errorf("of %d bytes %d are written, %v", len(part), n, err)
		}
	}
	if want := "a bc d e cut f " + long; strings.Join(got, " ") != want {
		t.Errorf("the lines are %.40q …, %d of them", got, len(got))
	}
}

func TestLevelOf(t *testing.T) {
	for line, want := range map[string]struct {
		at   slog.Level
		text string
	}{
		"plain":            {slog.LevelInfo, "plain"},
		"<3>broken":        {slog.LevelError, "broken"},
		"<4> odd":          {slog.LevelWarn, "odd"},
		"<7>detail":        {slog.LevelDebug, "detail"},
		"<9>none":          {slog.LevelInfo, "<9>none"},
		"warn: odd":        {slog.LevelWarn, "odd"},
		"WARNING: odd":     {slog.LevelWarn, "odd"},
		"error:broken":     {slog.LevelError, "broken"},
		"information: new": {slog.LevelInfo, "information: new"},
	} {
		if at, text := levelOf(line); at != want.at || text != want.text {
			t.Errorf("%q is %s %q, want %s %q", line, at, text, want.at, want.text)
		}
	}
}

// A program that wants pings has failed when it does not answer one before the next.
func TestPings(t *testing.T) {
	for pong, fails := range map[string]bool{`{"pong":1}`: false, `{"pong":0}`: true} {
		heard := make(chan struct{}, 1)
		d := &device{greeted: make(chan struct{}), hello: hello{Ping: true}}
		close(d.greeted)
		p, err := start(Params{Run: []string{"sh", "-c", `read -r ping; [ "$ping" = '{"ping":1}' ] && echo '` + pong + `'; sleep 600`}, Grace: 200 * time.Millisecond},
			func(line []byte, cut bool) { d.heard(line, cut); heard <- struct{}{} }, func([]byte, bool) {})
		if err != nil {
			t.Fatal(err)
		}
		d.program = p
		last, err := d.ping(0)
		if err != nil || last != 1 {
			t.Errorf("the first ping is %d, %v", last, err)
		}
		<-heard
		if _, err = d.ping(last); (err != nil) != fails {
			t.Errorf("after %s the next ping says %v", pong, err)
		}
		p.stop()
	}
}
