package line

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"
)

// Options say what a line is. Name, Open and Judge must be set.
type Options[C io.Closer] struct {
	Name string
	// Open opens the connection. It ends when its context does.
	Open func(context.Context) (C, error)
	// Judge says what an error of a request, which is not nil, tells about the unit and the connection.
	Judge func(error) Verdict
	// Retry is how long requests fail at once after Open has failed; by default 1 s.
	Retry time.Duration
	// Patience is after how many failed requests in a row, of whatever units, the connection is replaced: one over a network may be dead
	// without saying so. 0: it never is for that, as it should be on a serial port.
	Patience int
	// Changed is called with the cause when the line goes down, and with nil when it is up again. It must not call the line.
	Changed func(cause *Error)
}

// Verdict is what the error of a request tells.
type Verdict uint8

// The verdicts.
const (
	Failed   Verdict = iota // the unit has not answered, or not well
	Answered                // the unit has answered, if only to refuse
	Broken                  // the connection can't be used any more
)

// Priority is how urgent a request is.
type Priority uint8

// The priorities, the most urgent first.
const (
	Write Priority = iota // a command, and reading back what it has done
	Ask                   // a read that somebody waits for
	Poll                  // a read that comes again
)

// Error says why a line is down. All who are told of it at once get the same one.
type Error struct {
	Line string
	Err  error
}

// Error returns the line's name and the cause.
func (e *Error) Error() string { return fmt.Sprintf("line %q: %v", e.Line, e.Err) }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// ErrClosed says that the line has been closed.
var ErrClosed = errors.New("closed")

// Line is a medium that several devices share. New makes one, and Close ends it.
type Line[C io.Closer] struct {
	options Options[C]

	mu      sync.Mutex // guards what follows
	busy    bool       // somebody has the turn, and conn and open with it
	closed  bool
	last    chan struct{} // closed when the turn has ended in which the line was closed; nil: in none
	waiting []*waiter     // in the order in which they came
	units   map[int]*unit
	turns   uint64 // so far
	down    *Error // nil: up, or not tried yet
	retry   time.Time

	conn   C
	open   bool
	failed int // requests since a unit has answered on this connection
}

// waiter is a request that waits for its turn.
type waiter struct {
	priority Priority
	unit     int
	turn     chan struct{} // closed when the request has the turn, or err
	err      error
}

// unit is what the line remembers of a unit.
type unit struct {
	turn     uint64 // its last one
	failed   int    // requests since it has answered
	answered time.Time
}

// New makes a line, which is not opened before it is needed.
func New[C io.Closer](o Options[C]) *Line[C] {
	if o.Retry <= 0 {
		o.Retry = time.Second
	}
	if o.Changed == nil {
		o.Changed = func(*Error) {}
	}
	return &Line[C]{options: o, units: map[int]*unit{}}
}

// Do calls f with the connection when it is the request's turn. It returns the error of f, an *Error if the line is down, or that of ctx if it
// is done before the turn comes. f must end when the context that it gets does.
func (l *Line[C]) Do(ctx context.Context, p Priority, unit int, f func(context.Context, C) error) error {
	if err := l.wait(ctx, p, unit); err != nil {
		return err
	}
	defer func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.end()
	}()
	for repeated := false; ; repeated = true {
		if err := l.connect(ctx); err != nil {
			return err
		}
		err := f(ctx, l.conn)
		verdict := Answered
		if err != nil {
			verdict = l.options.Judge(err)
		}
		if verdict != Broken {
			if ctx.Err() == nil || verdict == Answered {
				l.note(unit, verdict)
			}
			if l.options.Patience > 0 && l.failed >= l.options.Patience {
				l.hangUp()
			}
			return err
		}
		l.hangUp()
		switch {
		case repeated:
			return l.fail(err)
		case p == Write:
			return &Error{l.options.Name, err}
		}
	}
}

// Close ends the line. What waits fails with ErrClosed. Close returns when whoever has the turn has ended it, and the connection is closed:
// another program, or another Line, can then have the medium. No request may call Close.
func (l *Line[C]) Close() error {
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		return nil
	}
	l.closed = true
	l.release(&Error{l.options.Name, ErrClosed})
	if l.busy {
		last := make(chan struct{})
		l.last = last
		l.mu.Unlock()
		<-last
		l.mu.Lock()
	}
	defer l.mu.Unlock()
	if !l.open {
		return nil
	}
	l.open = false
	return l.conn.Close()
}

// wait returns nil when the request has the turn.
func (l *Line[C]) wait(ctx context.Context, p Priority, unit int) error {
	w := &waiter{priority: p, unit: unit, turn: make(chan struct{})}
	l.mu.Lock()
	switch {
	case l.closed:
		l.mu.Unlock()
		return &Error{l.options.Name, ErrClosed}
	case ctx.Err() != nil:
		l.mu.Unlock()
		return ctx.Err()
	}
	l.waiting = append(l.waiting, w)
	if !l.busy {
		l.next()
	}
	l.mu.Unlock()
	select {
	case <-w.turn:
		return w.err
	case <-ctx.Done():
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, other := range l.waiting {
		if other == w {
			l.waiting = append(l.waiting[:i], l.waiting[i+1:]...)
			return ctx.Err()
		}
	}
	// The turn, or an error, came at the same time.
	if w.err == nil {
		l.end()
	}
	return ctx.Err()
}
