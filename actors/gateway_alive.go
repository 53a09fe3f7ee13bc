package actors

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

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
		answers[i] = a.pulse.ask(func(q question) { a.at.send(q) })
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
func (p *pulse) ask(send func(question)) <-chan struct{} {
	p.mu.Lock()
	answered, first := p.open, p.open == nil
	if first {
		answered = make(chan struct{})
		p.open = answered
	}
	p.mu.Unlock()
	if first {
		send(question{p}) // without the lock: on a lent goroutine the actor answers at once
	}
	return answered
}

func (q question) answer() {
	q.pulse.mu.Lock()
	defer q.pulse.mu.Unlock()
	close(q.pulse.open)
	q.pulse.open = nil
}
