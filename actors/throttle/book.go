package throttle

import (
	"iter"
	"maps"
	"slices"
	"time"
)

// Book keeps the accounts of all kinds; T is what is kept of the latest error. It is not safe for concurrent use.
type Book[T any] struct {
	every    time.Duration
	limit    int
	accounts map[Kind]*account[T]
	owned    map[string][]Kind // the kinds that each Who has an account of, at most maxEach; not its rest
	full     time.Time         // no account closes before
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
// fresh. It remembers at most limit kinds, and of each Who at most 8. When it is full, the closed account that failed
// least recently makes room; if none is closed, further kinds share an account: one for each Who, and that of [Others].
func New[T any](every time.Duration, limit int) *Book[T] {
	return &Book[T]{every: every, limit: limit, accounts: make(map[Kind]*account[T]), owned: make(map[string][]Kind)}
}

// maxEach is how many kinds of a Who have an account of their own.
const maxEach = 8

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
	a.saidDown = true
	if a.count == 0 { // else Due was not asked in time, and the sum is still to come
		a.window = now
	}
	if count > 1 {
		a.add(now, count-1, latest)
	}
	return true
}

// Recover enters that a Who is well again from a What, whichever the errors were, and reports whether that is a line. It
// is none if nothing was wrong, or if no line said so: the next sums then have Up set.
func (b *Book[T]) Recover(now time.Time, who, what string) (r Recovery[T], line bool) {
	var down []*account[T]
	for _, a := range b.of(Kind{Who: who, What: what}.clipped()) {
		if a.down.IsZero() {
			continue
		}
		down = append(down, a)
		line = line || a.saidDown
		r.Down = max(r.Down, now.Sub(a.down))
		a.down = time.Time{}
	}
	if !line {
		return Recovery[T]{}, false
	}
	var last time.Time
	for _, a := range down {
		a.saidDown = false
		more, latest := a.clear(now)
		if r.More += more; more > 0 && a.last.After(last) {
			r.Latest, last = latest, a.last
		}
	}
	return r, true
}

// of returns the accounts of a Who and What, and that of the rest.
func (b *Book[T]) of(k Kind) (accounts []*account[T]) {
	for _, own := range b.owned[k.Who] {
		if own.What == k.What {
			accounts = append(accounts, b.accounts[own])
		}
	}
	if rest := b.accounts[k.rest()]; rest != nil {
		accounts = append(accounts, rest)
	}
	return accounts
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
		sums = append(sums, a.sum(now, k))
	}
	slices.SortFunc(sums, func(x, y Sum[T]) int { return compare(x.Kind, y.Kind) })
	return sums
}

// Forget closes the accounts of a Who that is no more, and returns what was counted and not said, ordered by kind.
func (b *Book[T]) Forget(now time.Time, who string) []Sum[T] {
	who = Kind{Who: who}.clipped().Who
	var sums []Sum[T]
	for _, k := range append(b.owned[who], Kind{Who: who}) {
		if a := b.accounts[k]; a != nil && a.count > 0 {
			sums = append(sums, a.sum(now, k))
		}
		delete(b.accounts, k)
	}
	delete(b.owned, who)
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

// open returns the account of k, or of what it shares with others, or one that it opens, which is fresh.
func (b *Book[T]) open(now time.Time, k Kind) (a *account[T], fresh bool) {
	for _, k := range []Kind{k, k.rest(), Others} {
		if a = b.accounts[k]; a != nil {
			return a, false
		}
		if k == Others || b.room(now, k) {
			a = new(account[T])
			b.accounts[k] = a
			if k != k.rest() {
				b.owned[k.Who] = append(b.owned[k.Who], k)
			}
			return a, true
		}
	}
	panic("throttle: no account") // Others has room
}

// room makes room for one more, if there is none.
func (b *Book[T]) room(now time.Time, k Kind) bool {
	if own := b.owned[k.Who]; k != k.rest() && len(own) >= maxEach {
		return b.drop(now, slices.Values(own))
	}
	if len(b.accounts) < b.limit {
		return true
	}
	if now.Before(b.full) {
		return false
	}
	b.full = time.Time{}
	if b.drop(now, maps.Keys(b.accounts)) {
		return true
	}
	for _, a := range b.accounts {
		if ends := a.last.Add(2 * a.every); b.full.IsZero() || ends.Before(b.full) {
			b.full = ends
		}
	}
	return false
}

// drop gives up, of these accounts, the closed one that failed least recently.
func (b *Book[T]) drop(now time.Time, kinds iter.Seq[Kind]) bool {
	var oldest Kind
	var found *account[T]
	for k := range kinds {
		a := b.accounts[k]
		if a.closed(now) && (found == nil || a.last.Before(found.last) || a.last.Equal(found.last) && compare(k, oldest) < 0) {
			oldest, found = k, a
		}
	}
	if found == nil {
		return false
	}
	delete(b.accounts, oldest)
	b.owned[oldest.Who] = slices.DeleteFunc(b.owned[oldest.Who], func(k Kind) bool { return k == oldest })
	if len(b.owned[oldest.Who]) == 0 {
		delete(b.owned, oldest.Who)
	}
	return true
}
