package actors

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

var errNotRunning = errors.New("the gateway does not run")

// Alive asks the supervisor, the connection and the mapper through their mailboxes whether they get on with their
// messages. It returns nil when all of them have answered, or, soon after ctx is done, an error that names those who have
// not. A gateway that has not started yet, or has stopped, is not alive. Any goroutine may call it; however many do, no
// more than one question waits in a mailbox.
func (g *Gateway) Alive(ctx context.Context) error {
	s := g.system
	if !s.up.Load() {
		return errNotRunning
	}
	asked := []struct {
		who   string
		pulse *pulse
		at    address
	}{
		{"supervisor", &s.pulses.supervisor, s.supervisor},
		{"connection", &s.pulses.connection, s.connection},
		{"mapper", &s.pulses.mapper, s.mapper},
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

// pulses are those of the actors without which nothing works.
type pulses struct{ supervisor, connection, mapper pulse }

// pulse keeps the question that an actor has not answered yet, so that whoever asks meanwhile waits for that answer.
type pulse struct {
	mu   sync.Mutex
	open chan struct{} // closed with the answer; nil: nothing is asked
}

// question is answered by the actor that takes it out of its mailbox.
type question struct{ pulse *pulse }

// ask returns what is closed with the answer.
func (p *pulse) ask(send func(question)) <-chan struct{} {
	p.mu.Lock()
	answered, first := p.open, p.open == nil
	if first {
		answered = make(chan struct{})
		p.open = answered
	}
	p.mu.Unlock()
	if first {
		send(question{p}) // without the lock: it may be answered on the way
	}
	return answered
}

func (q question) answer() {
	q.pulse.mu.Lock()
	defer q.pulse.mu.Unlock()
	close(q.pulse.open)
	q.pulse.open = nil
}
