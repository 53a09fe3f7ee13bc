package service

import (
	"context"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// attended starts attend for a fake gateway inside a synctest bubble. The datagrams to systemd go to the gateway's
// tape.
func attended(t *testing.T, g *gateway) (s *Service, hangups chan<- os.Signal, stop func()) {
	ctx, cancel := context.WithCancel(t.Context())
	s = &Service{options: g.options(), notify: g.note, watched: true, hangups: make(chan os.Signal, 1)}
	s.tasks.Go(func() { s.attend(ctx) })
	synctest.Wait()
	return s, s.hangups, func() {
		cancel()
		s.tasks.Wait()
	}
}

func wantTape(t *testing.T, g *gateway, want ...string) {
	t.Helper()
	if got := locked(g, func() []string { return slices.Clone(g.tape) }); !slices.Equal(got, want) {
		t.Errorf("systemd was told\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

func TestReadyWhenTheGatewayAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGateway()
		g.fallSilent(true)
		_, _, stop := attended(t, g)
		time.Sleep(10 * time.Second)
		wantTape(t, g, "0s STATUS=starting")
		g.fallSilent(false)
		time.Sleep(1100 * time.Millisecond) // ends before the question that is under way is answered
		stop()
		wantTape(t, g,
			"0s STATUS=starting",
			"11s READY=1 STATUS=link connected, devices: 2 online, 0 down",
			"11.1s STOPPING=1 STATUS=stopping")
	})
}

func TestStoppedBeforeReady(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGateway()
		g.fallSilent(true)
		_, _, stop := attended(t, g)
		stop()
		wantTape(t, g, "0s STATUS=starting", "0s STOPPING=1 STATUS=stopping")
	})
}

func TestStatusWhenItChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGateway()
		_, _, stop := attended(t, g)
		time.Sleep(7 * time.Second)
		g.become(State{Link: "waiting", Devices: Devices{Online: 1, Opening: 1, Down: 3}})
		for i := range 14 { // in 1.4 s
			time.Sleep(100 * time.Millisecond)
			g.become(State{Link: "waiting", Devices: Devices{Online: i}})
		}
		time.Sleep(20 * time.Second)
		stop()
		wantTape(t, g,
			"0s STATUS=starting",
			"0s READY=1 STATUS=link connected, devices: 2 online, 0 down",
			"7s STATUS=link waiting, devices: 1 online, 3 down, 1 opening",
			"9s STATUS=link waiting, devices: 13 online, 0 down",
			"28.4s STOPPING=1 STATUS=stopping")
	})
}

// Of what changes without a word, a time that grows is told as often as any change, and a count once in a minute.
func TestStatusThatGrows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGateway()
		_, _, stop := attended(t, g)
		quietly := func(change func(s *State)) { locked(g, func() bool { change(&g.state); return true }) }
		quietly(func(s *State) { s.TooLarge = 2 })
		time.Sleep(100 * time.Second)
		quietly(func(s *State) { s.UnansweredSeconds = 10 })
		g.become(g.state)
		time.Sleep(time.Second)
		quietly(func(s *State) { s.UnansweredSeconds = 11 })
		time.Sleep(2 * time.Second)
		stop()
		const well = "STATUS=link connected, devices: 2 online, 0 down, messages too large: 2"
		wantTape(t, g,
			"0s STATUS=starting",
			"0s READY=1 STATUS=link connected, devices: 2 online, 0 down",
			"1m0s "+well,
			"1m40s "+strings.Replace(well, ",", ", acknowledgements outstanding for 10s,", 1),
			"1m42s "+strings.Replace(well, ",", ", acknowledgements outstanding for 11s,", 1),
			"1m43s STOPPING=1 STATUS=stopping")
	})
}

// numbered returns n names.
func numbered(n int) (names []string) {
	for i := range n {
		names = append(names, fmt.Sprint("d", i))
	}
	return names
}

var monotonic = regexp.MustCompile(`MONOTONIC_USEC=[1-9]\d*`)

