// Package history keeps what the record forgets: each change of the link within the last day, and for each device how many messages a
// second it had, how many waited, and what its values were, within the last ten minutes. It reads the record, the counters and the
// values, and nothing waits for it.
package history

import (
	"context"
	"iter"
	"math"
	"sync"
	"time"

	"github.com/mqttgateway/mqttgateway/actors"
	"github.com/mqttgateway/mqttgateway/actors/supervision"
	"github.com/mqttgateway/mqttgateway/internal/rest"
	"github.com/mqttgateway/mqttgateway/messages"
)

// The bounds of what is kept.
const (
	stripTime = 24 * time.Hour
	maxStrip  = 1000            // changes of the link
	Step      = 5 * time.Second // between two looks at all devices
	Steps     = 120             // looks at each device
)

// Gateway is the part of actors.Gateway that a History reads.
type Gateway interface {
	Watch(context.Context) iter.Seq[actors.Update]
	Figures() iter.Seq[*actors.Figures]
}

// Change is a change of the link's state.
type Change struct {
	At     time.Time
	State  messages.State
	Reason string
}

// History is what is kept. Any goroutine may call its methods.
type History struct {
	gateway Gateway

	mu      sync.Mutex // guards what follows
	strip   []Change   // the oldest first; the first may be older than stripTime: the state with which that begins
	devices map[string]*device
	series  int // pasts of values, of all devices

	looks int // since Run began; on its goroutine alone
}

// device is what is kept of a device: its latest looks in a circle.
type device struct {
	total uint64 // messages, in and out, at the latest look
	seen  int    // the number of the latest look
	looks int    // since the device was first seen
	kept  *kept  // nil: the device has always been idle

	values values
}

// kept is what the looks at a device have seen.
type kept struct {
	rates [Steps]float32
	queue [Steps]uint16
}

// New returns a History that has nothing yet.
func New(g Gateway) *History { return &History{gateway: g, devices: make(map[string]*device)} }

// Run keeps what happens until ctx is done.
func (h *History) Run(ctx context.Context) {
	var link sync.WaitGroup
	defer link.Wait()
	link.Go(func() { h.watch(ctx) })
	latest := time.Now()
	tick := time.NewTicker(Step)
	defer tick.Stop()
	for {
		now := time.Now()
		h.look(now.Sub(latest))
		latest = now
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// watch notes each change of the link. It looks at no other entry.
func (h *History) watch(ctx context.Context) {
	for u := range h.gateway.Watch(ctx) {
		for _, e := range u.Entries {
			if e.Kind == supervision.Link {
				h.note(Change{e.Since, e.State, e.Reason}, time.Now())
			}
		}
	}
}

func (h *History) note(c Change, now time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if c.At.IsZero() { // before the gateway runs
		return
	}
	if n := len(h.strip); n > 0 && h.strip[n-1].State == c.State && h.strip[n-1].At.Equal(c.At) {
		return
	}
	h.strip = append(h.strip, c)
	h.trim(now)
}

// trim forgets changes that are too old, but keeps the state with which the rest begins.
func (h *History) trim(now time.Time) {
	drop := max(0, len(h.strip)-maxStrip)
	for drop+1 < len(h.strip) && now.Sub(h.strip[drop+1].At) > stripTime {
		drop++
	}
	h.strip = append(h.strip[:0], h.strip[drop:]...)
}

// Strip returns the changes of the link within the last day, the oldest first, behind the state with which the day began.
func (h *History) Strip() []Change {
	h.mu.Lock()
	defer h.mu.Unlock()
	now := time.Now()
	h.trim(now)
	strip := append([]Change(nil), h.strip...)
	for i := range strip {
		strip[i].At = supervision.ByClock(strip[i].At, now)
	}
	return strip
}

// look looks at all devices. took is the time since the look before.
func (h *History) look(took time.Duration) {
	h.looks++
	now := time.Now()
	pause := rest.Aside()
	for f := range h.gateway.Figures() {
		h.see(f, now, took)
		pause.Due()
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for name, d := range h.devices {
		if d.seen != h.looks {
			d.values.forget(&h.series)
			delete(h.devices, name)
		}
	}
}

// see looks at a device.
func (h *History) see(f *actors.Figures, now time.Time, took time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	total := f.Handled + f.Refused + f.Failed + f.Emitted
	d := h.devices[f.Name]
	if d == nil {
		d = &device{total: total}
		h.devices[f.Name] = d
	}
	rate, queue := float32(0), uint16(min(f.Waiting+f.Awaited, math.MaxUint16))
	if total > d.total && took > 0 { // else the device has been replaced, or is idle
		rate = float32(math.Round(10*float64(total-d.total)/took.Seconds()) / 10)
	}
	if d.kept == nil && (rate > 0 || queue > 0) {
		d.kept = new(kept)
	}
	if d.kept != nil {
		d.kept.rates[d.looks%Steps], d.kept.queue[d.looks%Steps] = rate, queue
	}
	d.values.look(f.Description.Entities, f.States, now, &h.series)
	d.total, d.seen = total, h.looks
	d.looks++
}

// Of returns how many messages a second a device had, and how many waited for it, at each look, the oldest first; nil if the device
// has always been idle.
func (h *History) Of(name string) (rates []float32, queue []uint16) {
	h.mu.Lock()
	defer h.mu.Unlock()
	d := h.devices[name]
	if d == nil || d.kept == nil {
		return nil, nil
	}
	for i := max(0, d.looks-Steps); i < d.looks; i++ {
		rates, queue = append(rates, d.kept.rates[i%Steps]), append(queue, d.kept.queue[i%Steps])
	}
	return rates, queue
}

// Rate returns how many messages a second a device had at the latest look.
func (h *History) Rate(name string) float64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	if d := h.devices[name]; d != nil && d.kept != nil {
		return math.Round(10*float64(d.kept.rates[(d.looks-1)%Steps])) / 10
	}
	return 0
}
