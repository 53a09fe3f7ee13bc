package actors

import (
	"slices"
	"sync"

	"github.com/mqttgateway/mqttgateway/config"
)

// deviceTable has all devices of a gateway. The parent alone changes the table; any goroutine may read it.
type deviceTable struct {
	mu      sync.RWMutex
	latest  uint64               // generation
	present map[string]*device   // the devices that are wanted, by their names
	going   map[*device]struct{} // the devices that are not wanted any more and have not ended yet
}

func newDeviceTable(devices []*device) *deviceTable {
	t := &deviceTable{present: make(map[string]*device, len(devices)), going: make(map[*device]struct{})}
	for _, d := range devices {
		t.put(d)
	}
	return t
}

// named returns the wanted device of a name, or nil.
func (t *deviceTable) named(name string) *device {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.present[name]
}

// put makes d, which is new, the wanted device of its name.
func (t *deviceTable) put(d *device) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.latest++
	d.generation = t.latest
	t.present[d.config.Name] = d
}

// leave takes the name from a device that is to go, and returns the device.
func (t *deviceTable) leave(name string) *device {
	t.mu.Lock()
	defer t.mu.Unlock()
	d := t.present[name]
	delete(t.present, name)
	t.going[d] = struct{}{}
	return d
}

// ended forgets a device that has left.
func (t *deviceTable) ended(d *device) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.going, d)
}

// all returns every device that has not ended.
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

// configured returns the configurations of the wanted devices that no other has added, by their names.
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

// mostLingering is how many devices the log names that have not closed in time.
const mostLingering = 10

// lingering names some devices that have something to do.
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
