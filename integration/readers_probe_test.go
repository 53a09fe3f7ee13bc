package integration

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mqttgateway/mqttgateway/internal/mqtt"
	"github.com/mqttgateway/mqttgateway/internal/mqtt/direct"
)

// probe sends numbered commands to the ear, at a steady rate, whether they are answered or not.
type probe struct {
	t       *testing.T
	session mqtt.Session

	mu       sync.Mutex
	sent     []time.Time // by number
	took     []time.Duration
	answered chan struct{} // has a token for each answer
}

const (
	probeEvery = 5 * time.Millisecond
	probeMark  = `"id":`
)

func newProbe(t *testing.T, address string) *probe {
	t.Helper()
	p := &probe{t: t, answered: make(chan struct{}, 1<<20)}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	session, err := direct.Dial(ctx, mqtt.Options{Broker: "tcp://" + address, CleanSession: true, KeepAlive: time.Minute, Arrived: p.arrived})
	if err != nil {
		t.Fatal(err)
	}
	p.session = session
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		session.Close(ctx)
	})
	if _, err := session.Subscribe(ctx, []mqtt.Filter{{Topic: "home////ear/gw/S"}}); err != nil {
		t.Fatal(err)
	}
	return p
}

// arrived is called by the session with each answer.
func (p *probe) arrived(m mqtt.Message) {
	m.Ack()
	now := time.Now()
	if n, ok := probeNumber(m.Payload); ok {
		p.mu.Lock()
		p.took = append(p.took, now.Sub(p.sent[n]))
		p.mu.Unlock()
		p.answered <- struct{}{}
	}
}

// probeNumber returns the number of a command, or of its answer.
func probeNumber(payload string) (n int, ok bool) {
	_, number, ok := strings.Cut(payload, probeMark)
	for _, c := range number {
		if c < '0' || c > '9' {
			break
		}
		n = 10*n + int(c-'0')
	}
	return n, ok
}

// next returns the number of the next command.
func (p *probe) next() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.sent)
}

// send sends commands until done, and returns how long each has taken.
func (p *probe) send(done <-chan struct{}) []time.Duration {
	p.t.Helper()
	pace := time.NewTicker(probeEvery)
	defer pace.Stop()
	sent := 0
	for going := true; going; {
		select {
		case <-done:
			going = false
			continue
		case <-pace.C:
		}
		p.mu.Lock()
		n := len(p.sent)
		p.sent = append(p.sent, time.Now())
		p.mu.Unlock()
		p.session.Publish(0, mqtt.Message{Topic: "home////ear/me/C", Payload: fmt.Sprintf(`{"action":"SET","relay":true,%s%d}`, probeMark, n)})
		p.session.Flush()
		sent++
	}
	for got := range sent {
		select {
		case <-p.answered:
		case <-time.After(patience):
			p.t.Fatalf("of %d messages %d are lost", sent, sent-got)
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	took := p.took
	p.took = nil
	return took
}
