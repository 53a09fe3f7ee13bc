package actors

import (
	"container/list"

	"github.com/mqttgateway/mqttgateway/messages"
)

// parcel is a publication on its way out.
type parcel struct {
	messages.Publication
	order  uint64 // in which it came; see ordered
	losses int    // sessions in a row that have ended over it

	spooled uint64 // number in the spool; 0: it is not there

	presence *presence // that it tells of, never in the outbox; nil: it is a message
}

// outbox keeps publications, first in, first out, until the link takes them. Of retained ones it keeps only the latest
// of each topic, which takes the place of the one before. It is bounded in messages and bytes; the oldest go first.
type outbox struct {
	maxMessages, maxBytes int

	queue    list.List                // of parcel
	retained map[string]*list.Element // by topic, those in queue
	bytes    int
}

func newOutbox(maxMessages, maxBytes int) *outbox {
	return &outbox{maxMessages: maxMessages, maxBytes: maxBytes, retained: make(map[string]*list.Element)}
}

func (o *outbox) len() int { return o.queue.Len() }

// size is what a publication counts, with what it takes beside its bytes.
func size(p messages.Publication) int { return len(p.Topic) + len(p.Payload) + 128 }

// push adds p at the end, and returns what had to go for it: the one it replaces, and the oldest. One for which there
// would never be room goes alone.
func (o *outbox) push(p parcel) (replaced *parcel, dropped []parcel) {
	if o.maxMessages < 1 || size(p.Publication) > o.maxBytes {
		return nil, []parcel{p}
	}
	replaced = o.add(p)
	for o.queue.Len() > o.maxMessages || o.bytes > o.maxBytes {
		dropped = append(dropped, o.remove(o.queue.Front()))
	}
	return replaced, dropped
}

// add adds p at the end, bounds or not, and returns what it replaces.
func (o *outbox) add(p parcel) (replaced *parcel) {
	if old, ok := o.retained[p.Topic]; ok && p.Retain {
		was := o.remove(old)
		replaced = &was
	}
	o.insert(o.queue.PushBack(p))
	return replaced
}

// fits tells whether push would drop nothing.
func (o *outbox) fits(p parcel) bool {
	n, bytes := o.queue.Len()+1, o.bytes+size(p.Publication)
	if p.Retain {
		if old, ok := o.retained[p.Topic]; ok {
			n, bytes = n-1, bytes-size(old.Value.(parcel).Publication)
		}
	}
	return n <= o.maxMessages && bytes <= o.maxBytes
}

// putBack puts what was in flight, in order, ahead of all else. A retained one that has been followed by a later one is
// returned instead. Going back never makes others go: they were bounded when they came.
func (o *outbox) putBack(flight []parcel) (replaced []parcel) {
	for i := len(flight) - 1; i >= 0; i-- {
		p := flight[i]
		if _, later := o.retained[p.Topic]; later && p.Retain {
			replaced = append(replaced, p)
			continue
		}
		o.insert(o.queue.PushFront(p))
	}
	return replaced
}

// first returns the first without taking it; the zero parcel if there is none.
func (o *outbox) first() parcel {
	if e := o.queue.Front(); e != nil {
		return e.Value.(parcel)
	}
	return parcel{}
}

// pop takes the first; there must be one.
func (o *outbox) pop() parcel { return o.remove(o.queue.Front()) }

func (o *outbox) insert(e *list.Element) {
	p := e.Value.(parcel)
	o.bytes += size(p.Publication)
	if p.Retain {
		o.retained[p.Topic] = e
	}
}

func (o *outbox) remove(e *list.Element) parcel {
	p := o.queue.Remove(e).(parcel)
	o.bytes -= size(p.Publication)
	if o.retained[p.Topic] == e {
		delete(o.retained, p.Topic)
	}
	return p
}
