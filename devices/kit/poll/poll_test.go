package poll

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

func ExampleEvery() {
	temperatures := []string{"21.5", "", "21.7"}
	err := Every(context.Background(), time.Millisecond, func(context.Context) error {
		if len(temperatures) == 0 || temperatures[0] == "" {
			temperatures = temperatures[min(1, len(temperatures)):]
			return errors.New("no answer")
		}
		fmt.Println(temperatures[0])
		temperatures = temperatures[1:]
		return nil
	})
	fmt.Println("after three failures in a row:", err)
	// Output:
	// 21.5
	// 21.7
	// after three failures in a row: no answer
}

func TestNext(t *testing.T) {
	for _, row := range []struct {
		name   string
		took   time.Duration
		chance float64
		want   time.Duration
	}{
		{"no time", 0, 0.5, 10 * time.Second},
		{"early", 0, 0, 9 * time.Second},
		{"late", 0, 1, 11 * time.Second},
		{"some time", 4 * time.Second, 0.5, 6 * time.Second},
		{"most of the interval, and early", 9900 * time.Millisecond, 0, 0},
		{"one interval", 10 * time.Second, 0.5, 10 * time.Second},
		{"the beats that are missed are left out", 34 * time.Second, 0.5, 6 * time.Second},
	} {
		if got := next(row.took, 10*time.Second, row.chance); got != row.want {
			t.Errorf("%s: next(%v, 10s, %v) is %v, want %v", row.name, row.took, row.chance, got, row.want)
		}
	}
}

// Each row is a sequence of polls, one letter each: . succeeds, x fails, | ends the context while it runs.
func TestEnds(t *testing.T) {
	for _, row := range []struct {
		polls string
		want  string
	}{
		{"xxx", "poll 2"},
		{"..xxx", "poll 4"},
		{"xx.xx.xxx", "poll 8"},
		{"|", "<nil>"},
		{"xx|", "<nil>"},
	} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			n := -1
			err := Every(ctx, time.Minute, func(context.Context) error {
				switch n++; row.polls[n] {
				case '.':
					return nil
				case '|':
					cancel()
				}
				return fmt.Errorf("poll %d", n)
			})
			if fmt.Sprint(err) != row.want || n != len(row.polls)-1 {
				t.Errorf("%s: ended after poll %d with %v, want %s", row.polls, n, err, row.want)
			}
		})
	}
}

// The first poll comes at once, each other an interval after the one before, give or take a tenth, and not always the same.
func TestBeats(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const interval = 10 * time.Second
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		begun := time.Now()
		last := begun
		var gaps []time.Duration
		err := Every(ctx, interval, func(context.Context) error {
			gaps, last = append(gaps, time.Since(last)), time.Now()
			time.Sleep(time.Second)
			return nil
		})
		// a poll that is under way then ends first
		if took := time.Since(begun); err != nil || took < time.Hour || took >= time.Hour+time.Second {
			t.Errorf("ended after %v with %v, want nil when the context is done, after 1h", took, err)
		}
		if gaps[0] != 0 {
			t.Errorf("the first poll came after %v", gaps[0])
		}
		gaps = gaps[1:]
		if shortest, longest := slices.Min(gaps), slices.Max(gaps); shortest < interval*9/10 || longest > interval*11/10 || longest-shortest < interval/10 {
			t.Errorf("between two polls %v to %v, want %v and a tenth more or less", shortest, longest, interval)
		}
	})
}

// Equipment that is slow for a while gets no burst of polls when it is fast again.
func TestNoBurst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const interval = 10 * time.Second
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
		defer cancel()
		var begun []time.Duration
		start := time.Now()
		_ = Every(ctx, interval, func(context.Context) error {
			begun = append(begun, time.Since(start))
			if len(begun) == 1 {
				time.Sleep(95 * time.Second)
			}
			return nil
		})
		for i := 2; i < len(begun); i++ {
			if gap := begun[i] - begun[i-1]; gap < interval*9/10 {
				t.Errorf("poll %d came %v after the one before", i, gap)
			}
		}
		if len(begun) < 45 || len(begun) > 55 {
			t.Errorf("%d polls in 10 minutes, of which one took 95 seconds", len(begun))
		}
	})
}

func TestIntervalMustBePositive(t *testing.T) {
	defer func() {
		if got := recover(); got != "poll: an interval of 0s" {
			t.Errorf("panic: %v", got)
		}
	}()
	_ = Every(t.Context(), 0, nil)
}
