package actors_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mqttgateway/mqttgateway/config"
)

// A device that fails in any way is opened again; what it is sent meanwhile is refused, and the others go on.
func TestDeviceFailsAndComesBack(t *testing.T) {
	for _, action := range []string{"PANIC", "BREAK"} {
		t.Run(action, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := start(t, lamps("a", "b"))
				defer b.end()
				b.log.take()
				b.arrive("home////a/me/C", action)
				b.arrive("home////a/me/C", "ON")
				b.arrive("home////b/me/C", "ON")
				want := []string{"home////a/gw/S CLOSED", "home////b/gw/S ON"}
				if got := b.broker.published(); !slices.Equal(got, want) {
					t.Errorf("published %q, want %q", got, want)
				}
				time.Sleep(time.Second)
				b.arrive("home////a/me/C", "ON")
				if got := b.broker.published(); got[len(got)-1] != "home////a/gw/S ON" {
					t.Errorf("published last %q, want the device back after the back-off", got[len(got)-1])
				}
				lines := unrecorded(b.log.take())
				if len(lines) != 3 {
					t.Errorf("want a line each for the failure, the refusal and the return, have:\n%s", strings.Join(lines, "\n"))
				}
				if line := lines[0]; action == "PANIC" && !strings.Contains(line, "(*lamp).Handle (gateway_test.go:") {
					t.Errorf("the stack does not lead to the panic: %s", line)
				}
			})
		})
	}
}

// Equipment is never given up; the wait grows up to a minute.
func TestOpeningIsTriedForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		list := lamps("a")
		list[0].Params = map[string]any{"opening": "fail"}
		b := start(t, list)
		defer b.end()
		time.Sleep(24 * time.Hour)
		synctest.Wait()
		lines := b.log.take()
		if n := len(lines); n < 100 || n > 24*60*2 {
			t.Errorf("%d lines in a day, want about one for each wait of up to a minute", n)
		}
		last := lines[len(lines)-1]
		if !strings.Contains(last, "no such port") {
			t.Errorf("the last line is %q, want the latest failure", last)
		}
	})
}

func TestWrongConfigurationStopsOneDeviceForGood(t *testing.T) {
	for name, params := range map[string]map[string]any{
		"the opener says so":   {"opening": "config"},
		"a parameter misspelt": {"openin": "fail"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				list := lamps("a", "b")
				list[0].Params = params
				b := start(t, list)
				defer b.end()
				time.Sleep(time.Hour)
				b.arrive("home////b/me/C", "ON")
				if got := b.broker.published(); !slices.Equal(got, []string{"home////b/gw/S ON"}) {
					t.Errorf("published %q, want the other device at work", got)
				}
				var about []string
				for _, line := range b.log.take() {
					if strings.Contains(line, "device=a") {
						about = append(about, line)
					}
				}
				if len(about) != 1 || !strings.HasPrefix(about[0], "ERROR device stays down") {
					t.Errorf("want one error about it, have %q", about)
				}
			})
		})
	}
}

func TestRefusalsAndHangs(t *testing.T) {
	for _, row := range []struct {
		name   string
		action string
		wait   time.Duration // until the device is there again
		online bool          // it is there all the time
		says   string
	}{
		{"a refused action costs nothing", "REFUSE", 0, true, "action refused"},
		{"a Handle that heeds its context", "HANG", 12 * time.Second, false, "not done after 10s"},
		{"a Handle that does not", "SLEEP", 62 * time.Second, false, "not done after 10s"},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := start(t, lamps("a", "b"))
				defer b.end()
				b.log.take()
				b.arrive("home////a/me/C", row.action)
				b.arrive("home////b/me/C", "FIRST")
				time.Sleep(11 * time.Second)
				b.arrive("home////a/me/C", "ON")
				online := slices.Contains(b.broker.published(), "home////a/gw/S ON")
				if online != row.online && row.action != "HANG" {
					t.Errorf("answers 11 s later: %v, want %v", online, row.online)
				}
				time.Sleep(row.wait)
				b.arrive("home////a/me/C", "LATER")
				if got := b.broker.published(); !slices.Contains(got, "home////a/gw/S LATER") || !slices.Contains(got, "home////b/gw/S FIRST") {
					t.Errorf("published %q, want both devices to have answered", got)
				}
				if lines := strings.Join(b.log.take(), "\n"); !strings.Contains(lines, row.says) {
					t.Errorf("nothing says %q:\n%s", row.says, lines)
				}
			})
		})
	}
}

func TestBurstToDeviceThatMakesProgressIsNotRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, lamps("a"))
		defer b.end()
		session := b.broker.session()
		for i := range 20 {
			session.options.Arrived(arrival("home////a/me/C", fmt.Sprint("ON", i)))
		}
		synctest.Wait()
		if got := b.gateway.Counters().Handled.Load(); got != 20 {
			t.Errorf("%d of 20 handled", got)
		}
	})
}

// A crowd in which one panics on each message and one hangs for ever says little, and the others lose nothing.
func TestCrowdWithTwoBadOnes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var names []string
		for i := range 50 {
			names = append(names, fmt.Sprint("d", i))
		}
		b := start(t, lamps(names...))
		b.log.take()
		for i := range 1200 { // a minute, each device every 2.5 s
			time.Sleep(50 * time.Millisecond)
			name, action := names[i%50], "ON"
			switch i % 50 {
			case 0:
				action = "PANIC"
			case 1:
				action = "SLEEP"
			}
			b.broker.session().options.Arrived(arrival("home////"+name+"/me/C", action))
		}
		synctest.Wait()
		if got := b.gateway.Counters().Handled.Load(); got < 1200-48 {
			t.Errorf("%d handled, want all %d of the 48", got, 1200-48)
		}
		if lines := b.log.take(); len(lines) > 20 {
			t.Errorf("%d lines in a minute, want at most 20:\n%s", len(lines), strings.Join(lines, "\n"))
		}
		b.end()
	})
}

func TestUnknownTypeIsRefusedAtTheStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		list := []config.Device{{Name: "a", Type: "lmap"}, {Name: "b", Type: "pmal"}}
		err := newGateway(t, list)
		for _, want := range []string{`device "a": unknown device type "lmap"`, `device "b"`, `"lamp"`} {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("error %v, want it to say %s", err, want)
			}
		}
	})
}
