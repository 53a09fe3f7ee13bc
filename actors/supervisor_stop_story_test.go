package actors_test

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// At the end devices finish what they were given, and their last words leave before the link closes.
func TestStopFinishesWhatWasBegun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, lamps("a"))
		session := b.broker.session()
		for _, action := range []string{"ONE", "TWO", "THREE"} {
			session.options.Arrived(arrival("home////a/me/C", action))
		}
		b.end()
		want := []string{"home////a/gw/S ONE", "home////a/gw/S TWO", "home////a/gw/S THREE", "home////a/gw/S CLOSED"}
		if got := b.broker.published(); !slices.Equal(got, want) {
			t.Errorf("published %q, want %q", got, want)
		}
		if !session.closed || session.killed {
			t.Error("the session was not closed in good order")
		}
	})
}

// Whatever devices and the broker do, the stop is over within the grace time.
func TestStopIsOverInTime(t *testing.T) {
	for _, row := range []struct {
		name   string
		before func(b *bench)
		longer bool // it takes its time
		says   string
	}{
		{"nothing to wait for", func(*bench) {}, false, "stopped"},
		{"a device that hangs", func(b *bench) { b.arrive("home////a/me/C", "HANG") }, true, "stopped"},
		{"a device that sleeps", func(b *bench) { b.arrive("home////a/me/C", "SLEEP") }, true, "devices=[a]"},
		{"a device that is down", func(b *bench) { b.arrive("home////a/me/C", "BREAK") }, false, "stopped"},
		{"a link that is down", func(b *bench) {
			b.broker.locked(func() { b.broker.down = errRefused })
			b.broker.session().lose(errRefused)
			synctest.Wait()
		}, false, "not everything could be sent unsent=1"},
		{"a link that is coming up", func(b *bench) {
			b.broker.locked(func() { b.broker.hang = true })
			b.broker.session().lose(errRefused)
			time.Sleep(5 * time.Second)
		}, false, "unsent=1"},
		{"a broker that acknowledges nothing", func(b *bench) {
			b.broker.locked(func() { b.broker.hold = true })
		}, true, "stopped"},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := start(t, lamps("a"))
				row.before(b)
				began := time.Now()
				b.stop()
				<-b.done
				took := time.Since(began)
				if took > 12*time.Second || !row.longer && took > 0 {
					t.Errorf("the stop took %v", took)
				}
				if lines := strings.Join(b.log.take(), "\n"); !strings.Contains(lines, row.says) {
					t.Errorf("nothing says %q:\n%s", row.says, lines)
				}
				b.end()
			})
		})
	}
}
