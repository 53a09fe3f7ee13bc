package actors

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/mqttgateway/mqttgateway/config"
	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/mapping"
	"github.com/mqttgateway/mqttgateway/messages"
)

// probe stands in for all the actors of a system and keeps what they are sent.
type probe struct {
	*Gateway
	t   *testing.T
	mu  sync.Mutex
	got []any
}

// newProbe returns the probe of a new system, within a synctest bubble.
func newProbe(t *testing.T) *probe {
	t.Helper()
	p := &probe{t: t, Gateway: &Gateway{options: Options{Codec: new(mapping.Codec), Log: slog.New(slog.DiscardHandler)}, born: time.Now()}}
	p.life, p.end = context.WithCancel(t.Context())
	library := actor.NewActorSystem(actor.WithLoggerFactory(func(*actor.ActorSystem) *slog.Logger { return p.options.Log }))
	p.root = library.Root
	pid := p.root.Spawn(actor.PropsFromFunc(func(c actor.Context) {
		p.mu.Lock()
		defer p.mu.Unlock()
		if _, own := c.Message().(actor.AutoReceiveMessage); !own {
			p.got = append(p.got, c.Message())
		}
	}))
	all := address{p.root, pid}
	p.supervisor, p.connection, p.mapper, p.devices = all, all, all, all
	t.Cleanup(func() {
		p.end()
		p.root.Stop(pid)
		library.Shutdown()
	})
	return p
}

// newDevice returns a device without an actor.
func (p *probe) newDevice(timeout time.Duration) *device {
	p.share()
	return newDevice(&p.shared, &config.Device{Name: "lamp", Timeout: timeout, Mailbox: 100}, new(devices.Type))
}

// take returns what was sent since it was last called.
func (p *probe) take() []any {
	synctest.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	got := p.got
	p.got = nil
	return got
}

// outcomesOf returns those of messages.Done that were sent, by number of delivery.
func outcomesOf(got []any) map[uint64][]messages.Outcome {
	found := make(map[uint64][]messages.Outcome)
	for _, msg := range got {
		if done, ok := msg.(messages.Done); ok {
			found[done.Delivery.Number] = append(found[done.Delivery.Number], done.Outcome)
		}
	}
	return found
}

func (p *probe) wantOutcome(t *testing.T, got []any, number uint64, want ...messages.Outcome) {
	t.Helper()
	if has := outcomesOf(got)[number]; !slices.Equal(has, want) {
		t.Errorf("delivery %d was answered %v, want %v", number, has, want)
	}
}

func handleOf(number uint64, qos byte) messages.Handle {
	return messages.Handle{
		Delivery: messages.Delivery{Epoch: 1, Number: number}, QoS: qos,
		Msg: messages.New(messages.Command, messages.Address{}, "ON"),
	}
}
