package pace

import (
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// period is how long a sample lasts.
const period = 100 * time.Millisecond

// Pacer chooses between one processor and all for the whole process. There is to be one at most. All methods may be
// called on nil, which does nothing.
type Pacer struct {
	messages atomic.Uint64
	awake    atomic.Bool // samples are being taken

	mu      sync.Mutex
	read    func() reading
	stopped bool
	timer   *time.Timer
	rule    rule
	began   time.Time
	before  reading
	seen    uint64 // messages
}

// New returns a pacer that begins with its first message; nil if there is nothing to choose: because there is one
// processor, GOMAXPROCS is set, or the system does not say what processes use.
func New() *Pacer {
	if runtime.GOMAXPROCS(0) == 1 || os.Getenv("GOMAXPROCS") != "" || !readable {
		return nil
	}
	return &Pacer{read: new(meter).read}
}

// Note tells of a message. Any goroutine may call it; it costs some nanoseconds.
func (p *Pacer) Note() {
	if p == nil {
		return
	}
	p.messages.Add(1)
	if !p.awake.Load() && p.awake.CompareAndSwap(false, true) {
		p.wake()
	}
}

func (p *Pacer) wake() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.stopped {
		return
	}
	if p.rule.resume() {
		use(true)
	}
	p.began, p.before, p.seen = time.Now(), p.read(), p.messages.Load()-1
	if p.timer == nil {
		p.timer = time.AfterFunc(period, p.look)
	} else {
		p.timer.Reset(period)
	}
}

// look ends a sample and begins the next, unless there were no messages.
func (p *Pacer) look() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.stopped {
		return
	}
	now, reading, messages := time.Now(), p.read(), p.messages.Load()
	was := p.rule.one
	if one := p.rule.step(sample{
		took:     now.Sub(p.began),
		messages: messages - p.seen,
		cpu:      reading.cpu - p.before.cpu,
		waits:    reading.waits - p.before.waits,
	}); one != was {
		use(one)
	}
	if messages == p.seen {
		p.awake.Store(false)
		return
	}
	p.began, p.before, p.seen = now, reading, messages
	p.timer.Reset(period)
}

// Stop gives all processors back, for good.
func (p *Pacer) Stop() {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stopped = true
	if p.timer != nil {
		p.timer.Stop()
	}
	if p.rule.one {
		use(false)
	}
}

func use(one bool) {
	if one {
		runtime.GOMAXPROCS(1)
	} else {
		runtime.SetDefaultGOMAXPROCS()
	}
}
