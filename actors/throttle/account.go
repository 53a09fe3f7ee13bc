package throttle

import "time"

// account holds the errors of one kind.
//
// The window begins with a line in the log, or a whole number of throttle times after one.
type account[T any] struct {
	every  time.Duration // the throttle time
	last   time.Time     // time of the latest error
	window time.Time     // the begin of the time that the next sum covers; not up to date while count is 0
	count  int           // errors that are not in a line yet
	latest T             // the latest of these errors

	down     time.Time // time of the first error after the latest recovery; zero: there was none
	saidDown bool      // a line has reported trouble, and no later line a recovery
}

// closed reports whether nothing is left to report, and the kind was quiet for so long that its next error is fresh.
func (a *account[T]) closed(now time.Time) bool { return a.count == 0 && a.quiet(now) }

func (a *account[T]) quiet(now time.Time) bool { return now.Sub(a.last) >= 2*a.every }

func (a *account[T]) due() time.Time { return a.window.Add(a.every) }

// add counts errors that are not fresh.
func (a *account[T]) add(now time.Time, count int, latest T) {
	if a.count == 0 { // windows without errors have passed
		a.window = a.window.Add(now.Sub(a.window).Truncate(a.every))
	}
	a.count += count
	a.latest = latest
}

// clear begins a new window at now, and returns the number of errors in the window before, and the latest of them.
func (a *account[T]) clear(now time.Time) (int, T) {
	var none T
	count, latest := a.count, a.latest
	a.window, a.count, a.latest = now, 0, none
	return count, latest
}

// sum begins a new window at now, and returns the sum for the window before.
func (a *account[T]) sum(now time.Time, k Kind) Sum[T] {
	up, in := a.down.IsZero(), now.Sub(a.window)
	more, latest := a.clear(now)
	a.saidDown = !up
	return Sum[T]{k, more, in, latest, up}
}
