package trial

import (
	"context"
	"time"

	"github.com/mqttgateway/mqttgateway/internal/mqtt"
)

// Publisher sends commands. It sends no command twice: the result of a command that was under way when a session ended
// is not known.
type Publisher struct {
	*client
	ledger *Ledger
}

// NewPublisher connects to the broker at host:port, by sessions that dial makes.
func NewPublisher(dial mqtt.Dial, broker string, l *Ledger) *Publisher {
	return &Publisher{ledger: l, client: connect(dial, options(broker, "publisher"), nil, func(life *life, n uint64, err error) {
		if err == nil {
			l.Acknowledged(int(n))
		}
		life.free <- struct{}{}
	})}
}

// Send sends a command as soon as there is a session with room for it, and returns the command's number.
func (p *Publisher) Send(ctx context.Context, device, action string) (int, error) {
	for {
		l, err := p.await(ctx, true)
		if err != nil {
			return 0, err
		}
		select {
		case <-l.free:
			n := p.ledger.Send(device)
			l.Publish(uint64(n), mqtt.Message{Topic: topic(device), Payload: payload(action, n), QoS: 1})
			l.Flush()
			return n, nil
		case <-l.lost:
			_ = p.Lost(ctx) // errors come from await
		case <-ctx.Done():
			return 0, context.Cause(ctx)
		}
	}
}

// Flow sends commands to the devices in turn, at most one in each interval, until ctx is done.
func (p *Publisher) Flow(ctx context.Context, interval time.Duration, devices ...string) {
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for i := 0; ; i++ {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		if _, err := p.Send(ctx, devices[i%len(devices)], Set); err != nil {
			return
		}
	}
}

func options(broker, id string) mqtt.Options {
	return mqtt.Options{Broker: "tcp://" + broker, ClientID: id, KeepAlive: time.Minute, CleanSession: true}
}
