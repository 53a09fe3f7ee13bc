package api

import (
	"cmp"
	"context"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/mqttgateway/mqttgateway/actors/supervision"
)

// coalesce is how long changes of the record are gathered: of an entry that changes more often, the latest state counts.
const coalesce = 100 * time.Millisecond

// known is the record as the readers of events have been told it.
type known struct {
	mu      sync.Mutex
	entries map[thing]supervision.Entry
	ready   chan struct{} // closed when the entries are there; nil: the pump does not run
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

// all returns the entries, ordered by kind and name. The caller holds mu.
func (k *known) all() []supervision.Entry {
	list := make([]supervision.Entry, 0, len(k.entries))
	for _, e := range k.entries {
		list = append(list, e)
	}
	slices.SortFunc(list, func(a, b supervision.Entry) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Name, b.Name))
	})
	return list
}

// names returns the names of the devices, in any order.
func (k *known) names() (list []string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for of := range k.entries {
		if of.kind == supervision.Device {
			list = append(list, of.name)
		}
	}
	return list
}

// pumpRecord makes events of the changes of the record.
func (a *API) pumpRecord(ctx context.Context) {
	k := &a.events.known
	defer func() {
		k.mu.Lock()
		defer k.mu.Unlock()
		k.entries, k.ready = nil, nil
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
		for _, e := range u.Entries {
			k.entries[thing{e.Kind, e.Name}] = e
			if !first {
				events = append(events, encode("change", a.entry(e)))
			}
		}
		for _, name := range gone {
			delete(k.entries, thing{supervision.Device, name})
			events = append(events, encode("change", removed{supervision.Device.String(), name, true}))
		}
		a.events.push(records, events...)
		if first {
			if k.ready == nil {
				k.ready = make(chan struct{})
			}
			close(k.ready)
		}
		k.mu.Unlock()
		if !wait(ctx, coalesce) {
			return
		}
	}
}

// snapshot returns the whole tree as an event, and the number of the event of the record that comes next.
func (a *API) snapshot(ctx context.Context) (event, uint64, bool) {
	k := &a.events.known
	select {
	case <-k.whenReady():
	case <-ctx.Done():
		return event{}, 0, false
	}
	k.mu.Lock()
	all, next := k.all(), a.events.end(records)
	k.mu.Unlock()
	return encode("snapshot", a.grow(all)), next, true
}

// rates are how many messages a second each device has, in and out, while somebody reads.
type rates struct {
	mu     sync.Mutex
	latest map[string]sample
}

// sample is what is known of a device from the latest look at it.
type sample struct {
	total uint64  // messages, in and out
	queue int     // messages in the mailbox
	rate  float64 // a second
}

// of returns the rate of a device, and whether it is known.
func (r *rates) of(device string) (float64, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	s, ok := r.latest[device]
	return s.rate, ok
}

// countEvery is the time between two looks at all devices.
const countEvery = time.Second

// queues are the devices whose queue or rate has changed.
type queues struct {
	Devices [][3]any `json:"devices"` // name, queue, rate
}

// pumpCounts looks at all devices each second, and makes an event of what has changed.
func (a *API) pumpCounts(ctx context.Context) {
	r := &a.events.rates
	latest := time.Now()
	for wait(ctx, countEvery) {
		took := time.Since(latest).Seconds()
		latest = latest.Add(time.Duration(took * float64(time.Second)))
		names := a.events.known.names()
		now := make(map[string]sample, len(names))
		var changed queues
		for _, name := range names {
			d, ok := a.Gateway.Device(name)
			if !ok {
				continue
			}
			before, seen := r.latest[name] // written by this goroutine alone
			s := sample{total: d.Handled + d.Refused + d.Failed + d.Emitted, queue: d.Waiting + d.Awaited}
			if seen && s.total > before.total { // else the device has been replaced, or is idle
				s.rate = math.Round(10*float64(s.total-before.total)/took) / 10
			}
			now[name] = s
			if s.queue != before.queue || s.rate != before.rate {
				changed.Devices = append(changed.Devices, [3]any{name, s.queue, s.rate})
			}
		}
		r.mu.Lock()
		r.latest = now
		r.mu.Unlock()
		if len(changed.Devices) > 0 {
			a.events.push(counts, encode("counts", changed))
		}
	}
	r.mu.Lock()
	r.latest = nil
	r.mu.Unlock()
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
