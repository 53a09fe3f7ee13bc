package throttle

import "time"

// account is what the book knows of one kind.
//
// The window begins with a line, or whole throttle times after one.
type account[T any] struct {
	every  time.Duration // the throttle time
	last   time.Time     // the latest error
	window time.Time     // when the time that the next sum covers began; out of date while count is 0
	count  int           // errors not yet in a line
	latest T             // of those counted

	down     time.Time // the first error since the last recovery; zero: all is well
	saidDown bool      // a line has said that the kind is down, and none that it is up
}

// closed says that the kind was quiet for so long that its next error is fresh, and that nothing is left to say.
func (a *account[T]) closed(now time.Time) bool { return a.count == 0 && a.quiet(now) }

func (a *account[T]) quiet(now time.Time) bool { return now.Sub(a.last) >= 2*a.every }

func (a *account[T]) due() time.Time { return a.window.Add(a.every) }

// add counts errors that are not fresh.
func (a *account[T]) add(now time.Time, count int, latest T) {
	if a.count == 0 { // windows without an error passed unseen
		a.window = a.window.Add(now.Sub(a.window).Truncate(a.every))
	}
	a.count += count
	a.latest = latest
}

// clear begins a window at now, and returns how many errors the one before it held, and the latest of them.
func (a *account[T]) clear(now time.Time) (int, T) {
	var none T
	count, latest := a.count, a.latest
	a.window, a.count, a.latest = now, 0, none
	return count, latest
}

// sum begins a window at now, and returns what the one before it held of errors of this kind.
func (a *account[T]) sum(now time.Time, k Kind) Sum[T] {
	up, in := a.down.IsZero(), now.Sub(a.window)
	more, latest := a.clear(now)
	a.saidDown = !up
	return Sum[T]{k, more, in, latest, up}
}
