package line

import (
	"context"
	"time"
)

// next gives the turn to the request that is to have it, or to none. mu is locked.
func (l *Line[C]) next() {
	l.busy = len(l.waiting) > 0
	if !l.busy {
		return
	}
	first := 0
	for i, w := range l.waiting {
		if l.before(w, l.waiting[first]) {
			first = i
		}
	}
	w := l.waiting[first]
	l.waiting = append(l.waiting[:first], l.waiting[first+1:]...)
	l.turns++
	l.unit(w.unit).turn = l.turns
	close(w.turn)
}

// before says whether a is to have its turn before b, which came before it. mu is locked.
func (l *Line[C]) before(a, b *waiter) bool {
	if a.priority != b.priority {
		return a.priority < b.priority
	}
	return l.unit(a.unit).turn < l.unit(b.unit).turn
}

// unit returns what is remembered of a unit. mu is locked.
func (l *Line[C]) unit(n int) *unit {
	u := l.units[n]
	if u == nil {
		u = &unit{}
		l.units[n] = u
	}
	return u
}

// end ends a turn. mu is locked.
func (l *Line[C]) end() {
	l.next()
	if l.last != nil { // nobody has waited, so that this was the last turn
		close(l.last)
		l.last = nil
	}
}

// release lets all that wait fail with one error. mu is locked.
func (l *Line[C]) release(cause *Error) {
	for _, w := range l.waiting {
		w.err = cause
		close(w.turn)
	}
	l.waiting = nil
}

// note remembers whether a unit has answered. The caller has the turn.
func (l *Line[C]) note(unit int, v Verdict) {
	l.mu.Lock()
	defer l.mu.Unlock()
	u := l.unit(unit)
	if v == Answered {
		u.failed, u.answered = 0, time.Now()
		l.failed = 0
	} else {
		u.failed++
		l.failed++
	}
}

// connect makes sure that there is a connection. The caller has the turn.
func (l *Line[C]) connect(ctx context.Context) error {
	l.mu.Lock()
	down, retry, open := l.down, l.retry, l.open
	l.mu.Unlock()
	switch {
	case open:
		return nil
	case down != nil && time.Now().Before(retry):
		return down
	}
	conn, err := l.options.Open(ctx)
	if ctx.Err() != nil {
		// Whoever is next may have more time.
		if err == nil {
			_ = conn.Close()
		}
		return ctx.Err()
	}
	if err != nil {
		return l.fail(err)
	}
	l.mu.Lock()
	l.conn, l.open, l.failed = conn, true, 0
	l.down = nil
	l.mu.Unlock()
	if down != nil {
		l.options.Changed(nil)
	}
	return nil
}

// hangUp gives up a connection that is broken, or seems to be. The caller has the turn.
func (l *Line[C]) hangUp() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.open = false
	_ = l.conn.Close() // of no use
}

// fail takes the line down: all who wait are told of the same cause. The caller has the turn.
func (l *Line[C]) fail(err error) error {
	cause := &Error{l.options.Name, err}
	l.mu.Lock()
	fresh := l.down == nil
	l.down, l.retry = cause, time.Now().Add(l.options.Retry)
	l.release(cause)
	l.mu.Unlock()
	if fresh {
		l.options.Changed(cause)
	}
	return cause
}
