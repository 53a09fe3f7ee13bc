package line

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// Each request comes at once and then once its interval; of those that are due at once the one with the shorter interval comes first.
func TestPollBeats(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := (&medium{}).line(t)
		begun := time.Now()
		var made []string
		poll := func(name string, every time.Duration) Polled[connection] {
			return Polled[connection]{every, func(context.Context, connection) error {
				made = append(made, fmt.Sprint(name, time.Since(begun)))
				return errRefused // which is an answer
			}}
		}
		ctx, cancel := context.WithTimeout(t.Context(), 65*time.Second)
		defer cancel()
		if err := l.Poll(ctx, 1, poll("slow ", time.Minute), poll("fast ", 20*time.Second)); err != nil {
			t.Error(err)
		}
		if want := []string{"fast 0s", "slow 0s", "fast 20s", "fast 40s", "fast 1m0s", "slow 1m0s"}; !slices.Equal(made, want) {
			t.Errorf("made %q, want %q", made, want)
		}
	})
}

// What has been due several times meanwhile is made once, and then when it would have been.
func TestPollOverdue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := (&medium{}).line(t)
		begun := time.Now()
		var made []time.Duration
		ctx, cancel := context.WithTimeout(t.Context(), 69*time.Second)
		defer cancel()
		_ = l.Poll(ctx, 1, Polled[connection]{10 * time.Second, func(context.Context, connection) error {
			made = append(made, time.Since(begun))
			if len(made) == 2 {
				time.Sleep(35 * time.Second)
			}
			return nil
		}})
		if want := []time.Duration{0, 10 * time.Second, 45 * time.Second, 50 * time.Second, 60 * time.Second}; !slices.Equal(made, want) {
			t.Errorf("made at %v, want %v", made, want)
		}
	})
}

func TestFollowing(t *testing.T) {
	zero := time.Unix(0, 0)
	for now, want := range map[int]int{100: 110, 109: 110, 110: 110, 115: 110, 119: 110, 120: 120, 135: 130} {
		if got := following(zero.Add(100), 10, zero.Add(time.Duration(now))); !got.Equal(zero.Add(time.Duration(want))) {
			t.Errorf("due at 100, made until %d: due at %d, want %d", now, got.UnixNano(), want)
		}
	}
}

// When a unit is away. Each row is a sequence of polls, one a second, each a letter: . is answered, r refused, x fails.
func TestAway(t *testing.T) {
	for _, row := range []struct {
		polls string
		takes time.Duration
		end   int // after how many polls Poll ends; 0: not
	}{
		{"xx.xx.xxx", 0, 9},
		{"xxx", 0, 3},
		{".xxx", 0, 4},
		{".xx.xx.", 0, 0},
		{"rxxrxx.", 0, 0},
		{".xx", 5 * time.Second, 0}, // two are not enough, however long they take
	} {
		synctest.Test(t, func(t *testing.T) {
			l := (&medium{}).line(t)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			if err := l.Do(ctx, Poll, 1, taking(0, nil)); err != nil {
				t.Error(err)
			}
			n := 0
			err := l.Poll(ctx, 1, Polled[connection]{time.Second, func(ctx context.Context, c connection) error {
				time.Sleep(row.takes)
				if n == len(row.polls) {
					cancel()
					return nil
				}
				n++
				return map[byte]error{'.': nil, 'r': errRefused, 'x': errSilent}[row.polls[n-1]]
			}})
			if want := map[bool]error{true: errSilent}[row.end > 0]; !errors.Is(err, want) || row.end > 0 && n != row.end {
				t.Errorf("%s: ended after %d polls with %v, want %d", row.polls, n, err, row.end)
			}
		})
	}
}

// A request that asks for it is made again before its beat, and keeps its beat; others take its place if it says so.
func TestPollAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := (&medium{}).line(t)
		begun := time.Now()
		var made []string
		poll := func(name string, outcome func(n int) error) Polled[connection] {
			n := 0
			return Polled[connection]{10 * time.Second, func(context.Context, connection) error {
				n++
				made = append(made, fmt.Sprint(name, time.Since(begun)))
				return outcome(n)
			}}
		}
		fine := func(int) error { return nil }
		busy := func(n int) error {
			if n < 3 {
				return &Again[connection]{After: time.Second, Err: errRefused}
			}
			return nil
		}
		split := func(n int) error {
			if n == 1 {
				return nil
			}
			return fmt.Errorf("too long: %w", &Again[connection]{Instead: []Polled[connection]{poll("left ", fine), poll("right ", fine)}, Err: errRefused})
		}
		ctx, cancel := context.WithTimeout(t.Context(), 25*time.Second)
		defer cancel()
		if err := l.Poll(ctx, 1, poll("busy ", busy), poll("whole ", split)); err != nil {
			t.Error(err)
		}
		want := []string{"busy 0s", "whole 0s", "busy 1s", "busy 2s", "busy 10s", "whole 10s", "left 10s", "right 10s", "busy 20s", "left 20s", "right 20s"}
		if !slices.Equal(made, want) {
			t.Errorf("made %q, want %q", made, want)
		}
	})
}

