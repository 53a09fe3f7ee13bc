package line

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"
)

// Polled is a request that comes again and again.
type Polled[C io.Closer] struct {
	Every time.Duration
	Ask   func(context.Context, C) error
}

// failures is how many requests in a row must fail before a unit is away.
const failures = 3

// Poll makes requests to a unit, each once an interval and all of them at once at the beginning, until ctx is done, when it returns nil,
// until the line is down, or until the unit is away, when it returns the error of the last request. An error of a request that doesn't mean
// either is the request's own business.
//
// Of requests that are due the one goes first that has been due for longest. One that has been due several times meanwhile is made once.
//
// Poll panics if there is no request, or one whose interval is not positive.
func (l *Line[C]) Poll(ctx context.Context, unit int, polled ...Polled[C]) error {
	type schedule struct {
		Polled[C]
		due time.Time
	}
	begun := time.Now()
	var all []*schedule
	for _, p := range polled {
		if p.Every <= 0 {
			panic(fmt.Sprintf("line: an interval of %v", p.Every))
		}
		all = append(all, &schedule{p, begun})
	}
	earlier := func(a, b *schedule) int { return cmp.Or(a.due.Compare(b.due), cmp.Compare(a.Every, b.Every)) }
	shortest := slices.MinFunc(all, earlier).Every
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		next := slices.MinFunc(all, earlier)
		timer.Reset(time.Until(next.due))
		select {
		case <-ctx.Done():
			return nil
		case <-timer.C:
		}
		err := l.Do(ctx, Poll, unit, next.Ask)
		var down *Error
		switch {
		case ctx.Err() != nil:
			return nil
		case errors.As(err, &down):
			return err
		case err != nil && l.away(unit, begun, shortest):
			return err
		}
		next.due = following(next.due, next.Every, time.Now())
	}
}

// away says whether a unit counts as gone that has been polled since then once an interval.
func (l *Line[C]) away(unit int, begun time.Time, interval time.Duration) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	u := l.unit(unit)
	switch {
	case u.failed == 0:
		return false
	case u.answered.Before(begun):
		return true
	}
	return u.failed >= failures && time.Since(u.answered) >= 2*interval
}

// following returns when a request is due after it was due, and made until now: an interval later, or, if it was due several times
// meanwhile, the last of those times.
func following(due time.Time, every time.Duration, now time.Time) time.Time {
	missed := max(now.Sub(due)/every, 1)
	return due.Add(missed * every)
}
