// Package complaints logs what is refused, without end perhaps: who misbehaves must not fill the log.
package complaints

import (
	"log/slog"
	"sync"
	"time"
)

// every is the shortest time between two lines of a kind.
const every = 10 * time.Second

// Complaints are lines of the log. Each message is a kind of its own. The first complaint of a kind is logged at once; after that, one
// line each 10 s says how many more there were, with the attributes of the latest. Any goroutine may use Complaints.
type Complaints struct {
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

// New returns complaints that are logged as warnings.
func New(log *slog.Logger) *Complaints {
	return &Complaints{log: log, kinds: make(map[string]*kind)}
}

// Note notes a complaint; it must not be called with a new message each time.
func (c *Complaints) Note(message string, attrs ...any) {
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
	c.kinds[message] = &kind{timer: time.AfterFunc(every, func() { c.sum(message) })}
	c.log.Warn(message, attrs...)
}

// sum logs how many complaints there were since the latest line. If there were none, the next one is logged at once.
func (c *Complaints) sum(message string) {
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
	k.timer.Reset(every)
}

func (k *kind) say(log *slog.Logger, message string) (said bool) {
	if k.more == 0 {
		return false
	}
	log.Warn(message, append(k.latest, "more", k.more)...)
	k.more, k.latest = 0, nil
	return true
}

// Close logs the complaints that no line has counted yet. Later ones are not logged.
func (c *Complaints) Close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	for message, k := range c.kinds {
		k.timer.Stop()
		k.say(c.log, message)
	}
	clear(c.kinds)
}