func TestReload(t *testing.T) {
	tests := []struct {
		name   string
		reload Difference
		log    string
	}{
		{
			name: "nothing has changed",
			log:  "level=INFO msg=\"configuration read again\" took=3s\n",
		},
		{
			name: "taken",
			reload: Difference{
				Added: []string{"a", "b"}, Removed: numbered(21), Changed: []Change{{"c", []string{"retain"}}}, Kept: 980,
				Map: []string{"topics"}, Options: []string{"log.level"}, Restart: []string{"mqtt.qos"},
			},
			log: `level=INFO msg="configuration read again" added=2 added_devices="[a b]" removed=21 removed_devices="[` +
				strings.Join(numbered(20), " ") + ` …]" changed=1 changed_devices=[c] map=[topics] options=[log.level] restart_needed_for=[mqtt.qos] took=3s` + "\n",
		},
		{
			name:   "refused",
			reload: Difference{Faults: []string{`map file "a": no root`, "log.level: loud"}},
			log: `level=ERROR msg="configuration refused, what was in force stays" err="map file \"a\": no root"` + "\n" +
				`level=ERROR msg="configuration refused, what was in force stays" err="log.level: loud"` + "\n",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := newGateway()
				g.reload = func(context.Context) Difference {
					time.Sleep(3 * time.Second)
					g.state.Devices.Online++
					return test.reload
				}
				_, hangups, stop := attended(t, g)
				time.Sleep(time.Second)
				hangups <- syscall.SIGHUP
				time.Sleep(10 * time.Second)
				stop()
				for i, line := range g.tape {
					g.tape[i] = monotonic.ReplaceAllString(line, "MONOTONIC_USEC=n")
				}
				wantTape(t, g,
					"0s STATUS=starting",
					"0s READY=1 STATUS=link connected, devices: 2 online, 0 down",
					"1s RELOADING=1 MONOTONIC_USEC=n",
					"4s READY=1",
					"4s STATUS=link connected, devices: 3 online, 0 down",
					"11s STOPPING=1 STATUS=stopping")
				if got := g.log(); got != test.log {
					t.Errorf("logged\n%s\nwant\n%s", got, test.log)
				}
			})
		})
	}
}

// A SIGHUP during the start is kept, and systemd gets READY before it gets RELOADING: a reload does not stand for the
// end of the start.
func TestReloadWaitsForTheStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGateway()
		g.fallSilent(true)
		reloads := 0
		g.reload = func(context.Context) Difference { reloads++; return Difference{} }
		_, hangups, stop := attended(t, g)
		hangups <- syscall.SIGHUP
		time.Sleep(10 * time.Second)
		if reloads > 0 {
			t.Error("reloaded before the gateway was up")
		}
		g.fallSilent(false)
		time.Sleep(1100 * time.Millisecond)
		stop()
		if reloads != 1 {
			t.Errorf("%d reloads, want 1", reloads)
		}
		if !strings.Contains(g.tape[1], "READY=1 STATUS") || !strings.Contains(g.tape[2], "RELOADING=1") {
			t.Errorf("systemd was told %q, want READY before RELOADING", g.tape)
		}
	})
}

func TestStopEndsAReload(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGateway()
		g.reload = func(ctx context.Context) Difference { <-ctx.Done(); return Difference{Faults: []string{"stopped"}} }
		_, hangups, stop := attended(t, g)
		hangups <- syscall.SIGHUP
		synctest.Wait()
		stop()
		if got := g.tape[len(g.tape)-1]; got != "0s STOPPING=1 STATUS=stopping" {
			t.Errorf("systemd was told %q last, want that the gateway stops", got)
		}
		if got := g.log(); got != "" {
			t.Errorf("logged %q, want nothing: nobody has refused anything", got)
		}
	})
}

// A request whose asker has gone is carried out only if it has begun: of a thousand that wait, none is.
func TestRequestsOfWhoHasGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGateway()
		begun, ended := 0, 0
		g.reload = func(context.Context) Difference {
			begun++
			time.Sleep(3 * time.Second)
			ended++
			return Difference{}
		}
		s, _, stop := attended(t, g)
		ctx, leave := context.WithCancel(t.Context())
		var askers sync.WaitGroup
		for range 1000 {
			askers.Go(func() { s.Do(ctx, Reload) })
		}
		time.Sleep(time.Second)
		leave()
		askers.Wait()
		if took := time.Since(g.born); took != time.Second {
			t.Errorf("who has gone waits until %v", took)
		}
		time.Sleep(time.Minute)
		for range 100 { // the service attends to requests now
			s.Do(ctx, Reload)
		}
		stop()
		if begun != 1 || ended != 1 {
			t.Errorf("%d reloads have begun, and %d have ended; want the one that was under way", begun, ended)
		}
	})
}

// Who waits for too long is told whether the gateway has begun.
func TestRequestsThatTakeTooLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGateway()
		g.reload = func(context.Context) Difference { time.Sleep(time.Minute); return Difference{} }
		s, _, stop := attended(t, g)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		var askers sync.WaitGroup
		for _, row := range []struct {
			request Request
			want    string
		}{
			{Reload, "no answer in time: what was asked may be done yet"},
			{Diff, "no answer in time: the gateway is busy, and has not begun with what was asked"},
		} {
			askers.Go(func() {
				if got := s.Do(ctx, row.request); !slices.Equal(got.Faults, []string{row.want}) {
					t.Errorf("%s: got %q, want %q", row.request, got.Faults, row.want)
				}
			})
			synctest.Wait()
		}
		askers.Wait()
		time.Sleep(time.Minute)
		stop()
	})
}
