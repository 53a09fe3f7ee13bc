package actors

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/mqttgateway/mqttgateway/actors/supervision"
	"github.com/mqttgateway/mqttgateway/config"
)

// board guards the record. The supervisor alone writes the record, and any goroutine may read it. No reader holds the lock for
// longer than it takes to copy a few hundred entries, or all the names.
type board struct {
	mu      sync.Mutex
	record  *supervision.Record
	readers map[*reader]struct{}
	over    bool // the gateway is at its end
}

// reader is one loop over Watch, and what of the record it has not been told yet.
type reader struct {
	news chan struct{} // holds one while there is anything; see take

	// The board's lock guards what follows.
	whole bool           // the next update is the whole record
	fresh map[entry]bool // entries that have changed; true: the reader does not know of the entry yet
}

// entry names an entry of the record.
type entry struct {
	kind supervision.Kind
	name string
}

func nameOf(e supervision.Entry) entry { return entry{e.Kind, e.Name} }

// newBoard returns the board of a gateway that has not begun, with the devices of its configuration.
func newBoard(list []config.Device) *board {
	b := &board{
		record:  supervision.New(rand.Float64, connectionName, mapperName, devicesName),
		readers: make(map[*reader]struct{}),
	}
	now := time.Now()
	for i := range list {
		b.record.Apply(deviceAdded(&list[i], ""), now)
	}
	return b
}

// apply enters an event in the record, and wakes the readers. The next call overwrites what apply returns.
func (b *board) apply(event any) ([]supervision.Change, []supervision.Order) {
	b.mu.Lock()
	defer b.mu.Unlock()
	changes, orders := b.record.Apply(event, time.Now())
	for r := range b.readers {
		for _, c := range changes {
			r.note(c)
		}
		if len(changes) > 0 {
			r.wake()
		}
	}
	return changes, orders
}

// end closes everything, and wakes the readers for the last time.
func (b *board) end() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.record.Apply(supervision.Ended{}, time.Now())
	b.over = true
	for r := range b.readers {
		r.whole = true
		r.wake()
	}
}

// sum returns the entry of the link, and how many devices there are of each sort.
func (b *board) sum() (supervision.Entry, supervision.Counts) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.record.Link(), b.record.Counts()
}

// entry returns the entry of a kind and name, or the zero Entry if there is none.
func (b *board) entry(kind supervision.Kind, name string) supervision.Entry {
	b.mu.Lock()
	defer b.mu.Unlock()
	e, _ := b.record.Entry(kind, name)
	return e.ByClock(time.Now())
}

// firstOpening returns how many configured devices have neither opened nor failed yet.
func (b *board) firstOpening() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.record.FirstOpening()
}

func (b *board) join() *reader {
	r := &reader{news: make(chan struct{}, 1), whole: true, fresh: make(map[entry]bool)}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.readers[r] = struct{}{}
	return r
}

func (b *board) leave(r *reader) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.readers, r)
}

// note keeps that an entry has changed. An entry that came and went since the reader was last told is no news.
func (r *reader) note(c supervision.Change) {
	name := nameOf(c.Now)
	added, removed := c.Before == (supervision.Entry{}), c.Now == (supervision.Entry{})
	if removed {
		name = nameOf(c.Before)
	}
	switch unknown, waits := r.fresh[name]; {
	case !waits:
		r.fresh[name] = added
	case removed && unknown:
		delete(r.fresh, name)
	}
}

func (r *reader) wake() {
	select {
	case r.news <- struct{}{}:
	default: // the reader has not looked since it was last woken
	}
}

// readAtOnce is how many entries are read under one lock.
const readAtOnce = 256

// take returns what a reader has not been told yet, and whether that is the last update. An entry that changes after take has
// read it, while take reads others, is in the next update as well.
func (b *board) take(r *reader) (u Update, last bool) {
	changed, all, last := b.newsOf(r)
	names := make([]entry, 0, len(changed)+len(all))
	for name := range changed {
		names = append(names, name)
	}
	if u.Whole = all != nil; u.Whole {
		names = append(names[:0], entry{supervision.Link, theLink}, entry{supervision.Part, connectionName},
			entry{supervision.Part, mapperName}, entry{supervision.Part, devicesName})
	}
	slices.SortFunc(names, func(x, y entry) int { return cmp.Or(cmp.Compare(x.kind, y.kind), cmp.Compare(x.name, y.name)) })
	slices.Sort(all) // apart, for that takes a fourth of the time
	for _, name := range all {
		names = append(names, entry{supervision.Device, name})
	}
	u.Entries = make([]supervision.Entry, 0, len(names))
	for some := range slices.Chunk(names, readAtOnce) {
		b.read(some, &u)
	}
	return u, last
}

// newsOf returns what a reader is to be told of, and takes that off the reader: the entries that have changed or, if it is to be
// told of the whole record, the names of all devices, which are not nil then.
func (b *board) newsOf(r *reader) (changed map[entry]bool, all []string, last bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if r.whole {
		all = b.record.Names()
	}
	changed = r.fresh
	r.whole, r.fresh = false, make(map[entry]bool)
	return changed, all, b.over
}

// read appends entries to an update.
func (b *board) read(names []entry, u *Update) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	for _, name := range names {
		e, ok := b.record.Entry(name.kind, name.name)
		switch {
		case ok:
			u.Entries = append(u.Entries, e.ByClock(now))
		case !u.Whole:
			u.Removed = append(u.Removed, name.name)
		}
	}
}