// Three requests that fail at once don't make a unit away before two intervals have passed.
func TestAwayTakesTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := (&medium{}).line(t)
		begun := time.Now()
		var polled []Polled[connection]
		for range 4 {
			polled = append(polled, Polled[connection]{10 * time.Second, func(context.Context, connection) error {
				if time.Since(begun) < time.Second {
					return nil
				}
				return errSilent
			}})
		}
		err := l.Poll(t.Context(), 1, polled...)
		if d := time.Since(begun); !errors.Is(err, errSilent) || d != 20*time.Second {
			t.Errorf("away after %v with %v, want 20s", d, err)
		}
	})
}

// A line that is down ends Poll at once, and so it does for each unit.
func TestPollDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &medium{}
		l := m.line(t)
		var wait sync.WaitGroup
		var broken atomic.Bool
		for unit := range 3 {
			wait.Go(func() {
				err := l.Poll(t.Context(), unit, Polled[connection]{time.Second, func(context.Context, connection) error {
					if broken.Load() {
						return errBroken
					}
					return nil
				}})
				if err == nil || err.Error() != `line "cellar": no such port` {
					t.Error(err)
				}
			})
		}
		time.Sleep(1500 * time.Millisecond)
		m.set(errPort)
		broken.Store(true)
		wait.Wait()
		if len(m.told) != 1 {
			t.Errorf("told %q", m.told)
		}
	})
}

// Five units on a line, polled once in five seconds, of which one dies; its device is opened again after 1, 2, 4 … 60 s. A request that is answered takes
// 100 ms, and one that is not 800 ms. From two minutes on the dead one has two requests a minute at most, the others lose no poll,
// and no command waits longer than one request.
func TestDeadUnit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := (&medium{}).line(t)
		ctx, cancel := context.WithTimeout(t.Context(), 12*time.Minute-time.Second)
		defer cancel()
		begun := time.Now()
		var mu sync.Mutex
		made := map[int][]time.Duration{}
		var wait sync.WaitGroup
		for unit := range 5 {
			ask := func(ctx context.Context, c connection) error {
				mu.Lock()
				made[unit] = append(made[unit], time.Since(begun))
				mu.Unlock()
				if unit == 4 && time.Since(begun) > time.Minute {
					return taking(800*time.Millisecond, errSilent)(ctx, c)
				}
				return taking(100*time.Millisecond, nil)(ctx, c)
			}
			open := taking(0, nil)
			if unit == 4 {
				open = ask
			}
			wait.Go(func() {
				for wait := time.Second; ctx.Err() == nil; wait = min(2*wait, time.Minute) {
					err := l.Do(ctx, Poll, unit, open)
					if err == nil {
						err = l.Poll(ctx, unit, Polled[connection]{5 * time.Second, ask})
					}
					if err != nil && ctx.Err() == nil && unit != 4 {
						t.Error(unit, err)
					}
					time.Sleep(wait)
				}
			})
		}
		for ctx.Err() == nil {
			time.Sleep(777 * time.Millisecond)
			asked := time.Now()
			_ = l.Do(ctx, Write, 0, func(context.Context, connection) error {
				if d := time.Since(asked); d > 800*time.Millisecond {
					t.Errorf("a command has waited %v", d)
				}
				return nil
			})
		}
		wait.Wait()
		for unit := range 4 {
			for i, at := range made[unit] {
				if late := at - time.Duration(i)*5*time.Second; late < 0 || late > 1300*time.Millisecond {
					t.Fatalf("unit %d: poll %d comes at %v", unit, i, at)
				}
			}
			if len(made[unit]) != 144 {
				t.Errorf("unit %d: %d polls, want 144", unit, len(made[unit]))
			}
		}
		last := map[int]int{}
		for _, at := range made[4] {
			if minute := int(at / time.Minute); minute >= 3 {
				if last[minute]++; last[minute] > 2 {
					t.Errorf("minute %d: %d requests to the dead unit", minute, last[minute])
				}
			}
		}
		if len(last) < 8 {
			t.Errorf("%v: the dead unit is tried no more", last)
		}
	})
}
