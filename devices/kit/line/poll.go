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

// Again is the error of a Polled that is not to wait for its next beat.
type Again[C io.Closer] struct {
	After   time.Duration // it is due again when so much time has passed
	Instead []Polled[C]   // these are due then, and the request is made no more; none: the request itself is
	Err     error
}

// Error returns the text of Err.
func (a *Again[C]) Error() string { return a.Err.Error() }

// Unwrap returns Err.
func (a *Again[C]) Unwrap() error { return a.Err }

// failures is how many requests in a row must fail before a unit is away.
const failures = 3

// schedule says when a request is made.
type schedule[C io.Closer] struct {
	Polled[C]
	beat time.Time // when it is due by its interval
	due  time.Time // when it is made next: at its beat, or earlier by an Again
}

// Poll makes requests to a unit, each once an interval and all of them at once at the beginning, until ctx is done, when it returns nil,
// until the line is down, or until the unit is away, when it returns the error of the last request. An error of a request that doesn't mean
// either is the request's own business; by an [Again] it asks for another attempt.
//
// Of requests that are due the one goes first that has been due for longest. One that has been due several times meanwhile is made once.
//
// The unit should have answered a request by Do before: then a single failure at the beginning is no more than that.
//
// Poll panics if there is no request, or one whose interval is not positive.
func (l *Line[C]) Poll(ctx context.Context, unit int, polled ...Polled[C]) error {
	begun := time.Now()
	var all []*schedule[C]
	for _, p := range polled {
		if p.Every <= 0 {
			panic(fmt.Sprintf("line: an interval of %v", p.Every))
		}
		all = append(all, &schedule[C]{p, begun, begun})
	}
	earlier := func(a, b *schedule[C]) int { return cmp.Or(a.due.Compare(b.due), cmp.Compare(a.Every, b.Every)) }
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
		var again *Again[C]
		switch {
		case ctx.Err() != nil:
			return nil
		case errors.As(err, &down):
			return err
		case err != nil && l.away(unit, shortest):
			return err
		case !errors.As(err, &again):
			next.beat = following(next.beat, next.Every, time.Now())
			next.due = next.beat
			continue
		}
		due := time.Now().Add(again.After)
		if len(again.Instead) == 0 {
			next.due = due
			continue
		}
		all = slices.DeleteFunc(all, func(s *schedule[C]) bool { return s == next })
		for _, p := range again.Instead {
			all = append(all, &schedule[C]{p, next.beat, due})
		}
	}
}

// away says whether a unit counts as gone that is polled once an interval.
func (l *Line[C]) away(unit int, interval time.Duration) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	u := l.unit(unit)
	return u.failed >= failures && time.Since(u.answered) >= 2*interval
}

// following returns when a request is due after it was due, and made until now: an interval later, or, if it was due several times
// meanwhile, the last of those times.
func following(due time.Time, every time.Duration, now time.Time) time.Time {
	missed := max(now.Sub(due)/every, 1)
	return due.Add(missed * every)
}
