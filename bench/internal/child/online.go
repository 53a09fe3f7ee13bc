package child

import (
	"context"
	"fmt"
	"sync"

	paho "github.com/eclipse/paho.mqtt.golang"
)

// AwaitOnline waits until the broker keeps "online" under a topic of availability. Gateways say this of themselves behind their
// subscriptions, and then of each device.
func AwaitOnline(ctx context.Context, address, topic string) error {
	client := paho.NewClient(paho.NewClientOptions().AddBroker("tcp://" + address).SetClientID("awaits-online"))
	if t := client.Connect(); t.Wait() && t.Error() != nil {
		return fmt.Errorf("awaiting %s: %w", topic, t.Error())
	}
	defer client.Disconnect(0)
	online := make(chan struct{})
	var once sync.Once
	t := client.Subscribe(topic, 0, func(_ paho.Client, m paho.Message) {
		if string(m.Payload()) == "online" {
			once.Do(func() { close(online) })
		}
	})
	if t.Wait() && t.Error() != nil {
		return fmt.Errorf("awaiting %s: %w", topic, t.Error())
	}
	select {
	case <-online:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("%s does not say online: %w", topic, context.Cause(ctx))
	}
}
