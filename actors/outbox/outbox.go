package outbox

import (
	"container/list"
	"sync/atomic"
)

// Outbox keeps entries in order until a session takes them. It keeps only the latest retained entry of each topic,
// which goes to the end when it replaces an earlier one.
type Outbox struct {
	maxMessages, maxBytes int

	queue    list.List                // of Entry
	retained map[string]*list.Element // by topic: the retained entries in queue
	bytes    int                      // sum of the sizes of all entries

	size struct{ messages, bytes atomic.Int64 } // the same as in queue and bytes, for Size
}

// New returns an empty outbox with the given bounds.
func New(maxMessages, maxBytes int) *Outbox {
	return &Outbox{maxMessages: maxMessages, maxBytes: maxBytes, retained: make(map[string]*list.Element)}
}

// Len returns the number of entries.
func (o *Outbox) Len() int { return o.queue.Len() }

// Size returns the number of entries and the sum of their sizes. Unlike all other methods, Size may be called by any goroutine.
func (o *Outbox) Size() (messages, bytes int) {
	return int(o.size.messages.Load()), int(o.size.bytes.Load())
}

// Push adds e at the end. It returns the entry that e replaces, and the oldest entries, which were dropped to make
// room. If e alone exceeds the bounds, only e is dropped.
func (o *Outbox) Push(e Entry) (replaced *Entry, dropped []Entry) {
	if o.maxMessages < 1 || e.size() > o.maxBytes {
		return nil, []Entry{e}
	}
	replaced = o.Add(e)
	for o.queue.Len() > o.maxMessages || o.bytes > o.maxBytes {
		dropped = append(dropped, o.remove(o.queue.Front()))
	}
	return replaced, dropped
}

// Add adds e at the end without regard to the bounds, and returns the entry that e replaces.
func (o *Outbox) Add(e Entry) (replaced *Entry) {
	if old, ok := o.retained[e.Topic]; ok && e.Retain {
		was := o.remove(old)
		replaced = &was
	}
	o.insert(o.queue.PushBack(e))
	return replaced
}

// Fits reports whether Push would drop nothing.
func (o *Outbox) Fits(e Entry) bool {
	n, bytes := o.queue.Len()+1, o.bytes+e.size()
	if e.Retain {
		if old, ok := o.retained[e.Topic]; ok {
			was := old.Value.(Entry)
			n, bytes = n-1, bytes-was.size()
		}
	}
	return n <= o.maxMessages && bytes <= o.maxBytes
}

// Holds tells whether a retained entry of this topic waits.
func (o *Outbox) Holds(topic string) bool { return o.retained[topic] != nil }

// Remove removes the retained entry of this topic and returns it; nil if there is none.
func (o *Outbox) Remove(topic string) *Entry {
	at := o.retained[topic]
	if at == nil {
		return nil
	}
	e := o.remove(at)
	return &e
}

// PutBack puts entries from a flight back before all others, in their order, and drops none for lack of room. It
// returns the entries that are not put back, since a later retained entry of the same topic waits.
func (o *Outbox) PutBack(flight []Entry) (replaced []Entry) {
	for i := len(flight) - 1; i >= 0; i-- {
		e := flight[i]
		if _, later := o.retained[e.Topic]; later && e.Retain {
			replaced = append(replaced, e)
			continue
		}
		o.insert(o.queue.PushFront(e))
	}
	return replaced
}

// First returns the first entry, which stays in the outbox, or the zero Entry if the outbox is empty.
func (o *Outbox) First() Entry {
	if e := o.queue.Front(); e != nil {
		return e.Value.(Entry)
	}
	return Entry{}
}

// Pop removes the first entry and returns it. The outbox must not be empty.
func (o *Outbox) Pop() Entry { return o.remove(o.queue.Front()) }

func (o *Outbox) insert(at *list.Element) {
	e := at.Value.(Entry)
	o.bytes += e.size()
	o.measure()
	if e.Retain {
		o.retained[e.Topic] = at
	}
}

func (o *Outbox) remove(at *list.Element) Entry {
	e := o.queue.Remove(at).(Entry)
	o.bytes -= e.size()
	o.measure()
	if o.retained[e.Topic] == at {
		delete(o.retained, e.Topic)
	}
	return e
}

func (o *Outbox) measure() {
	o.size.messages.Store(int64(o.queue.Len()))
	o.size.bytes.Store(int64(o.bytes))
}
