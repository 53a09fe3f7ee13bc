package trial

import (
	"context"
	"slices"
	"sync"
	"time"
)

// Ledger books what became of each command. Commands have numbers from 1. It is safe for concurrent use.
type Ledger struct {
	began time.Time

	mu       sync.Mutex
	commands []command      // number - 1 is the place
	owed     int            // commands, see there
	arrived  map[string]int // by device, the highest number that has come to the gateway
	echoed   map[string]int // by device, the highest number whose echo has come
	deaths   []time.Time    // of the broker
	changed  chan struct{}  // closed when something is known of a command
}

// command is all that is known of one.
type command struct {
	device string
	sent   time.Duration // since the ledger's beginning

	acknowledged bool
	atRisk       bool   // a killed broker may have taken it with it
	turnedDown   bool   // the gateway has answered so, at least once
	refused      string // why, as the gateway's log says; empty: not
	panicked     bool   // its device did, as it was told

	handled   int       // times
	last      time.Time // that it was handled
	replayed  int       // of these times, those for which the broker's death may have been the cause
	overtaken bool      // a later one was handled first

	came bool // to the gateway, by its log
	late bool // a later one came first

	echoes        int  // times its echo came
	echoOvertaken bool // that of a later one came first
	kept          bool // the echo was promised
}

// NewLedger returns one that begins now.
func NewLedger() *Ledger {
	return &Ledger{began: time.Now(), arrived: make(map[string]int), echoed: make(map[string]int), changed: make(chan struct{})}
}

// Since returns the time since the beginning.
func (l *Ledger) Since() time.Duration { return time.Since(l.began) }

// Send books a command that is about to be sent to a device, and returns its number.
func (l *Ledger) Send(device string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.commands = append(l.commands, command{device: device, sent: time.Since(l.began)})
	return len(l.commands)
}

// Last returns the number of the last command sent.
func (l *Ledger) Last() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.commands)
}

// Acknowledged books that the broker has taken a command.
func (l *Ledger) Acknowledged(n int) {
	l.with(n, func(c *command) { c.acknowledged = true })
}

// Echoed books that the echo of a command has come.
func (l *Ledger) Echoed(n int) {
	l.with(n, func(c *command) {
		highest := l.echoed[c.device]
		c.echoOvertaken = c.echoOvertaken || c.echoes == 0 && n < highest
		c.echoes++
		l.echoed[c.device] = max(highest, n)
	})
}

// Answered books the gateway's answer to a command. That one is done counts for nothing: the devices' records tell.
func (l *Ledger) Answered(n int, response string) {
	if response != done {
		l.with(n, func(c *command) { c.turnedDown = true })
	}
}

// done is the answer to a command that has been handled.
const done = "OK"

// Arrived books that the gateway's log says a command has come from the broker. A broker may send later ones first:
// mosquitto 2.0.11 does, to a session that it resumes with more than it may send at a time.
func (l *Ledger) Arrived(n int) {
	l.with(n, func(c *command) {
		c.late = c.late || !c.came && n < l.arrived[c.device]
		c.came = true
		l.arrived[c.device] = max(l.arrived[c.device], n)
	})
}

// Refused books that the gateway's log says it has refused a command.
func (l *Ledger) Refused(n int, why string) {
	l.with(n, func(c *command) { c.refused = why })
}

// BrokerDied books that the broker has been killed, after whose death nothing more of it came, and before it begins
// again. All that it may have known of at its death is at risk, and what it had been told was handled may come again.
func (l *Ledger) BrokerDied() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.deaths = append(l.deaths, time.Now())
	for i := range l.commands {
		if c := &l.commands[i]; i+1 > l.echoed[c.device] {
			c.atRisk = true
		}
	}
}

func (l *Ledger) with(n int, f func(*command)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if n < 1 || n > len(l.commands) {
		return
	}
	c := &l.commands[n-1]
	was := c.owed()
	f(c)
	switch is := c.owed(); {
	case is && !was:
		l.owed++
	case was && !is:
		l.owed--
	}
	close(l.changed)
	l.changed = make(chan struct{})
}

// owed tells whether something is still to be heard of a command: its echo, or that it was refused.
func (c *command) owed() bool { return c.acknowledged && c.echoes == 0 && !c.turnedDown }

// handled books that a device has handled c at a time.
func (l *Ledger) handled(c *command, at time.Time) {
	if c.handled > 0 && slices.ContainsFunc(l.deaths, func(death time.Time) bool { return c.last.Before(death) && death.Before(at) }) {
		c.replayed++
	}
	c.handled++
	c.last = at
}

// mayComeAgain tells whether a command that comes late may come for the second time: it was refused before, or the
// broker has died meanwhile.
func (c *command) mayComeAgain() bool { return c.refused != "" || c.turnedDown || c.atRisk }

// AwaitEcho waits for the echo of a command after number n to the device, of any command if it is empty.
func (l *Ledger) AwaitEcho(ctx context.Context, device string, n int) error {
	return l.await(ctx, func() bool {
		for name, highest := range l.echoed {
			if (device == "" || name == device) && highest > n {
				return true
			}
		}
		return false
	})
}

// AwaitAcknowledged waits until the broker has taken command n.
func (l *Ledger) AwaitAcknowledged(ctx context.Context, n int) error {
	return l.await(ctx, func() bool { return l.commands[n-1].acknowledged })
}

// AwaitAll waits until an echo has come of each command that the broker has taken, or the answer that it was refused.
func (l *Ledger) AwaitAll(ctx context.Context) error {
	return l.await(ctx, func() bool { return l.owed == 0 })
}

// await waits until done, which is called with the lock held, says so.
func (l *Ledger) await(ctx context.Context, done func() bool) error {
	look := func() (bool, <-chan struct{}) {
		l.mu.Lock()
		defer l.mu.Unlock()
		return done(), l.changed
	}
	for {
		is, changed := look()
		if is {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}
