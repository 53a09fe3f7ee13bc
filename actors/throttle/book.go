package throttle

import (
	"slices"
	"time"
)

// Book keeps the accounts of all kinds; T is what is kept of the latest error. It is not safe for concurrent use.
type Book[T any] struct {
	every    time.Duration
	limit    int
	accounts map[Kind]*account[T]
	full     time.Time // no account closes before
}

// Sum says how many errors of a kind came since the last line about it.
type Sum[T any] struct {
	Kind   Kind
	More   int           // at least 1
	In     time.Duration // the time they came in: that of the throttle, longer if Due was asked late
	Latest T             // error
	Up     bool          // it has recovered since
}

// Recovery says that the trouble of a kind is over.
type Recovery[T any] struct {
	More   int           // errors that no line told of
	Latest T             // of these; zero if there were none
	Down   time.Duration // since the first error after the recovery before
}

// New returns an empty book with the throttle time for kinds that have none of their own; with 0 every error is
// fresh. It remembers at most limit kinds. When it is full, the closed account that failed least recently makes
// room; if none is closed, further kinds share the account of [Others].
func New[T any](every time.Duration, limit int) *Book[T] {
	return &Book[T]{every: every, limit: limit, accounts: make(map[Kind]*account[T])}
}

// Note enters an error and reports whether it is fresh: to be said at once. Any other is counted. The throttle time
// of the kind is every, or the book's if every is 0.
func (b *Book[T]) Note(now time.Time, k Kind, latest T, every time.Duration) (fresh bool) {
	return b.NoteMany(now, k, 1, latest, every)
}

// NoteMany enters errors of one kind that came together, at least one. All but the first are counted in any case.
func (b *Book[T]) NoteMany(now time.Time, k Kind, count int, latest T, every time.Duration) (fresh bool) {
	a, fresh := b.open(now, k.clipped())
	if a.every = every; every == 0 {
		a.every = b.every
	}
	if a.down.IsZero() {
		a.down = now
	}
	fresh = fresh || a.quiet(now)
	a.last = now
	if !fresh {
		a.add(now, count, latest)
		return false
	}
	a.told = true
	if a.count == 0 { // else Due was not asked in time, and the sum is still to come
		a.window = now
	}
	if count > 1 {
		a.add(now, count-1, latest)
	}
	return true
}

// Recover enters that a kind is well again and reports whether that is a line. It is none if nothing was wrong, or
// if no line said so: the next sum then has Up set.
func (b *Book[T]) Recover(now time.Time, k Kind) (Recovery[T], bool) {
	a := b.accounts[k.clipped()]
	if a == nil || a.down.IsZero() {
		return Recovery[T]{}, false
	}
	down := now.Sub(a.down)
	a.down = time.Time{}
	if !a.told {
		return Recovery[T]{}, false
	}
	a.told = false
	more, latest := a.clear(now)
	return Recovery[T]{more, latest, down}, true
}

// Due returns the sums whose time is up, ordered by kind, and begins their windows anew.
func (b *Book[T]) Due(now time.Time) []Sum[T] {
	return b.sums(now, func(a *account[T]) bool { return !now.Before(a.due()) })
}

// Close returns what was counted and not said, whether its time is up or not.
func (b *Book[T]) Close(now time.Time) []Sum[T] {
	return b.sums(now, func(*account[T]) bool { return true })
}

func (b *Book[T]) sums(now time.Time, due func(*account[T]) bool) []Sum[T] {
	var sums []Sum[T]
	for k, a := range b.accounts {
		if a.count == 0 || !due(a) {
			continue
		}
		up := a.down.IsZero()
		in := now.Sub(a.window)
		more, latest := a.clear(now)
		sums = append(sums, Sum[T]{k, more, in, latest, up})
		a.told = !up
	}
	slices.SortFunc(sums, func(x, y Sum[T]) int { return compare(x.Kind, y.Kind) })
	return sums
}

// Next returns when the next sum is due; false says that none is, until the next call of Note.
func (b *Book[T]) Next() (time.Time, bool) {
	var next time.Time
	for _, a := range b.accounts {
		if a.count > 0 && (next.IsZero() || a.due().Before(next)) {
			next = a.due()
		}
	}
	return next, !next.IsZero()
}

// open returns the account of k, or one that it opens, which is fresh.
func (b *Book[T]) open(now time.Time, k Kind) (a *account[T], fresh bool) {
	if a = b.accounts[k]; a != nil {
		return a, false
	}
	if len(b.accounts) >= b.limit && !b.makeRoom(now) {
		k = Others
		if a = b.accounts[k]; a != nil {
			return a, false
		}
	}
	a = new(account[T])
	b.accounts[k] = a
	return a, true
}

// makeRoom drops the closed account that failed least recently.
func (b *Book[T]) makeRoom(now time.Time) bool {
	if now.Before(b.full) {
		return false
	}
	var oldest Kind
	var found *account[T]
	b.full = time.Time{}
	for k, a := range b.accounts {
		switch ends := a.last.Add(2 * a.every); {
		case !a.closed(now):
			if b.full.IsZero() || ends.Before(b.full) {
				b.full = ends
			}
		case found == nil || a.last.Before(found.last) || a.last.Equal(found.last) && compare(k, oldest) < 0:
			oldest, found = k, a
		}
	}
	if found == nil {
		return false
	}
	delete(b.accounts, oldest)
	b.full = time.Time{}
	return true
}
