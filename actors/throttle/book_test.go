package throttle

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

var start = time.Date(2024, 2, 29, 23, 59, 0, 0, time.UTC)

func at(seconds float64) time.Time {
	return start.Add(time.Duration(seconds * float64(time.Second)))
}

// story enters errors of one kind into a book, calls Due exactly when a sum is due, and records each line.
type story struct {
	book  *Book[string]
	kind  Kind
	every time.Duration
	lines []string
}

func (s *story) say(now time.Time, format string, args ...any) {
	s.lines = append(s.lines, fmt.Sprintf("%g ", now.Sub(start).Seconds())+fmt.Sprintf(format, args...))
}

func (s *story) due(until time.Time) {
	for {
		next, open := s.book.Next()
		if !open || next.After(until) {
			return
		}
		sums := s.book.Due(next)
		if len(sums) == 0 {
			s.say(next, "nothing is due")
			return
		}
		s.sums(next, sums)
	}
}

func (s *story) sums(now time.Time, sums []Sum[string]) {
	for _, sum := range sums {
		state := ""
		if sum.Up {
			state = ", up"
		}
		s.say(now, "%d more in %s, latest %s%s", sum.More, sum.In, sum.Latest, state)
	}
}

func (s *story) fail(seconds float64) {
	now := at(seconds)
	s.due(now)
	if s.book.Note(now, s.kind, fmt.Sprintf("e%g", seconds), s.every) {
		s.say(now, "fresh")
	}
}

func (s *story) recover(seconds float64) {
	now := at(seconds)
	s.due(now)
	if r, line := s.book.Recover(now, s.kind.Who, s.kind.What); line {
		s.say(now, "up, %d more %s, down %s", r.More, r.Latest, r.Down)
	}
}

// The events are times in seconds. A negative one is a recovery.
func TestLines(t *testing.T) {
	for _, test := range []struct {
		name   string
		every  time.Duration
		events []float64
		want   []string
	}{
		{"one error", 0, []float64{3}, []string{"3 fresh"}},
		{"the design's instants", 0, []float64{0, 1, 2, 15, 36}, []string{
			"0 fresh", "10 2 more in 10s, latest e2", "20 1 more in 10s, latest e15", "36 fresh"}},
		{"an error as the time is up belongs to the next window", 0, []float64{0, 1, 10}, []string{
			"0 fresh", "10 1 more in 10s, latest e1", "20 1 more in 10s, latest e10"}},
		{"just less than twice the time is not fresh", 0, []float64{0, 19.5}, []string{
			"0 fresh", "20 1 more in 10s, latest e19.5"}},
		{"twice the time is fresh", 0, []float64{0, 20}, []string{"0 fresh", "20 fresh"}},
		{"empty windows begin anew unseen", 0, []float64{0, 9, 18, 34}, []string{
			"0 fresh", "10 1 more in 10s, latest e9", "20 1 more in 10s, latest e18", "40 1 more in 10s, latest e34"}},
		{"freshness counts from the latest error, not the latest line", 0, []float64{0, 15, 34.5}, []string{
			"0 fresh", "20 1 more in 10s, latest e15", "40 1 more in 10s, latest e34.5"}},
		{"a throttle time of its own", time.Minute, []float64{0, 30, 119, 240}, []string{
			"0 fresh", "60 1 more in 1m0s, latest e30", "120 1 more in 1m0s, latest e119", "240 fresh"}},

		{"recovery of a fresh error", 0, []float64{0, -4}, []string{"0 fresh", "4 up, 0 more , down 4s"}},
		{"recovery takes the last count", 0, []float64{0, 1, 2, -4}, []string{
			"0 fresh", "4 up, 2 more e2, down 4s"}},
		{"recovery after a sum", 0, []float64{0, 1, 12, -14}, []string{
			"0 fresh", "10 1 more in 10s, latest e1", "14 up, 1 more e12, down 14s"}},
		{"recovery long after the account is closed", 0, []float64{0, -300}, []string{
			"0 fresh", "300 up, 0 more , down 5m0s"}},
		{"recovery without trouble", 0, []float64{-1}, nil},
		{"a second recovery", 0, []float64{0, -1, -2}, []string{"0 fresh", "1 up, 0 more , down 1s"}},
		{"recovery is no reason to be fresh", 0, []float64{0, -1, 5}, []string{
			"0 fresh", "1 up, 0 more , down 1s", "11 1 more in 10s, latest e5"}},
		{"recovery of what no line told", 0, []float64{0, -1, 5, -6}, []string{
			"0 fresh", "1 up, 0 more , down 1s", "11 1 more in 10s, latest e5, up"}},
		{"a sum that says up needs no recovery", 0, []float64{0, -1, 5, -6, 12, -13, 33}, []string{
			"0 fresh", "1 up, 0 more , down 1s", "11 1 more in 10s, latest e5, up",
			"21 1 more in 10s, latest e12, up", "33 fresh"}},
		{"a sum that says nothing of up does", 0, []float64{0, -1, 5, -12}, []string{
			"0 fresh", "1 up, 0 more , down 1s", "11 1 more in 10s, latest e5", "12 up, 0 more , down 7s"}},
		{"fresh again while down", 0, []float64{0, 36, -40}, []string{
			"0 fresh", "36 fresh", "40 up, 0 more , down 40s"}},
		{"two recoveries are two lines if both were fresh", 0, []float64{0, -1, 21, -22}, []string{
			"0 fresh", "1 up, 0 more , down 1s", "21 fresh", "22 up, 0 more , down 1s"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := story{book: New[string](10*time.Second, 8), kind: Kind{"lamp", "open", ""}, every: test.every}
			for _, e := range test.events {
				if e < 0 {
					s.recover(-e)
				} else {
					s.fail(e)
				}
			}
			s.due(at(1e6))
			if !slices.Equal(s.lines, test.want) {
				t.Errorf("events %v\n got %q\nwant %q", test.events, s.lines, test.want)
			}
		})
	}
}

