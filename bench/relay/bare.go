package main

import (
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"syscall"

	paho "github.com/eclipse/paho.mqtt.golang"
)

// bare is the relay to compare with, in a process of its own: paho used plainly, with its default options except
// OrderMatters, and with the default number of processors. bare has no map and no devices: it copies the payload.
func bare(args []string) error {
	if len(args) != 4 {
		return fmt.Errorf("bare %q: want ADDRESS ROOT QOS ORDERED", args)
	}
	address, root := args[0], args[1]
	level, err := strconv.ParseUint(args[2], 10, 8)
	if err != nil {
		return fmt.Errorf("QoS: %w", err)
	}
	qos := byte(level)
	ordered, err := strconv.ParseBool(args[3])
	if err != nil {
		return fmt.Errorf("ordered: %w", err)
	}

	client := paho.NewClient(paho.NewClientOptions().AddBroker("tcp://" + address).SetOrderMatters(ordered))
	if t := client.Connect(); t.Wait() && t.Error() != nil {
		return t.Error()
	}
	t := client.Subscribe(commands(root), qos, func(c paho.Client, m paho.Message) {
		c.Publish(strings.TrimSuffix(m.Topic(), driver+"/C")+relay+"/S", qos, false, slices.Clone(m.Payload()))
	})
	if t.Wait() && t.Error() != nil {
		return t.Error()
	}
	fmt.Println("subscribed")
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM)
	<-stop
	client.Disconnect(250)
	return nil
}
