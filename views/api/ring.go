package api

// event is one event of a stream, ready to be written.
type event struct {
	frame []byte // its name, data and end, as they are written to each reader
	topic string // that a filter with wildcards matches
	text  string // in which any other filter looks, too; without topic and text no filter applies
}

// ring holds the latest events of one kind. Each event has a number; numbers only grow.
type ring struct {
	items []event // those whose numbers are from first on; a number's place is its remainder
	first uint64  // the oldest event that is there
	next  uint64  // the next event's number
	bytes int     // of the events that are there
}

// The bounds of each ring.
const (
	maxEvents     = 4096
	maxEventBytes = 4 << 20
)

// push adds an event, and drops the oldest for which there is no room.
func (r *ring) push(e event) {
	if r.items == nil {
		r.items = make([]event, maxEvents)
	}
	for r.next > r.first && (r.next-r.first == maxEvents || r.bytes+e.size() > maxEventBytes) {
		r.drop()
	}
	r.items[r.next%maxEvents] = e
	r.next++
	r.bytes += e.size()
}

func (e event) size() int { return len(e.frame) + len(e.text) }

func (r *ring) drop() {
	oldest := &r.items[r.first%maxEvents]
	r.bytes -= oldest.size()
	*oldest = event{}
	r.first++
}

// clear drops all events, and skips a number: a reader that resumes later is told that it has missed something.
func (r *ring) clear() {
	*r = ring{first: r.next + 1, next: r.next + 1}
}

// take appends events from a number on to a slice, as many as it has room for. It returns the number behind them, and how many events
// before them are not there any more.
func (r *ring) take(from uint64, to []event) (events []event, next, missed uint64) {
	if from > r.next { // of another life of the program
		from = 0
	}
	if from < r.first {
		missed, from = r.first-from, r.first
	}
	next = min(r.next, from+uint64(cap(to)-len(to)))
	for n := from; n < next; n++ {
		to = append(to, r.items[n%maxEvents])
	}
	return to, next, missed
}
