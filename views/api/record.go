package api

import (
	"cmp"
	"context"
	"maps"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/mqttgateway/mqttgateway/actors/supervision"
	"github.com/mqttgateway/mqttgateway/internal/rest"
)

// coalesce is how long changes of the record are gathered: of an entry that changes more often, the latest state counts.
const coalesce = 100 * time.Millisecond

// known is the record as the readers of events have been told it.
type known struct {
	mu      sync.Mutex
	entries map[thing]supervision.Entry
	order   []thing       // of the entries; nil: not known since one has come or gone
	ready   chan struct{} // closed when the entries are there; nil: the pump does not run

	making sync.Mutex // held while a snapshot is made, of which there is one at a time
	latest snapshot   // that readers share who come together
}

// thing names an entry.
type thing struct {
	kind supervision.Kind
	name string
}

// removed says that an entry is gone.
type removed struct {
	Kind    string `json:"kind"`
	Name    string `json:"name"`
	Removed bool   `json:"removed"`
}

// whenReady returns a channel that is closed when the entries are there.
func (k *known) whenReady() <-chan struct{} {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.ready == nil {
		k.ready = make(chan struct{})
	}
	return k.ready
}

// put keeps an entry, which is new or has changed. The caller holds mu.
func (k *known) put(e supervision.Entry) {
	of := thing{e.Kind, e.Name}
	if _, is := k.entries[of]; !is {
		k.order = nil
	}
	k.entries[of] = e
}

// remove forgets a device. The caller holds mu.
func (k *known) remove(name string) {
	delete(k.entries, thing{supervision.Device, name})
	k.order = nil
}

// all returns the entries, ordered by kind and name. The caller holds mu.
func (k *known) all(pause *rest.Rest) []supervision.Entry {
	if k.order == nil {
		k.order = slices.SortedFunc(maps.Keys(k.entries), func(a, b thing) int {
			return cmp.Or(cmp.Compare(a.kind, b.kind), cmp.Compare(a.name, b.name))
		})
	}
	list := make([]supervision.Entry, 0, len(k.order))
	for _, of := range k.order {
		list = append(list, k.entries[of])
		pause.Due()
	}
	return list
}

// pumpRecord makes events of the changes of the record.
func (a *API) pumpRecord(ctx context.Context) {
	k := &a.events.known
	defer func() {
		k.mu.Lock()
		defer k.mu.Unlock()
		k.entries, k.order, k.ready, k.latest = nil, nil, nil, snapshot{}
	}()
	for u := range a.Gateway.Watch(ctx) {
		k.mu.Lock()
		var events []event
		gone := u.Removed
		first := k.entries == nil
		if u.Whole {
			gone = nil
			before := k.entries
			k.entries = make(map[thing]supervision.Entry, len(u.Entries))
			for _, e := range u.Entries {
				delete(before, thing{e.Kind, e.Name})
			}
			for of := range before {
				gone = append(gone, of.name)
			}
		}
		pause := rest.Aside()
		for _, e := range u.Entries {
			pause.Due()
			k.put(e)
			if !first {
				events = append(events, encode("change", a.entry(e)))
			}
		}
		for _, name := range gone {
			k.remove(name)
			events = append(events, encode("change", removed{supervision.Device.String(), name, true}))
		}
		a.events.push(records, events...)
		if first {
			if k.ready == nil {
				k.ready = make(chan struct{})
			}
			close(k.ready)
			a.events.clear(records) // whoever has the tree of the pump before wants another
		}
		k.mu.Unlock()
		if !wait(ctx, coalesce) {
			return
		}
	}
}

// snapshot is the whole tree at a moment.
type snapshot struct {
	at   time.Time
	tree []byte   // all but its beginning, the gateway itself
	next position // the events that come next
}

// shared is how long a snapshot is given to others who come, too: many come when the gateway has begun, or its network is back.
const shared = 500 * time.Millisecond

