package api

import "sort"

// event is one event of a stream, ready to be written.
type event struct {
	frame []byte // its name, data and end, as they are written to each reader
	topic string // that a filter with wildcards matches
	text  string // in which any other filter looks, too; without topic and text no filter applies
}

func (e event) size() int { return len(e.frame) + len(e.text) }

// ring holds the latest events of one kind. Each event has a number; numbers only grow. An event that came too fast to be taken has
// a number, too, so that whoever reads knows by the numbers what it has missed. newRing makes one.
type ring struct {
	items   []numbered // nil: there was no event yet; the place of an event is what is left of its turn divided by maxEvents
	first   uint64     // the turn of the oldest event that is there
	next    uint64     // the next event's turn
	number  uint64     // the next event's number, from 1
	counted uint64     // nobody has counted what came before this number
	bytes   int        // of the events that are there
}

type numbered struct {
	event
	number uint64
}

// The bounds of each ring.
const (
	maxEvents     = 4096
	maxEventBytes = 4 << 20
)

func newRing() ring { return ring{number: 1} }

// push adds an event, and drops the oldest for which there is no room.
func (r *ring) push(e event) {
	if r.items == nil {
		r.items = make([]numbered, maxEvents)
	}
	for r.next > r.first && (r.next-r.first == maxEvents || r.bytes+e.size() > maxEventBytes) {
		r.drop()
	}
	*r.at(r.next) = numbered{e, r.number}
	r.next++
	r.number++
	r.bytes += e.size()
}

func (r *ring) at(turn uint64) *numbered { return &r.items[turn%maxEvents] }

func (r *ring) drop() {
	oldest := r.at(r.first)
	r.bytes -= oldest.size()
	*oldest = numbered{}
	r.first++
}

// skip leaves out events that came too fast to be taken.
func (r *ring) skip(n uint64) { r.number += n }

// clear drops all events. Whoever has read those that there were so far will have missed something, and nobody knows how much.
func (r *ring) clear() {
	number := r.number + 1
	*r = ring{number: number, counted: number}
}

// taken are events of a ring, between which none is missing.
type taken struct {
	events []event
	number uint64 // of the first of them, or of the next event if there are none
	missed uint64 // how many events before them will never be there
	lost   bool   // further events before them will never be there, and nobody knows how many
}

// take appends events from a number on to a slice, as many as it has room for.
func (r *ring) take(from uint64, to []event) taken {
	from = min(from, r.number) // a greater one has been made up
	t := taken{number: r.number, lost: from < r.counted}
	from = max(from, r.counted)
	turn := r.first + uint64(sort.Search(int(r.next-r.first), func(i int) bool { return r.at(r.first+uint64(i)).number >= from }))
	if turn < r.next {
		t.number = r.at(turn).number
	}
	t.missed = t.number - from
	for n := t.number; turn < r.next && len(to) < cap(to) && r.at(turn).number == n; turn, n = turn+1, n+1 {
		to = append(to, r.at(turn).event)
	}
	t.events = to
	return t
}
