package heap

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync"
	"time"
)

// After a collection it is looked again and again, a period each, until hardly anything has been allocated in one.
const (
	period = time.Second / 2
	hardly = 1 << 20 // bytes
)

// Keeper looks after the heap of the whole process. There is to be one at most. All methods may be called on nil, which
// does nothing.
type Keeper struct {
	mu      sync.Mutex
	stopped bool
	before  int         // percent, of others
	percent int         // in force; 0 before the first collection
	timer   *time.Timer // runs after a collection until things have calmed down
	seen    uint64      // of what has been allocated
	floor   floor
}

// New returns a keeper that has not begun; nil if the environment says what the collector is to do.
func New() *Keeper {
	if os.Getenv("GOGC") != "" || os.Getenv("GOMEMLIMIT") != "" {
		return nil
	}
	return new(Keeper)
}

// Start begins with the next collection. It is to be called once, when what the process needs only to start has been
// done.
func (k *Keeper) Start() {
	if k == nil {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.stopped {
		return
	}
	k.timer = time.AfterFunc(period, k.look)
	k.watch()
}

// Stop leaves the heap to the collector as it was before.
func (k *Keeper) Stop() {
	if k == nil {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.stopped = true
	if k.timer != nil {
		k.timer.Stop()
	}
	if k.percent != 0 {
		debug.SetGCPercent(k.before)
	}
}

// watch has collected called after the next collection.
func (k *Keeper) watch() {
	runtime.AddCleanup(new(struct{ _ *byte }), (*Keeper).collected, k)
}

func (k *Keeper) collected() {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.stopped {
		return
	}
	k.timer.Reset(period)
	k.adapt()
	k.watch()
}

// adapt sets the percentage, for which everything has to halt for some microseconds, if it has become another.
func (k *Keeper) adapt() {
	want := percent(read().live)
	if off := want - k.percent; 10*max(off, -off) < k.percent {
		return
	}
	was := debug.SetGCPercent(want)
	if k.percent == 0 {
		k.before = was
	}
	k.percent = want
}

// look gives back what is worth it if things have calmed down. That collects too, after which there is nothing more.
func (k *Keeper) look() {
	if !k.worth() {
		return
	}
	debug.FreeOSMemory()
	k.mu.Lock()
	defer k.mu.Unlock()
	k.floor.mapped = read().mapped
}

func (k *Keeper) worth() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.stopped {
		return false
	}
	u := read()
	busy := u.allocated-k.seen > hardly
	if k.seen = u.allocated; busy {
		k.timer.Reset(period)
		return false
	}
	return k.floor.exceeded(u)
}

// read returns how the heap is.
func read() usage {
	samples := []metrics.Sample{
		{Name: "/gc/heap/live:bytes"},
		{Name: "/gc/heap/allocs:bytes"},
		{Name: "/memory/classes/heap/objects:bytes"},
		{Name: "/memory/classes/heap/unused:bytes"},
		{Name: "/memory/classes/heap/free:bytes"},
	}
	metrics.Read(samples)
	u := usage{live: samples[0].Value.Uint64(), allocated: samples[1].Value.Uint64()}
	for _, s := range samples[2:] {
		u.mapped += s.Value.Uint64()
	}
	return u
}
