package service

import (
	"context"
	"os"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

const (
	unfed = "level=ERROR msg=\"gateway does not answer, the watchdog is not fed\" watchdog=20s err=\"mapper has not answered\"\n"
	refed = "level=INFO msg=\"gateway answers again, the watchdog is fed\"\n"
)

func TestWatchdog(t *testing.T) {
	const never = time.Hour
	tests := []struct {
		name   string
		silent time.Duration // the gateway doesn't answer from then on
		again  time.Duration // the gateway answers again from then on
		tape   []string      // in 45 s
		log    string
	}{
		{
			name:   "a gateway that answers",
			silent: never, again: never,
			tape: []string{"10s WATCHDOG=1", "20s WATCHDOG=1", "30s WATCHDOG=1", "40s WATCHDOG=1"},
		},
		{
			name:   "one that falls silent",
			silent: 25 * time.Second, again: never,
			tape: []string{"10s WATCHDOG=1", "20s WATCHDOG=1"},
			log:  unfed,
		},
		{
			name:   "one that recovers in time",
			silent: 25 * time.Second, again: 32 * time.Second,
			tape: []string{"10s WATCHDOG=1", "20s WATCHDOG=1", "35s WATCHDOG=1", "45s WATCHDOG=1"},
			log:  unfed + refed,
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := newGateway()
				ctx, cancel := context.WithCancel(t.Context())
				s := &Service{options: g.options(), notify: g.note, watchdog: 20 * time.Second}
				time.AfterFunc(test.silent, func() { g.fallSilent(true) })
				time.AfterFunc(test.again, func() { g.fallSilent(false) })
				s.tasks.Go(func() { s.feedWatchdog(ctx) })
				time.Sleep(45*time.Second + time.Millisecond)
				cancel()
				s.tasks.Wait()
				wantTape(t, g, test.tape...)
				if got := g.log(); got != test.log {
					t.Errorf("logged\n%s\nwant\n%s", got, test.log)
				}
			})
		})
	}
}

// systemd does not kill a gateway whose reload hangs.
func TestWatchdogBesideAReload(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGateway()
		ctx, cancel := context.WithCancel(t.Context())
		g.reload = func(ctx context.Context) Difference { <-ctx.Done(); return Difference{} }
		s := &Service{options: g.options(), notify: g.note, watchdog: 20 * time.Second, hangups: make(chan os.Signal, 1)}
		s.hangups <- syscall.SIGHUP
		s.tasks.Go(func() { s.attend(ctx) })
		time.Sleep(time.Minute + time.Millisecond)
		cancel()
		s.tasks.Wait()
		fed := 0
		for _, line := range g.tape {
			if strings.HasSuffix(line, " WATCHDOG=1") {
				fed++
			}
		}
		if fed != 6 {
			t.Errorf("fed %d times in a minute, want 6: %q", fed, g.tape)
		}
	})
}
