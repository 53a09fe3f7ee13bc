//go:build unix

package process

import (
	"errors"
	"io"
	"log/slog"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// A program that doesn't read is told no more at last, and that it holds up nobody.
func TestDoesNotRead(t *testing.T) {
	p, err := Start(Command{Run: []string{"sleep", "600"}, Grace: 200 * time.Millisecond}, io.Discard, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Stop(nil)
	line := []byte(strings.Repeat("x", 1000))
	for range 1000 { // the pipe takes 64 KB, and the queue 256 lines
		if err = p.Say(slices.Clone(line)); err != nil {
			break
		}
	}
	if !errors.Is(err, ErrBusy) {
		t.Errorf("after a thousand lines that nobody reads: %v", err)
	}
}

func TestLines(t *testing.T) {
	var got []string
	const longest = 1000
	l := Lines(longest, func(line []byte, cut bool) {
		text := string(line)
		if cut {
			text = "cut"
		}
		got = append(got, text)
	})
	long := strings.Repeat("x", longest)
	for _, part := range []string{"a\nb", "c\r\n\n", " \nd\ne", "\n", long, "y", "z\nf\n", long + "\n", long + "y\ng\n", "rest"} {
		if n, err := l.Write([]byte(part)); n != len(part) || err != nil {
			t.Errorf("of %d bytes %d are written, %v", len(part), n, err)
		}
	}
	if want := "a bc d e cut f " + long + " cut g"; strings.Join(got, " ") != want {
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

func TestEnvironment(t *testing.T) {
	own := []string{"HOME=/", "MQTTGATEWAY_MQTT_PASSWORD=swordfish", "NOTIFY_SOCKET=/run/notify", "WATCHDOG_USEC=1", "WATCHDOG=b"}
	if got, want := environment(own), []string{"HOME=/", "WATCHDOG=b", "PYTHONUNBUFFERED=1"}; !slices.Equal(got, want) {
		t.Errorf("a program gets %q, want %q", got, want)
	}
}

// While lines are heard others have a turn for each of them, though there is one processor.
func TestGivesWay(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	const many = 1000
	var turns atomic.Int64
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for {
			select {
			case <-stop:
				return
			default:
				turns.Add(1)
				runtime.Gosched()
			}
		}
	}()
	for turns.Load() == 0 {
		runtime.Gosched()
	}
	before := turns.Load()
	_, _ = Lines(10, func([]byte, bool) {}).Write([]byte(strings.Repeat("line\n", many)))
	if during := turns.Load() - before; during < many/2 {
		t.Errorf("others had %d turns while %d lines were heard", during, many)
	}
	close(stop)
	<-stopped
}
