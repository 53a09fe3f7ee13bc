// Package recorder is the flight recorder of a device: it keeps the last that came in and went out, and what happened to the
// device, so that a person can see what it did before it failed.
//
// A recorder holds at most Most entries, of at most LongestText bytes each, which it copies: it keeps nothing alive that belongs
// to a message. A recorder grows with its entries, overwrites an old one when it is full, and allocates nothing from then on. Its
// entries are put into words only when somebody reads them.
//
// Messages and their answers come far more often than changes: states and errors. So that neither pushes out the other, the latest
// MostChanges changes stay whatever messages come, and the latest Most-MostChanges messages and answers stay whatever changes come. What
// one of the two does not need of its share is there for the other.
package recorder

import (
	"bytes"
	"fmt"
	"strings"
	"sync"
	"time"
	"unicode"

	"github.com/mqttgateway/mqttgateway/messages"
)

// The bounds of a recorder.
const (
	Most        = 50  // entries
	MostChanges = 20  // states and errors among them, unless messages and answers leave more room
	LongestText = 300 // bytes of the text of an entry
)

// What is the kind of an entry.
type What uint8

// The kinds.
const (
	In     What = iota // a message that the device was given
	Out                // a message that it has emitted
	State              // it is online, offline, stuck or stopped, and why
	Error              // it has reported an error, or what it has emitted could not be sent
	Answer             // how it has answered a message, or how a message was refused in its stead
)

// String returns the kind's name in lower case.
func (w What) String() string { return [...]string{"in", "out", "state", "error", "answer"}[w] }

// Entry is one thing that the recorder has kept.
type Entry struct {
	At   time.Time
	What What
	Text string // on one line; what was longer than LongestText ends with "…"
}

// Recorder keeps the latest entries. The zero Recorder is empty. Any goroutine may call its methods; none of them blocks.
type Recorder struct {
	mu      sync.Mutex
	entries []entry  // in no order: each is in one of the queues
	queues  [2]queue // of messages and of changes
	last    uint8    // where the latest entry is, if there is any
	number  uint64   // of the latest entry
}

// The queues of a recorder.
const (
	ofMessages = iota // and of answers
	ofChanges
)

// shares are how many entries each queue may have when there is no room for more.
var shares = [...]uint8{ofMessages: Most - MostChanges, ofChanges: MostChanges}

// queueOf returns the queue of the entries of a kind.
func queueOf(what What) int {
	if what == State || what == Error {
		return ofChanges
	}
	return ofMessages
}

// queue is a list of entries, the oldest first.
type queue struct {
	first, last uint8 // where these entries are, if there are any
	n           uint8
}

// entry is an Entry in the making.
type entry struct {
	at     int64 // Unix time in nanoseconds
	text   []byte
	number uint64 // grows from entry to entry, since many may have the same time
	times  uint32 // refusals that the entry stands for; 0: it is none
	what   What
	next   uint8 // where the next entry of the queue is, if there is one
}

// Message keeps a message, with what stands before it, unless that is empty.
func (r *Recorder) Message(at time.Time, what What, before string, msg messages.InternalMsg) {
	r.mu.Lock()
	defer r.mu.Unlock()
	e := r.next(what)
	e.begin(at, what)
	e.add(before)
	e.addMessage(&msg)
}

// Text keeps a text, given in parts. A State that is the same as the latest entry is not kept again.
func (r *Recorder) Text(at time.Time, what What, parts ...string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if what == State && r.says(parts) {
		return
	}
	e := r.next(what)
	e.begin(at, what)
	for _, part := range parts {
		e.add(part)
	}
}

// says reports whether the latest entry is the same State.
func (r *Recorder) says(parts []string) bool {
	e := r.latest()
	if e == nil || e.what != State {
		return false
	}
	var same entry
	for _, part := range parts {
		same.add(part)
	}
	return bytes.Equal(e.text, same.text)
}

