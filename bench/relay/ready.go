package main

import (
	"context"
	"fmt"
	"sync"

	paho "github.com/eclipse/paho.mqtt.golang"
)

// awaitOnline waits until the broker keeps that the gateway below root is online, which the gateway says behind its subscriptions.
// The gateway's log can't tell: at the level at which it does, each dummy shows what it hears.
func awaitOnline(ctx context.Context, address, root string) error {
	client := paho.NewClient(paho.NewClientOptions().AddBroker("tcp://" + address).SetClientID("ready-" + root))
	if t := client.Connect(); t.Wait() && t.Error() != nil {
		return fmt.Errorf("awaiting the gateway: %w", t.Error())
	}
	defer client.Disconnect(0)
	online := make(chan struct{})
	var once sync.Once
	t := client.Subscribe(root+"/$gateway/"+relay+"/state", 0, func(_ paho.Client, m paho.Message) {
		if string(m.Payload()) == "online" {
			once.Do(func() { close(online) })
		}
	})
	if t.Wait() && t.Error() != nil {
		return fmt.Errorf("awaiting the gateway: %w", t.Error())
	}
	select {
	case <-online:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("the gateway is not online: %w", context.Cause(ctx))
	}
}
