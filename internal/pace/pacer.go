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

// pulse is how often the scheduler's monitor is to look after the goroutines while messages flow. It takes a processor
// from one that computes, but sleeps while all are at rest, until the next timer or system call; and those of the network
// are not announced to it. So there is a timer, without which a device that computes would keep a single processor.
const pulse = 20 * time.Millisecond

// Pacer chooses between one processor and all for the whole process. There is to be one at most. All methods may be
// called on nil, which does nothing.
type Pacer struct {
	messages atomic.Uint64
	awake    atomic.Bool // samples are being taken
	fixed    bool        // the number of processors is not ours to choose; there are pulses only

	mu      sync.Mutex
	read    func() reading
	stopped bool
	timer   *time.Timer
	rule    rule
	began   time.Time
	before  reading
	seen    uint64 // messages
}

// New returns a pacer that begins with its first message. It has nothing to choose if there is one processor, or
// GOMAXPROCS is set. It is nil if the system does not say what processes use.
func New() *Pacer {
	if !readable {
		return nil
	}
	return &Pacer{fixed: runtime.GOMAXPROCS(0) == 1 || os.Getenv("GOMAXPROCS") != "", read: new(meter).read}
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
		p.timer = time.AfterFunc(pulse, p.look)
	} else {
		p.timer.Reset(pulse)
	}
	rouse()
}

// look is called with each pulse. When it is time it ends a sample and begins the next, unless there were no messages.
func (p *Pacer) look() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.stopped {
		return
	}
	now := time.Now()
	if now.Sub(p.began) < period {
		p.timer.Reset(pulse)
		return
	}
	messages := p.messages.Load()
	if !p.fixed {
		p.choose(now, messages)
	}
	if messages == p.seen {
		p.awake.Store(false)
		return
	}
	p.began, p.seen = now, messages
	p.timer.Reset(pulse)
}

// choose ends a sample.
func (p *Pacer) choose(now time.Time, messages uint64) {
	was, reading := p.rule.one, p.read()
	if one := p.rule.step(sample{
		took:     now.Sub(p.began),
		messages: messages - p.seen,
		cpu:      reading.cpu - p.before.cpu,
		waits:    reading.waits - p.before.waits,

		preempted: reading.preempted - p.before.preempted,
	}); one != was {
		use(one)
	}
	p.before = reading
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