// Refused keeps that a message was refused, and why, given in parts. Refusals in a row share one entry, which has the latest: a
// device that is down must not lose what it did before to the messages that still come.
func (r *Recorder) Refused(at time.Time, msg messages.InternalMsg, why ...string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var times uint32
	e := r.latest()
	if e == nil || e.times == 0 {
		e = r.next(Answer)
	} else {
		times = e.times
	}
	e.begin(at, Answer)
	e.times = times + 1
	for _, part := range why {
		e.add(part)
	}
	e.add(": ")
	e.addMessage(&msg)
}

// latest returns the latest entry; nil if there is none.
func (r *Recorder) latest() *entry {
	if len(r.entries) == 0 {
		return nil
	}
	return &r.entries[r.last]
}

// next returns the place of the next entry, which is of a kind. If there is no room left, the oldest entry of the queue that has more
// than its share gives way.
func (r *Recorder) next(what What) *entry {
	of := queueOf(what)
	var at uint8
	switch {
	case len(r.entries) < Most:
		n := len(r.entries)
		if n == cap(r.entries) {
			r.entries = append(make([]entry, 0, min(max(2, 2*n), Most)), r.entries...)
		}
		at = uint8(n)
		r.entries = append(r.entries, entry{})
	case r.queues[of].n >= shares[of]:
		at = r.take(&r.queues[of])
	default:
		at = r.take(&r.queues[1-of])
	}
	q := &r.queues[of]
	if q.n == 0 {
		q.first = at
	} else {
		r.entries[q.last].next = at
	}
	q.last = at
	q.n++
	r.last = at
	r.number++
	e := &r.entries[at]
	e.number = r.number
	return e
}

// take takes the oldest entry out of a queue that has one, and returns where it is.
func (r *Recorder) take(q *queue) uint8 {
	at := q.first
	q.first = r.entries[at].next
	q.n--
	return at
}

// begin empties an entry, and keeps its place and the memory of its text.
func (e *entry) begin(at time.Time, what What) {
	if e.text == nil {
		e.text = make([]byte, 0, 64) // most texts are not longer
	}
	e.at, e.what, e.times, e.text = at.UnixNano(), what, 0, e.text[:0]
}

// add appends as much of s as there is room for. A text that is longer than LongestText was cut.
func (e *entry) add(s string) {
	if room := LongestText + 1 - len(e.text); len(s) > room {
		s = s[:room]
	}
	e.text = append(e.text, s...)
}

// addMessage appends a message as its String has it, without quotation marks around words that can't be printed.
func (e *entry) addMessage(m *messages.InternalMsg) {
	to := m.Address()
	e.add(m.Type().String())
	e.add(" ")
	e.add(to.Function)
	e.add("/")
	e.add(to.Gateway)
	e.add("/")
	e.add(to.Location)
	e.add("/")
	e.add(to.Device)
	if m.Sender() != "" {
		e.add(" from ")
		e.add(m.Sender())
	}
	e.add(": ")
	e.add(m.Action())
	before := ` {"`
	for key, value := range m.Args() {
		e.add(before)
		e.add(key)
		e.add(`":`)
		e.add(value.Raw())
		before = `,"`
	}
	if m.NumArgs() > 0 {
		e.add("}")
	}
}

// Entries returns the entries, the oldest first.
func (r *Recorder) Entries() []Entry {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := make([]Entry, 0, len(r.entries))
	left := r.queues // a copy, so that the entries stay in the queues of the recorder
	for range r.entries {
		m, c := &left[ofMessages], &left[ofChanges]
		q := m
		if m.n == 0 || c.n > 0 && r.entries[c.first].number < r.entries[m.first].number {
			q = c
		}
		e := &r.entries[r.take(q)]
		all = append(all, Entry{At: time.Unix(0, e.at), What: e.what, Text: e.words()})
	}
	return all
}

// words returns the text of an entry on one line.
func (e *entry) words() string {
	text, tail := string(e.text), ""
	if len(text) > LongestText {
		text, tail = text[:LongestText], "…"
	}
	text = strings.Map(func(c rune) rune {
		if unicode.IsPrint(c) {
			return c
		}
		return ' '
	}, strings.ToValidUTF8(text, ""))
	if text += tail; e.times > 1 {
		text += fmt.Sprintf(" (the latest of %d)", e.times)
	}
	return text
}
