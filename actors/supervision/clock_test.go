package supervision

import (
	"testing"
	"time"
	"unsafe"
)

// set returns a time of this process as a clock tells it that has been set ahead.
func set(t time.Time, ahead time.Duration) time.Time {
	const nanoseconds = 30 // bits; those above them count seconds (time.Time)
	*(*uint64)(unsafe.Pointer(&t)) += uint64(ahead/time.Second) << nanoseconds
	return t
}

// When the clock of the box is set, entries tell times by the new one: how long ago something was stays.
func TestClockIsSet(t *testing.T) {
	began := time.Now()
	const years = 2 * 365 * 24 * time.Hour
	later := set(began.Add(time.Minute), years)
	if got := later.Sub(began); got != time.Minute || later.Round(0).Sub(began.Round(0)) != years+time.Minute {
		t.Fatalf("the test's clock is wrong: %v", got)
	}
	e := Entry{Kind: Device, Name: "lamp", Since: began, Next: began.Add(2 * time.Minute)}
	if got := e.ByClock(began.Add(time.Minute)); got != e {
		t.Errorf("with the same clock: %+v, want %+v", got, e)
	}
	got := e.ByClock(later)
	if want := began.Round(0).Add(years); !got.Since.Round(0).Equal(want) || !got.Next.Round(0).Equal(want.Add(2*time.Minute)) || !got.Unanswered.IsZero() {
		t.Errorf("with a clock that was set: %+v, want since %v", got, want)
	}
	if now := later.Add(time.Hour); now.Sub(got.Since) != time.Hour+time.Minute || got.ByClock(now) != got {
		t.Errorf("an hour later: %+v, %+v", got, got.ByClock(now))
	}
	if slow := set(began.Add(time.Minute), time.Second); e.ByClock(slow) != e {
		t.Error("a clock that is corrected by a second changes entries")
	}
}
