package broker

import (
	"log/slog"
	"sync"
	"time"
)

// complaintEvery is the shortest time between two lines of a kind: a client that misbehaves must not fill the log.
const complaintEvery = 10 * time.Second

// complaints logs what the broker refuses. Each message is a kind of its own. The first complaint of a kind is logged
// at once; after that, one line every complaintEvery says how many more there were, with the attributes of the latest.
// Any goroutine may use complaints.
type complaints struct {
	log    *slog.Logger
	mu     sync.Mutex
	closed bool
	kinds  map[string]*kind
}

type kind struct {
	more   int   // complaints since the latest line
	latest []any // attributes of the latest complaint
	timer  *time.Timer
}

func newComplaints(log *slog.Logger) *complaints {
	return &complaints{log: log, kinds: make(map[string]*kind)}
}

func (c *complaints) note(message string, attrs ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return
	}
	if k := c.kinds[message]; k != nil {
		k.more++
		k.latest = attrs
		return
	}
	c.kinds[message] = &kind{timer: time.AfterFunc(complaintEvery, func() { c.sum(message) })}
	c.log.Warn(message, attrs...)
}

// sum logs how many complaints there were since the latest line. If there were none, the next one is logged at once.
func (c *complaints) sum(message string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	k := c.kinds[message]
	if k == nil {
		return
	}
	if !k.say(c.log, message) || c.closed {
		delete(c.kinds, message)
		return
	}
	k.timer.Reset(complaintEvery)
}

func (k *kind) say(log *slog.Logger, message string) (said bool) {
	if k.more == 0 {
		return false
	}
	log.Warn(message, append(k.latest, "more", k.more)...)
	k.more, k.latest = 0, nil
	return true
}

// close logs the complaints that no line has counted yet.
func (c *complaints) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	for message, k := range c.kinds {
		k.timer.Stop()
		k.say(c.log, message)
	}
	clear(c.kinds)
}
