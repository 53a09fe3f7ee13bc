package supervision

import (
	"slices"
	"time"

	"github.com/mqttgateway/mqttgateway/actors/backoff"
	"github.com/mqttgateway/mqttgateway/messages"
)

// restarts is how long what has failed is left alone before it is begun again.
var restarts = backoff.Policy{Min: time.Second, Max: time.Minute}

// steadyAfter is how long it must then have been online for its back-off to begin anew.
const steadyAfter = 30 * time.Second

// Record is how everything is. It is not safe for concurrent use. Make it with New.
type Record struct {
	random  func() float64
	born    time.Time // of the first event; devices' times are counted from it
	link    Entry
	parts   []Entry
	devices map[string]*device
	added   map[*device][]*device // by hub

	counts       [messages.Misconfigured + 1]int // of devices, by the state that their entries tell
	firstOpening int                             // devices of the configuration that are connecting
	stopping     bool                            // nothing is begun again any more but parts
	ended        bool

	now     time.Time // of the event that is applied
	changes []Change  // that come of it
	orders  []Order
}

// New returns the record of a gateway that has not begun, with its link and these actors of its own. Random returns numbers
// of [0,1), from which waits are drawn.
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

// Apply takes an event into account, which is a message that the supervisor is told or sends, or one of the types in this
// package. It returns what has changed with it, hubs ahead of what they have added, and what is to be begun again. What has
// no meaning for the record, and what is said of a device that there is not, changes nothing. Both slices are good until the
// next call.
func (r *Record) Apply(event any, now time.Time) ([]Change, []Order) {
	if r.ended {
		return nil, nil
	}
	if r.born.IsZero() {
		r.born = now
	}
	clear(r.changes) // so that entries that are no more can go
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
	case messages.LinkOwed:
		r.linkOwed(e.Since)
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

// Parts returns the entries of the gateway's own actors.
func (r *Record) Parts() []Entry { return slices.Clone(r.parts) }

// Entry returns what is to be told of the thing of this kind and name, and whether there is one.
func (r *Record) Entry(kind Kind, name string) (Entry, bool) {
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

// Names returns the names of all devices, in no order.
func (r *Record) Names() []string {
	names := make([]string, 0, len(r.devices))
	for name := range r.devices {
		names = append(names, name)
	}
	return names
}

// Counts returns how many devices there are of each sort.
func (r *Record) Counts() Counts {
	c := r.counts
	return Counts{
		Online:  c[messages.Online],
		Opening: c[messages.Connecting],
		Down:    c[messages.Offline] + c[messages.Stuck] + c[messages.Misconfigured],
	}
}

// FirstOpening returns how many devices of the configuration have neither opened nor failed yet.
func (r *Record) FirstOpening() int { return r.firstOpening }

// note adds a change, if it is one.
func (r *Record) note(before, now Entry) {
	if before != now {
		r.changes = append(r.changes, Change{before, now})
	}
}

// wait draws how long something is left alone that has failed that often in a row.
func (r *Record) wait(failures int) time.Duration {
	return restarts.Half(failures).Draw(r.random())
}

// stop has the parts that are down begin at once, for there is no time to leave them alone, and devices not any more.
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

// end closes everything. Of so many changes each reader knows without being told.
func (r *Record) end() {
	r.stopping, r.ended = true, true
	r.link = closed(r.link, r.now)
	for i, p := range r.parts {
		r.parts[i] = closed(p, r.now)
	}
	r.counts = [len(r.counts)]int{messages.Closed: len(r.devices)}
	r.firstOpening = 0
}

// closed returns an entry with what is left of it at the end.
func closed(e Entry, now time.Time) Entry {
	if e.State != messages.Closed {
		e.State, e.Since = messages.Closed, now
	}
	e.Reason, e.Next, e.Unanswered = "", time.Time{}, time.Time{}
	return e
}
