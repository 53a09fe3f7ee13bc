package outbox

import "github.com/mqttgateway/mqttgateway/internal/fifo"

// The most entries in flight. mosquitto takes 20 unacknowledged publications at a time from a client. At QoS 0 the result of
// a publication is that it has been written, and the bound is on what may wait for that.
const (
	maxUnwritten      = 256
	maxUnacknowledged = 20
	maxBytes          = 4 << 20 // at each QoS; the last entry may go beyond it
)

// MaxLosses is how many sessions in a row may end over an entry, the last of them while that entry was in flight alone,
// before it is given up. An entry whose next loss would be the last goes alone.
const MaxLosses = 3

const suspicious = MaxLosses - 1

// Flight is what one session has been handed and whose result isn't known, in order at each QoS. It numbers the entries,
// from 1. The zero Flight is empty.
type Flight struct {
	last    uint64
	windows [2]window // by QoS
}

// window is the part of a flight that has one QoS.
type window struct {
	fifo.Queue[numbered]
	bytes int
}

type numbered struct {
	Entry
	number uint64
}

// Empty tells whether nothing is in flight.
func (f *Flight) Empty() bool { return f.windows[0].Len()+f.windows[1].Len() == 0 }

// Room tells whether an entry may be added, by its QoS and losses.
func (f *Flight) Room(qos byte, losses uint8) bool {
	w, most := &f.windows[qos], maxUnacknowledged
	if qos == 0 {
		most = maxUnwritten
	}
	if losses >= suspicious || w.Len() > 0 && w.First().Losses >= suspicious {
		most = 1
	}
	return w.Len() < most && w.bytes < maxBytes
}

// Push adds an entry and returns its number in the flight.
func (f *Flight) Push(e Entry) (number uint64) {
	f.last++
	w := &f.windows[e.QoS]
	w.Push(numbered{e, f.last})
	w.bytes += e.size()
	return f.last
}

// Land removes the entry with this number, whose result is known, and returns it. Results come in order at each QoS: the
// number of an entry that isn't the first at its QoS is none of this flight's, and Land returns false.
func (f *Flight) Land(number uint64) (e Entry, ok bool) {
	for qos := range f.windows {
		if w := &f.windows[qos]; w.Len() > 0 && w.First().number == number {
			e = w.Pop().Entry
			w.bytes -= e.size()
			return e, true
		}
	}
	return Entry{}, false
}

// Take empties the flight of a session that has ended. It returns the entries at QoS 0, whose result nobody will know, and
// those at QoS 1, which the broker hasn't acknowledged.
func (f *Flight) Take() (unwritten, unacknowledged []Entry) {
	unwritten, unacknowledged = f.windows[0].entries(), f.windows[1].entries()
	*f = Flight{}
	return unwritten, unacknowledged
}

func (w *window) entries() (list []Entry) {
	for _, n := range w.All() {
		list = append(list, n.Entry)
	}
	return list
}
