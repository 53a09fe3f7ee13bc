package outbox

import "container/list"

// Outbox keeps entries, first in, first out, until a session takes them. Of retained ones it keeps the latest of each topic,
// at the end, in the place of the one before.
type Outbox struct {
	maxMessages, maxBytes int

	queue    list.List                // of Entry
	retained map[string]*list.Element // by topic: the retained entries in queue
	bytes    int                      // the sum of their sizes
}

// New returns an empty outbox with these bounds.
func New(maxMessages, maxBytes int) *Outbox {
	return &Outbox{maxMessages: maxMessages, maxBytes: maxBytes, retained: make(map[string]*list.Element)}
}

// Len returns how many entries wait.
func (o *Outbox) Len() int { return o.queue.Len() }

// Push adds e at the end. It returns what had to go: the entry that e replaces, and the oldest ones, for which there is no
// room any more. An entry for which there would never be room is dropped alone.
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

// Add adds e at the end, whatever the bounds, and returns the entry that e replaces.
func (o *Outbox) Add(e Entry) (replaced *Entry) {
	if old, ok := o.retained[e.Topic]; ok && e.Retain {
		was := o.remove(old)
		replaced = &was
	}
	o.insert(o.queue.PushBack(e))
	return replaced
}

// Fits tells whether Push would drop nothing.
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

// PutBack puts entries that were in flight ahead of all others, in their order. It returns those that go no further, because
// a later retained entry of the same topic waits. PutBack drops nothing.
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

// First returns the first entry, which stays; the zero Entry if there is none.
func (o *Outbox) First() Entry {
	if e := o.queue.Front(); e != nil {
		return e.Value.(Entry)
	}
	return Entry{}
}

// Pop removes the first entry and returns it; there must be one.
func (o *Outbox) Pop() Entry { return o.remove(o.queue.Front()) }

func (o *Outbox) insert(at *list.Element) {
	e := at.Value.(Entry)
	o.bytes += e.size()
	if e.Retain {
		o.retained[e.Topic] = at
	}
}

func (o *Outbox) remove(at *list.Element) Entry {
	e := o.queue.Remove(at).(Entry)
	o.bytes -= e.size()
	if o.retained[e.Topic] == at {
		delete(o.retained, e.Topic)
	}
	return e
}
