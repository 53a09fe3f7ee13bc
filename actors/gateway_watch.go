package actors

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sync"
	"time"

	"github.com/mqttgateway/mqttgateway/actors/supervision"
	"github.com/mqttgateway/mqttgateway/messages"
)

// Update is a part of the record that is news to whoever watches it.
type Update struct {
	Whole   bool                // Entries are all that there are: what was told before and is not among them is no more
	Entries []supervision.Entry // as they are by now, each once, ordered by kind and name
	Removed []string            // names of devices that are no more
}

// Watch tells how everything is, and then each time what has changed: the link, the gateway's own actors, and each device. The
// first update is the whole record. The sequence ends with ctx, with the loop over it, or with the gateway, after a last update
// that is whole again and says that everything is closed. It may be asked for before the gateway runs, and after.
//
// Any number of goroutines may watch, each from its own beginning. They hold up neither the gateway nor each other: what changes
// while one of them is busy waits for it in one place, so that its next update has the latest state of each entry that has
// changed, and not what was in between. What waits for a reader is never more than the names of the entries that there are and
// of those that it was told of.
//
// To keep up with the record:
//
//	known := make(map[string]supervision.Entry) // devices
//	for u := range gateway.Watch(ctx) {
//		if u.Whole {
//			clear(known)
//		}
//		for _, e := range u.Entries {
//			if e.Kind == supervision.Device {
//				known[e.Name] = e
//			}
//		}
//		for _, name := range u.Removed { // perhaps of one that came and went between two updates
//			delete(known, name)
//		}
//	}
func (g *Gateway) Watch(ctx context.Context) iter.Seq[Update] {
	b := g.board
	return func(yield func(Update) bool) {
		r := b.join()
		defer b.leave(r)
		for ctx.Err() == nil {
			u, last := b.take(r)
			if !u.empty() && !yield(u) || last {
				return
			}
			select {
			case <-r.news:
			case <-ctx.Done():
			}
		}
	}
}

func (u Update) empty() bool { return !u.Whole && len(u.Entries) == 0 && len(u.Removed) == 0 }

// State sums up the record: how the gateway is at a moment, as the log and the availability topics have told it.
type State struct {
	Link string // closed, connecting (for the first time), connected or down

	// Unanswered is how long the broker, though there, has left something unanswered that the gateway has sent; 0 while
	// that is nothing worth to be told.
	Unanswered time.Duration

	TooLarge int64 // messages from the broker that were larger than allowed, and passed over

	// Devices; each is in one of the three.
	Online  int
	Opening int // for the first time
	Down    int // failed, stuck, misconfigured, or down with the one that added it
}

// State waits for no actor. Any goroutine may call it, also before the gateway runs and after.
func (g *Gateway) State() State {
	link, counts := g.board.sum()
	s := State{
		Link: linkWords[link.State], TooLarge: g.counters.TooLarge.Load(),
		Online: counts.Online, Opening: counts.Opening, Down: counts.Down,
	}
	if !link.Unanswered.IsZero() {
		s.Unanswered = time.Since(link.Unanswered)
	}
	return s
}

// linkWords are what the states of the link are called there.
var linkWords = map[messages.State]string{
	messages.Closed: "closed", messages.Connecting: "connecting", messages.Online: "connected", messages.Offline: "down",
}

var errNotRunning = errors.New("the gateway does not run")

// Alive asks the supervisor, the connection and the mapper through their mailboxes whether they get on with their messages. Alive
// returns nil when all three have answered, or, soon after ctx is done, an error that names those that have not. A gateway that
// has not started yet, or has stopped, is not alive. Any number of goroutines may call Alive: only one question at a time waits in
// a mailbox.
func (g *Gateway) Alive(ctx context.Context) error {
	if !g.up.Load() {
		return errNotRunning
	}
	asked := []struct {
		who   string
		pulse *pulse
		at    address
	}{
		{"supervisor", &g.pulses.supervisor, g.supervisor},
		{"connection", &g.pulses.connection, g.connection},
		{"mapper", &g.pulses.mapper, g.mapper},
	}
	answers := make([]<-chan struct{}, len(asked))
	for i, a := range asked {
		answers[i] = a.pulse.ask(a.at.send)
	}
	var silent []error
	for i, a := range asked {
		select {
		case <-answers[i]:
			continue
		default:
		}
		select {
		case <-answers[i]:
		case <-ctx.Done():
			silent = append(silent, fmt.Errorf("%s has not answered", a.who))
		}
	}
	return errors.Join(silent...)
}

// pulses has a pulse of each actor without which nothing works.
type pulses struct{ supervisor, connection, mapper pulse }

// pulse keeps the question that an actor has not answered yet. All that ask meanwhile wait for that answer.
type pulse struct {
	mu   sync.Mutex
	open chan struct{} // closed with the answer; nil: nothing is asked
}

// ask returns a channel that the answer closes.
func (p *pulse) ask(send func(any)) <-chan struct{} {
	p.mu.Lock()
	answered, first := p.open, p.open == nil
	if first {
		answered = make(chan struct{})
		p.open = answered
	}
	p.mu.Unlock()
	if first {
		send(question{}) // without the lock: on a lent goroutine the actor answers at once
	}
	return answered
}

// answer answers the question.
func (p *pulse) answer() {
	p.mu.Lock()
	defer p.mu.Unlock()
	close(p.open)
	p.open = nil
}