func TestFlappingForAnHour(t *testing.T) {
	for _, phase := range []float64{0.001, 0.5, 0.999} {
		s := story{book: New[string](10*time.Second, 8), kind: Kind{"link", "lost", ""}, every: time.Minute}
		for second := range 3600 {
			s.fail(float64(second))
			s.recover(float64(second) + phase)
		}
		s.due(at(1e6))
		if n := len(s.lines); n < 60 || n >= 150 {
			t.Errorf("up after %g s: %d lines, want 60 to 149", phase, n)
		}
	}
}

func TestKindsAreApart(t *testing.T) {
	b := New[string](10*time.Second, 8)
	for _, k := range []Kind{{"lamp", "open", ""}, {"lamp", "handle", ""}, {"horn", "open", ""}} {
		if !b.Note(at(0), k, "", 0) {
			t.Errorf("the first error of %v is not fresh", k)
		}
	}
	for i, k := range []Kind{{"lamp", "open", ""}, {"horn", "open", ""}, {"lamp", "handle", ""}, {"lamp", "open", ""}} {
		b.Note(at(float64(i)), k, fmt.Sprint(i), 0)
	}
	want := []Sum[string]{
		{Kind{"horn", "open", ""}, 1, 10 * time.Second, "1", false},
		{Kind{"lamp", "handle", ""}, 1, 10 * time.Second, "2", false},
		{Kind{"lamp", "open", ""}, 2, 10 * time.Second, "3", false},
	}
	if got := b.Due(at(10)); !slices.Equal(got, want) {
		t.Errorf("sums\n got %v\nwant %v", got, want)
	}
	if next, open := b.Next(); open {
		t.Errorf("a sum is due at %v although all are said", next)
	}
}

func TestLateDue(t *testing.T) {
	b, k := New[string](10*time.Second, 8), Kind{"lamp", "open", ""}
	b.Note(at(0), k, "a", 0)
	b.Note(at(5), k, "b", 0)
	if !b.Note(at(30), k, "c", 0) {
		t.Error("the error at 30 s is not fresh")
	}
	want := []Sum[string]{{k, 1, 30 * time.Second, "b", false}}
	if got := b.Due(at(30)); !slices.Equal(got, want) {
		t.Errorf("asked at 30 s: got %v, want %v", got, want)
	}
}

func TestClose(t *testing.T) {
	b, k := New[string](10*time.Second, 8), Kind{"lamp", "open", ""}
	b.Note(at(0), k, "a", 0)
	b.Note(at(4), k, "b", 0)
	want := []Sum[string]{{k, 1, 5 * time.Second, "b", false}}
	if got := b.Close(at(5)); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if got := b.Close(at(6)); got != nil {
		t.Errorf("closed twice: got %v, want nothing", got)
	}
}

func TestNoThrottle(t *testing.T) {
	b := New[string](0, 8)
	for range 3 {
		if !b.Note(at(0), Kind{"lamp", "open", ""}, "", 0) {
			t.Error("an error is counted although the throttle time is 0")
		}
	}
}

func TestNoteMany(t *testing.T) {
	b := New[string](10*time.Second, 8)
	k := Kind{"lamp", "refused", ""}
	if !b.NoteMany(at(0), k, 3, "a", 0) {
		t.Error("the first of many was not fresh")
	}
	if b.NoteMany(at(4), k, 5, "b", 0) {
		t.Error("many within the throttle time were fresh")
	}
	sums := b.Due(at(10).Add(time.Millisecond))
	if len(sums) != 1 || sums[0].More != 7 || sums[0].Latest != "b" {
		t.Errorf("sums are %+v, want 7 more, latest b", sums)
	}
}
