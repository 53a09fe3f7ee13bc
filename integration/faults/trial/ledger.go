package trial

import (
	"context"
	"slices"
	"sync"
	"time"
)

// Ledger records the result of each command. Commands have numbers from 1. Several goroutines may use a Ledger at the
// same time.
type Ledger struct {
	began time.Time

	mu       sync.Mutex
	commands []command      // command n is at n-1
	pending  int            // number of pending commands
	arrived  map[string]int // by device: the highest number of a command that has come to the gateway
	echoed   map[string]int // by device: the highest number of a command whose echo has come
	deaths   []time.Time    // times at which the broker was killed
	sessions []time.Time    // times at which sessions with the broker have begun
	changed  chan struct{}  // closed when the ledger changes
}

// command is everything that is known of one command.
type command struct {
	device string
	sent   time.Duration // time since the ledger's beginning

	acknowledged bool
	atRisk       bool   // a killed broker may have lost it
	turnedDown   bool   // the gateway has answered so at least once
	refused      string // reason in the gateway's log; "": not refused
	panicked     bool   // its device panicked, as the command said

	handled   int       // number of times
	last      time.Time // time of the latest handling
	replayed  int       // handlings after a death of the broker, which may have caused them
	overtaken bool      // a later command was handled first
	repeated  int       // handlings after the first for which no session can be the reason

	came bool // to the gateway, according to its log
	late bool // a later command came first

	echoes        int       // number of times that its echo came
	echoed        time.Time // time of the latest echo
	echoOvertaken bool      // the echo of a later command came first
	kept          bool      // the echo was promised
}

// NewLedger returns a ledger that begins now.
func NewLedger() *Ledger {
	return &Ledger{began: time.Now(), arrived: make(map[string]int), echoed: make(map[string]int), changed: make(chan struct{})}
}

// Since returns the time since the beginning.
func (l *Ledger) Since() time.Duration { return time.Since(l.began) }

// Send records a command that is about to be sent to a device, and returns its number.
func (l *Ledger) Send(device string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.commands = append(l.commands, command{device: device, sent: time.Since(l.began)})
	return len(l.commands)
}

// Last returns the number of the last command.
func (l *Ledger) Last() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.commands)
}

// Acknowledged records that the broker has acknowledged a command.
func (l *Ledger) Acknowledged(n int) {
	l.with(n, func(c *command) { c.acknowledged = true })
}

// Echoed records that the echo of a command has come.
func (l *Ledger) Echoed(n int) {
	l.with(n, func(c *command) {
		highest := l.echoed[c.device]
		c.echoOvertaken = c.echoOvertaken || c.echoes == 0 && n < highest
		c.echoes++
		c.echoed = time.Now()
		l.echoed[c.device] = max(highest, n)
	})
}

// Answered records the gateway's answer to a command. An answer that the command is done counts for nothing: only the
// devices' records do.
func (l *Ledger) Answered(n int, response string) {
	if response != done {
		l.with(n, func(c *command) { c.turnedDown = true })
	}
}

// done is the response to a command that was handled.
const done = "OK"

// Arrived records that a command has come to the gateway, according to its log. A broker may send later commands first:
// mosquitto 2.0.11 does so in a session that it resumes with more messages than it may send at a time.
func (l *Ledger) Arrived(n int) {
	l.with(n, func(c *command) {
		c.late = c.late || !c.came && n < l.arrived[c.device]
		c.came = true
		l.arrived[c.device] = max(l.arrived[c.device], n)
	})
}

// Refused records that the gateway has refused a command, according to its log.
func (l *Ledger) Refused(n int, why string) {
	l.with(n, func(c *command) { c.refused = why })
}

// BrokerDied records that the broker was killed. It is called when nothing more can come from the broker, and before
// the broker starts again. Every command that the broker may have had is at risk, and commands that were acknowledged
// to it may come again.
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

// Begun records that sessions with the broker have begun, of the gateway or of the observer: what was under way then
// comes again. It is called before Result.
func (l *Ledger) Begun(at ...time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sessions = append(l.sessions, at...)
}

// begun returns the number of sessions that have begun since c was sent and before a time.
func (l *Ledger) begun(c *command, before time.Time) (count int) {
	sent := l.began.Add(c.sent)
	for _, at := range l.sessions {
		if at.After(sent) && at.Before(before) {
			count++
		}
	}
	return count
}

func (l *Ledger) with(n int, f func(*command)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if n < 1 || n > len(l.commands) {
		return
	}
	c := &l.commands[n-1]
	was := c.pending()
	f(c)
	switch is := c.pending(); {
	case is && !was:
		l.pending++
	case was && !is:
		l.pending--
	}
	close(l.changed)
	l.changed = make(chan struct{})
}

// pending reports whether the echo of a command, or its refusal, is still to come.
func (c *command) pending() bool { return c.acknowledged && c.echoes == 0 && !c.turnedDown }

// handled records that a device has handled c at a time.
func (l *Ledger) handled(c *command, at time.Time) {
	if c.handled > 0 && slices.ContainsFunc(l.deaths, func(death time.Time) bool { return c.last.Before(death) && death.Before(at) }) {
		c.replayed++
	} else if c.handled > l.begun(c, at) {
		c.repeated++
	}
	c.handled++
	c.last = at
}

// mayComeAgain reports whether a command that comes late may come for the second time, since it was refused before or
// the broker has died.
func (c *command) mayComeAgain() bool { return c.refused != "" || c.turnedDown || c.atRisk }

// AwaitEcho waits for the echo of a command after number n to the device, or to any device if device is empty.
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

// AwaitAcknowledged waits until the broker has acknowledged command n.
func (l *Ledger) AwaitAcknowledged(ctx context.Context, n int) error {
	return l.await(ctx, func() bool { return l.commands[n-1].acknowledged })
}

// AwaitAll waits until each command that the broker has acknowledged was echoed or refused.
func (l *Ledger) AwaitAll(ctx context.Context) error {
	return l.await(ctx, func() bool { return l.pending == 0 })
}

// await waits until done returns true. It calls done with the lock held.
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
