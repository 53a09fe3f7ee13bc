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

// Update is a part of the record that has changed since the reader's update before.
type Update struct {
	Whole   bool                // Entries are the whole record: earlier entries that are not among them are gone
	Entries []supervision.Entry // the present entries, each once, ordered by kind and name
	Removed []string            // names of removed devices
}

// Watch yields the whole record, and then each time the entries that have changed: of the link, of the gateway's own
// actors, and of devices. The sequence ends when ctx is done, when the loop over it ends, or with the gateway, after a
// last update, which is whole and says that everything is closed. Watch may be called before the gateway runs, and
// afterwards.
//
// Any number of goroutines may watch. Readers delay neither the gateway nor each other: if entries change while a reader
// is busy, its next update has the latest state of each changed entry, without the states in between. What waits for a
// reader is never more than the names of the present entries and of those that the reader knows.
//
// This loop keeps a map up to date with the record:
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
//		for _, name := range u.Removed { // may be a device that came and went between two updates
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

// State is a summary of the record at one moment, in agreement with the log and the availability topics.
type State struct {
	Link string // closed, connecting (for the first time), connected or down

	// Unanswered is for how long the connected broker has left something unanswered; 0 if that is not long enough to be
	// worth telling.
	Unanswered time.Duration

	TooLarge int64 // messages from the broker that were too large, and were skipped

	// Numbers of devices. Each device is in one of the three.
	Online  int
	Opening int // being opened for the first time
	Down    int // failed, stuck, misconfigured, stopped by a person, or down with their hub
}

// State returns the state of the gateway, and waits for no actor. Any goroutine may call State, also before the gateway
// runs and afterwards.
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

// linkWords are the words for the states of the link in State.
var linkWords = map[messages.State]string{
	messages.Closed: "closed", messages.Connecting: "connecting", messages.Online: "connected", messages.Offline: "down",
}

// ErrNotRunning is the error of calls that need a gateway that runs: before Run has begun them, or after their end, actors do nothing.
var ErrNotRunning = errors.New("the gateway does not run")

// Alive asks the supervisor, the connection and the mapper through their mailboxes. Alive returns nil when all three have
// answered, or, soon after ctx is done, an error that names those that have not. A gateway that has not started, or has
// stopped, is not alive. Any number of goroutines may call Alive: only one question at a time waits in a mailbox.
func (g *Gateway) Alive(ctx context.Context) error {
	if !g.up.Load() {
		return ErrNotRunning
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

// pulses holds the pulse of each actor without which the gateway can't work.
type pulses struct{ supervisor, connection, mapper pulse }

// pulse holds the question that an actor has not answered yet. Goroutines that ask meanwhile wait for the same answer.
type pulse struct {
	mu   sync.Mutex
	open chan struct{} // closed by the answer; nil: no question is open
}

// ask returns a channel that is closed by the answer.
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

// answer answers the open question.
func (p *pulse) answer() {
	p.mu.Lock()
	defer p.mu.Unlock()
	close(p.open)
	p.open = nil
}