// begin returns the event of a snapshot, up to what readers share.
func (s snapshot) begin(gateway About) []byte {
	return append([]byte("event: snapshot\ndata: "), beginTree(gateway)...)
}

// snapshot returns the whole tree, as it is now or was just before, and false if ctx is done.
func (a *API) snapshot(ctx context.Context) (snapshot, bool) {
	k := &a.events.known
	select {
	case <-k.whenReady():
	case <-ctx.Done():
		return snapshot{}, false
	}
	k.making.Lock()
	defer k.making.Unlock()
	pause := rest.Begin()
	defer pause.End()
	k.mu.Lock()
	if s := k.latest; time.Since(s.at) < shared && s.tree != nil {
		k.mu.Unlock()
		return s, true
	}
	s := snapshot{at: time.Now(), next: a.events.behind()}
	all, pump := k.all(pause), k.ready
	k.mu.Unlock()
	s.tree = a.grow(all, pause)
	if k.mu.Lock(); k.entries != nil && k.ready == pump {
		k.latest = s
	}
	k.mu.Unlock()
	return s, true
}

// rates are how many messages a second each device has, in and out, while somebody reads.
type rates struct {
	mu     sync.Mutex
	latest map[string]float64 // of the devices that have any; nil: not known
}

// of returns the rate of a device, and whether it is known.
func (r *rates) of(device string) (rate float64, known bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.latest[device], r.latest != nil
}

func (r *rates) put(latest map[string]float64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.latest = latest
}

// countEvery is the time between two looks at all devices.
const countEvery = time.Second

// queues are the devices whose queue or rate has changed.
type queues struct {
	Devices [][3]any `json:"devices"` // name, queue, rate
}

// sample is what a look has seen of a device.
type sample struct {
	device string
	total  uint64  // messages, in and out
	queue  int     // messages in the mailbox
	rate   float64 // a second
}

// samples are those of one look, in the order of the gateway: the oldest devices first. Of 10,000 devices hardly any come or go between
// two looks, so that nearly all are found where the one before was, or a few places on: a map would take several times as long.
type samples struct {
	list []sample
	at   int // where the next device is looked for
}

// next returns the sample of a device that comes after those that were asked for before; nil if there is none.
func (s *samples) next(device string) *sample {
	for i := s.at; i < len(s.list); i++ {
		if s.list[i].device == device {
			s.at = i + 1
			return &s.list[i]
		}
	}
	s.at = len(s.list) // the device is new, and so are all that follow
	return nil
}

// pumpCounts looks at all devices each second, and makes an event of what has changed.
func (a *API) pumpCounts(ctx context.Context) {
	defer a.events.rates.put(nil)
	var before, now samples
	var changed queues
	latest := time.Now()
	for first := true; wait(ctx, countEvery); first = false {
		at := time.Now()
		took := at.Sub(latest).Seconds()
		latest = at
		before, now = samples{list: now.list}, samples{list: before.list[:0]}
		changed.Devices = changed.Devices[:0]
		rates := make(map[string]float64)
		pause := rest.Aside()
		for d := range a.Gateway.Activities() {
			pause.Due()
			s := sample{device: d.Name, total: d.Handled + d.Refused + d.Failed + d.Emitted, queue: d.Waiting + d.Awaited}
			was := before.next(d.Name)
			if was == nil {
				was = &sample{total: s.total}
			}
			if s.total > was.total { // else the device has been replaced, or is idle
				s.rate = math.Round(10*float64(s.total-was.total)/took) / 10
				rates[d.Name] = s.rate
			}
			now.list = append(now.list, s)
			if s.queue != was.queue || s.rate != was.rate {
				changed.Devices = append(changed.Devices, [3]any{d.Name, s.queue, s.rate})
			}
		}
		if !first {
			a.events.rates.put(rates)
		}
		if len(changed.Devices) > 0 {
			a.events.push(counts, encode("counts", &changed))
		}
	}
}

// wait waits for d. It returns false if ctx is done by then.
func wait(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
