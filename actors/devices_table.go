package actors

import (
	"cmp"
	"maps"
	"slices"
	"sync"

	"github.com/mqttgateway/mqttgateway/config"
)

// deviceTable holds all devices of a gateway. Only the parent changes the table; any goroutine may read it.
type deviceTable struct {
	mu      sync.RWMutex
	latest  uint64               // the latest generation
	present map[string]*device   // wanted devices, by name
	going   map[*device]struct{} // devices that are not wanted any more, and have not ended yet
	order   []*device            // wanted devices, the oldest first; nil: not known since one has left. Readers have it without the lock.
}

func newDeviceTable(devices []*device) *deviceTable {
	t := &deviceTable{present: make(map[string]*device, len(devices)), going: make(map[*device]struct{})}
	for _, d := range devices {
		t.put(d)
	}
	return t
}

// named returns the wanted device with a name, or nil.
func (t *deviceTable) named(name string) *device {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.present[name]
}

// put makes d, a new device, the wanted device with its name.
func (t *deviceTable) put(d *device) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.latest++
	d.generation = t.latest
	if t.order != nil {
		t.order = append(t.order, d) // behind what readers see of it
	}
	t.present[d.config.Name] = d
}

// leave removes the wanted device with a name, and returns it. It is going then.
func (t *deviceTable) leave(name string) *device {
	t.mu.Lock()
	defer t.mu.Unlock()
	d := t.present[name]
	delete(t.present, name)
	t.order = nil
	t.going[d] = struct{}{}
	return d
}

// ended forgets a device that was going.
func (t *deviceTable) ended(d *device) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.going, d)
}

// wanted returns the wanted devices, the oldest first. The caller must not change the list.
func (t *deviceTable) wanted() []*device {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.order == nil {
		t.order = slices.SortedFunc(maps.Values(t.present), func(a, b *device) int { return cmp.Compare(a.generation, b.generation) })
	}
	return t.order
}

// all returns all devices that have not ended.
func (t *deviceTable) all() []*device {
	t.mu.RLock()
	defer t.mu.RUnlock()
	all := make([]*device, 0, len(t.present)+len(t.going))
	for _, d := range t.present {
		all = append(all, d)
	}
	for d := range t.going {
		all = append(all, d)
	}
	return all
}

// configured returns the configurations of all wanted devices that no other device has added, by name.
func (t *deviceTable) configured() map[string]*config.Device {
	t.mu.RLock()
	defer t.mu.RUnlock()
	configured := make(map[string]*config.Device, len(t.present))
	for name, d := range t.present {
		if d.hub == nil {
			configured[name] = d.config
		}
	}
	return configured
}

// mostLingering is how many devices that have not closed in time the log names at most.
const mostLingering = 10

// lingering returns the names of some devices that are still busy.
func (t *deviceTable) lingering() (names []string) {
	for _, d := range t.all() {
		busy := false
		d.box.Locked(func() { busy = d.busy != nil || d.waiting > 0 })
		if busy && len(names) < mostLingering {
			names = append(names, d.config.Name)
		}
	}
	slices.Sort(names)
	return names
}
