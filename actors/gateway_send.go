package actors

import (
	"fmt"
	"strings"

	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/internal/subscription"
	"github.com/mqttgateway/mqttgateway/messages"
	"github.com/mqttgateway/mqttgateway/topic"
)

// Send publishes a message to the broker, as any MQTT client could: the message need not be in the gateway's own words, no map
// changes it, and the gateway does not remember what the broker is to retain. The message waits in the outbox while the link
// is down. If the gateway is subscribed to its topic, the message comes back from the broker and finds devices.
//
// The error says what is wrong with the topic or the QoS, or that the gateway does not run. The broker's own topics, which begin with $,
// and the gateways', below root/$gateway, are refused. The receipt tells what became of the message, as that of a device's Emit does. Any goroutine
// may call Send.
func (g *Gateway) Send(to, payload string, qos byte, retain bool) (devices.Receipt, error) {
	own := g.options.Codec.Root() + "/$gateway"
	switch err := topic.Check(to); {
	case err != nil:
		return nil, fmt.Errorf("topic %.200q %w", to, err)
	case to == own, strings.HasPrefix(to, own+"/"):
		return nil, fmt.Errorf("topic %.200q: what is below %q is for gateways to say; entities are set by Set", to, own)
	case strings.HasPrefix(to, "$"):
		return nil, fmt.Errorf("topic %.200q begins with $: such topics are the broker's own", to)
	case qos > 1:
		return nil, fmt.Errorf("QoS %d: want 0 or 1", qos)
	case !g.up.Load():
		return nil, ErrNotRunning
	}
	number, receipt := g.receipts.next()
	if number == 0 {
		return nil, ErrNotRunning
	}
	g.connection.send(messages.Sending{
		Publication: messages.Publication{Number: number, Device: ownName, Topic: to, Payload: payload, Retain: retain}, QoS: qos,
	})
	return receipt, nil
}

// Respond answers a request that Options.Asked was called with: Respond publishes payload at
// root/$gateway/NAME/response/WHAT. The answer waits in the outbox while the link is down.
func (g *Gateway) Respond(what, payload string) {
	if !g.up.Load() {
		return
	}
	c := g.options.Codec
	g.connection.send(messages.Sending{
		Publication: messages.Publication{Device: ownName, Topic: subscription.Below(c.Root(), c.Name()) + "response/" + what, Payload: payload},
		QoS:         g.options.QoS,
	})
}
