package supervision

import (
	"time"

	"github.com/mqttgateway/mqttgateway/actors/backoff"
	"github.com/mqttgateway/mqttgateway/messages"
)

// restarts is the back-off of parts, and of devices for which the configuration gives none.
var restarts = backoff.Policy{Min: time.Second, Max: time.Minute}

// steadyAfter is how long a device, a part or the link must be online for its back-off to begin from its minimum again.
const steadyAfter = 30 * time.Second

// Record holds the state of everything. It must not be used by several goroutines at the same time. New makes a Record.
type Record struct {
	random  func() float64
	born    time.Time // time of the first event; devices keep times as durations since then
	link    Entry
	parts   []Entry
	devices map[string]*device
	added   map[*device][]*device // devices by the hub that has added them

	counts       [messages.Stopped + 1]int // of devices, by the state in their entries
	firstOpening int                       // devices without a hub that are connecting
	stopping     bool                      // no device is begun again any more
	ended        bool

	now     time.Time // time of the event that is being applied
	changes []Change  // caused by the event
	orders  []Order
}

// New returns the record of a gateway that has not begun, with the link and the given parts. random returns numbers in
// [0,1), from which waits are drawn.
func New(random func() float64, parts ...string) *Record {
	r := &Record{
		random:  random,
		link:    Entry{Kind: Link, Name: Link.String()},
		devices: make(map[string]*device),
		added:   make(map[*device][]*device),
	}
	for _, part := range parts {
		r.parts = append(r.parts, Entry{Kind: Part, Name: part})
	}
	return r
}

// Apply applies an event: a message that the supervisor receives or sends, or PartBegan, PartFailed or Ended. It
// returns the entries that have changed, hubs before the devices that they have added, and the orders that follow. Any
// other event, and an event about a device that the record does not have, changes nothing. The next call overwrites
// both slices.
func (r *Record) Apply(event any, now time.Time) ([]Change, []Order) {
	if r.ended {
		return nil, nil
	}
	if r.born.IsZero() {
		r.born = now
	}
	clear(r.changes) // frees entries that no longer exist
	r.now, r.changes, r.orders = now, r.changes[:0], r.orders[:0]
	switch e := event.(type) {
	case messages.DeviceAdded:
		r.add(e)
	case messages.DeviceRemoved:
		r.remove(e.Device)
	case messages.DeviceChanged:
		r.deviceChanged(e)
	case messages.Failure:
		r.deviceFailed(e)
	case PartBegan:
		r.partBegan(e.Part)
	case PartFailed:
		r.partFailed(e)
	case messages.Begin:
		r.linkWanted()
	case messages.LinkUp:
		r.linkUp()
	case messages.LinkDown:
		r.linkDown(e)
	case messages.LinkUnanswered:
		r.linkUnanswered(e.Since)
	case messages.LinkClosed:
		r.linkClosed()
	case messages.CloseDevices:
		r.stop()
	case Ended:
		r.end()
	}
	return r.changes, r.orders
}

// Link returns the entry of the link.
func (r *Record) Link() Entry { return r.link }

// Entry returns the entry of a kind and name; ok is false if there is none.
func (r *Record) Entry(kind Kind, name string) (e Entry, ok bool) {
	switch kind {
	case Link:
		return r.link, name == r.link.Name
	case Part:
		if p := r.part(name); p != nil {
			return *p, true
		}
	case Device:
		if d, ok := r.devices[name]; ok {
			return r.entry(d), true
		}
	}
	return Entry{}, false
}

// Names returns the names of all devices, in no particular order.
func (r *Record) Names() []string {
	names := make([]string, 0, len(r.devices))
	for name := range r.devices {
		names = append(names, name)
	}
	return names
}

// Counts returns the numbers of devices by state.
func (r *Record) Counts() Counts {
	c := r.counts
	return Counts{
		Online:  c[messages.Online],
		Opening: c[messages.Connecting],
		Down:    c[messages.Offline] + c[messages.Stuck] + c[messages.Misconfigured] + c[messages.Stopped],
	}
}

// FirstOpening returns the number of devices of the configuration that have neither opened nor failed yet.
func (r *Record) FirstOpening() int { return r.firstOpening }

// note notes a change, if the two entries differ.
func (r *Record) note(before, now Entry) {
	if before != now {
		r.changes = append(r.changes, Change{before, now})
	}
}

// wait draws the time until a device or part is begun again, after a number of failures in a row.
func (r *Record) wait(policy backoff.Policy, failures int) time.Duration {
	return policy.Half(failures).Draw(r.random())
}

// stop orders that parts which are down are begun again at once, since there is no time to wait. Devices are not begun
// again.
func (r *Record) stop() {
	r.stopping = true
	for i := range r.parts {
		if p := &r.parts[i]; p.State == messages.Offline {
			before := *p
			p.Next = r.now
			r.note(before, *p)
			r.orders = append(r.orders, Order{Kind: Part, Name: p.Name})
		}
	}
}

// end closes everything. The changes are not listed, since every entry is closed.
func (r *Record) end() {
	r.stopping, r.ended = true, true
	r.link = closed(r.link, r.now)
	for i, p := range r.parts {
		r.parts[i] = closed(p, r.now)
	}
	r.counts = [len(r.counts)]int{messages.Closed: len(r.devices)}
	r.firstOpening = 0
}

// closed returns an entry in the state that it has at the end.
func closed(e Entry, now time.Time) Entry {
	if e.State != messages.Closed {
		e.State, e.Since = messages.Closed, now
	}
	e.Reason, e.Next, e.Unanswered = "", time.Time{}, time.Time{}
	return e
}
