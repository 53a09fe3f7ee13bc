package throttle

import (
	"iter"
	"maps"
	"slices"
	"time"
)

// Book keeps the accounts of all kinds. T is what an account keeps of its latest error. A Book must not be used by
// several goroutines at the same time.
type Book[T any] struct {
	every    time.Duration
	limit    int
	accounts map[Kind]*account[T]
	// The kinds with an account of their own, at most maxEach for each Who, without the rest's.
	owned map[string][]Kind
	full  time.Time // no account is closed before this time
}

// Sum is the number of errors of a kind since the last line about it.
type Sum[T any] struct {
	Kind   Kind
	More   int           // at least 1
	In     time.Duration // the time in which they came: the throttle time, or longer if Due was called late
	Latest T             // of the latest error
	Up     bool          // the kind has recovered since
}

// Recovery says that the errors of a kind have ended.
type Recovery[T any] struct {
	More   int           // errors that were in no line
	Latest T             // of the latest of these errors; zero if there were none
	Down   time.Duration // since the first error after the recovery before
}

// New returns an empty book. every is the throttle time of kinds for which Note gives none; if it is 0, every error is
// fresh. The book keeps at most limit accounts, and at most 8 for each Who. If it is full, the closed account with the
// oldest error makes room. If no account is closed, further kinds share an account: one for each Who, or that of
// [Others].
func New[T any](every time.Duration, limit int) *Book[T] {
	return &Book[T]{every: every, limit: limit, accounts: make(map[Kind]*account[T]), owned: make(map[string][]Kind)}
}

// maxEach is the number of kinds for which a Who may have accounts of their own.
const maxEach = 8

// Note enters an error, and reports whether it is fresh, which means that the caller must log it at once. An error that
// is not fresh is counted. The throttle time of the kind is every, or the book's if every is 0.
func (b *Book[T]) Note(now time.Time, k Kind, latest T, every time.Duration) (fresh bool) {
	return b.NoteMany(now, k, 1, latest, every)
}

// NoteMany enters count errors of one kind that came together, at least one. All but the first are counted in any case.
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
	if a.count == 0 { // otherwise Due was called late, and the sum is still to come
		a.window = now
	}
	if count > 1 {
		a.add(now, count-1, latest)
	}
	return true
}

// Recover enters that the errors of a Who and What have ended, whatever their Err was. It returns true if the caller
// must log the recovery. It returns false if there was no error, or if no line has reported one: the next sums then
// have Up set.
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

// Lasting returns the kind of the latest error of k's Who and What from which the Who has not recovered, or k if there is none. Under
// that kind, the caller notes an error that tells of no other trouble than the lasting one.
func (b *Book[T]) Lasting(k Kind) Kind {
	clipped := k.clipped()
	var last time.Time
	for _, own := range b.owned[clipped.Who] {
		if a := b.accounts[own]; own.What == clipped.What && !a.down.IsZero() && a.last.After(last) {
			k, last = own, a.last
		}
	}
	return k
}

// of returns the accounts of a Who and What, and the account of the Who's rest.
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

// Due returns the sums that are due, ordered by kind, and begins new windows for them.
func (b *Book[T]) Due(now time.Time) []Sum[T] {
	return b.sums(now, func(a *account[T]) bool { return !now.Before(a.due()) })
}

// Close returns the sums of all errors that are in no line, whether they are due or not.
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

// Forget closes the accounts of a Who that no longer exists, and returns the sums of its errors that are in no line,
// ordered by kind.
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

// Next returns the time at which the next sum is due; ok is false if none is, until the next call of Note.
func (b *Book[T]) Next() (next time.Time, ok bool) {
	for _, a := range b.accounts {
		if a.count > 0 && (next.IsZero() || a.due().Before(next)) {
			next = a.due()
		}
	}
	return next, !next.IsZero()
}

// open returns the account for k: its own or a shared one, or a new one, for which fresh is true.
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

// room makes room for another account if the book is full, and reports whether there is room.
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

// drop drops, of the accounts of these kinds, the closed one with the oldest error.
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
