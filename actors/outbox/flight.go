package outbox

import "github.com/mqttgateway/mqttgateway/internal/fifo"

// The bounds of a flight. mosquitto takes 20 unacknowledged publications at a time from a client. At QoS 0 the result
// of a publication is that it was written, and the bound is on publications that are not written yet.
const (
	maxUnwritten      = 256
	maxUnacknowledged = 20
	maxBytes          = 4 << 20 // at each QoS; the last entry may exceed it
)

// MaxLosses is the number of sessions in a row that may end over an entry before the entry is given up. Which of the entries in
// flight is at fault the broker does not say: when it hangs up, even acknowledgements that it has sent may be lost. So an entry
// that has been in flight at the end of two sessions is sent alone from then on, and only losses alone count against it: the second
// of them gives it up.
const MaxLosses = 4

const suspicious = 2

// Suspect returns the losses of an entry that had losses before, when one more session has ended over it, alone or with others.
func Suspect(losses uint8, alone bool) uint8 {
	if losses < suspicious || alone {
		losses++
	}
	return losses
}

// Flight holds the entries that were handed to one session and whose result is not known, in order at each QoS. A
// Flight numbers entries from 1. The zero Flight is empty.
type Flight struct {
	last    uint64
	windows [2]window // by QoS
}

// window holds the entries of one QoS in a flight.
type window struct {
	fifo.Queue[numbered]
	bytes int
}

type numbered struct {
	Entry
	number uint64
}

// Empty reports whether nothing is in flight.
func (f *Flight) Empty() bool { return f.windows[0].Len()+f.windows[1].Len() == 0 }

// Room reports whether an entry with this QoS and these losses may be added.
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

// Land removes the entry with this number, whose result is known, and returns it. Results come in order at each QoS:
// for the number of an entry that is not the first at its QoS, Land changes nothing and returns false.
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

// Take empties the flight when its session has ended. It returns the entries at QoS 0, whose results will never be
// known, and those at QoS 1, which the broker has not acknowledged.
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
