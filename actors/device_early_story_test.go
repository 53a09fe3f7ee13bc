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

// A device that is slow once loses nothing of what its mailbox has room for, and handles it in order.
func TestSlowDeviceKeepsWhatItHasRoomFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		list := lamps("a")
		list[0].Timeout = 2 * time.Minute
		b := start(t, list)
		b.arrive("home////a/me/C", "SLEEP")
		var want []string
		for n := range 25 {
			time.Sleep(10 * time.Millisecond)
			b.arrive("home////a/me/C", fmt.Sprint("ON", n))
			want = append(want, fmt.Sprint("home////a/gw/S ON", n))
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if got := b.broker.published(); !slices.Equal(got, want) {
			t.Errorf("published %q, want %q", got, want)
		}
		if c := b.gateway.Counters(); c.TurnedAway.Load() != 0 || c.Early.Load() != 22 {
			t.Errorf("%d refused and %d acknowledged early, want none, and all but the 3 latest of those that waited",
				c.TurnedAway.Load(), c.Early.Load())
		}
		b.end()
		told := of(b.log.take(), func(line string) bool { return strings.Contains(line, "acknowledged early") })
		if len(told) != 2 || !strings.Contains(told[0], "INFO device slow, messages acknowledged early device=a") ||
			!strings.Contains(told[0], "err=handling SLEEP: takes longer than 100ms") || !strings.Contains(told[1], "more=21") {
			t.Errorf("the log tells %q, want a line and a sum, and why", told)
		}
	})
}

// What a device had no time for when the process ended, though it was acknowledged, is handled by the next one before
// anything else, answered, and then forgotten. What is for a device that is no more is told.
func TestEarlyOutlivesTheProcess(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		list := lamps("a", "b")
		list[0].Timeout, list[1].Timeout = 2*time.Minute, 2*time.Minute
		b := start(t, list, spooled(dir))
		b.arrive("home////a/me/C", "SLEEP")
		b.arrive("home////b/me/C", "SLEEP")
		for n := range 10 {
			b.arrive("home////a/me/C", fmt.Sprint("ON", n))
			b.arrive("home////b/me/C", fmt.Sprint("ON", n))
		}
		time.Sleep(time.Second)
		b.end() // both sleep for longer than the grace time
		if lines := strings.Join(b.log.take(), "\n"); !strings.Contains(lines, "devices did not close in time") {
			t.Errorf("the devices were to sleep through the end:\n%s", lines)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		list := answering(config.ReplyAddressed, "a")
		list[0].Timeout = 2 * time.Minute
		b := start(t, list, spooled(dir))
		b.arrive("home////a/me/C", "LATER")
		time.Sleep(time.Minute + time.Second)
		want := []string{`home////a/gw/S {"action":"SLEEP","response":"OK"}`}
		for n := range 6 { // the 4 others had the broker waiting
			want = append(want, fmt.Sprint("home////a/gw/S ON", n),
				fmt.Sprintf(`home////a/gw/S {"action":"ON%d","response":"OK"}`, n))
		}
		want = append(want, "home////a/gw/S LATER", `home////a/gw/S {"action":"LATER","response":"OK"}`)
		got := b.broker.published()
		if isStatus := func(m string) bool { return !strings.Contains(m, "response") }; !slices.Equal(of(got, isStatus), of(want, isStatus)) {
			t.Errorf("published %q, want %q", of(got, isStatus), of(want, isStatus))
		}
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("published %q, want %q", got, want)
		}
		if lines := strings.Join(b.log.take(), "\n"); !strings.Contains(lines, `messages of before are handled first messages=14`) ||
			!strings.Contains(lines, `device "b": there is none`) {
			t.Errorf("the log does not tell of what was kept:\n%s", lines)
		}
		b.end()
	})
	synctest.Test(t, func(t *testing.T) {
		b := start(t, lamps("a", "b"), spooled(dir))
		if got := b.broker.published(); len(got) != 0 {
			t.Errorf("published %q again", got)
		}
		b.end()
	})
}

// of returns the texts that are.
func of(texts []string, are func(string) bool) (some []string) {
	for _, text := range texts {
		if are(text) {
			some = append(some, text)
		}
	}
	return some
}
