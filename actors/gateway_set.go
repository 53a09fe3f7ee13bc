package actors

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/entity"
	"github.com/mqttgateway/mqttgateway/internal/subscription"
	"github.com/mqttgateway/mqttgateway/messages"
	"github.com/mqttgateway/mqttgateway/topic"
)

// ErrNoDevice is wrapped by the errors of calls that name a device which the gateway does not have.
var ErrNoDevice = errors.New("no such device")

// known returns an error if there is no device of that name.
func (g *Gateway) known(device string) error {
	if g.table.named(device) == nil {
		return noDevice(device)
	}
	return nil
}

func noDevice(name string) error { return fmt.Errorf("%w: %.120q", ErrNoDevice, name) }

// Answer is how a device has answered what it was asked.
type Answer struct {
	Outcome messages.Outcome // its String is the response: OK, REJECTED, BUSY, TIMEOUT or ERROR
	Reason  string           // why not, in words without secrets; "" if the device has done what it was asked
}

// Set has a device set its entities, given by their IDs, all or none of them, and press its buttons. The values are checked
// as those of a message SET are: text that means a number or a Bool is taken for it. What Set asks goes through the mapper
// and the device's mailbox, behind all that they have already, and needs no broker. A device that is down, stuck, stopped or
// busy answers so at once.
//
// The error is ErrNoDevice, wrapped, if there is no such device; that the gateway does not run, or the cause of ctx, if
// there is no answer; the device may do what it was asked nevertheless. Any goroutine may call Set.
func (g *Gateway) Set(ctx context.Context, device string, values map[string]messages.Value) (Answer, error) {
	if len(values) == 0 {
		return Answer{messages.Rejected, "nothing to set: want the ID of an entity with its value"}, nil
	}
	if !g.up.Load() {
		return Answer{}, ErrNotRunning
	}
	if err := g.known(device); err != nil {
		return Answer{}, err
	}
	args := make([]messages.Argument, 0, len(values))
	for _, id := range slices.Sorted(maps.Keys(values)) {
		args = append(args, messages.Argument{Key: id, Value: values[id]})
	}
	number, answer := g.answers.expect()
	defer g.answers.forget(number)
	g.mapper.send(messages.SetEntities{
		Number: number, Device: device,
		Msg: messages.New(messages.Command, messages.Address{Device: device}, entity.ActionSet).WithArgs(args...),
	})
	select {
	case a := <-answer:
		return a, nil
	case <-ctx.Done():
		return Answer{}, context.Cause(ctx)
	case <-g.life.Done():
		return Answer{}, ErrNotRunning
	}
}

// Answer answers a request that Options.Asked was called with: it publishes payload at root/$gateway/NAME/response/WHAT. The answer waits
// in the outbox while the link is down.
func (g *Gateway) Answer(what, payload string) {
	if !g.up.Load() {
		return
	}
	c := g.options.Codec
	g.connection.send(messages.Sending{
		Publication: messages.Publication{Device: ownName, Topic: subscription.Below(c.Root(), c.Name()) + "response/" + what, Payload: payload},
		QoS:         g.options.QoS,
	})
}

// answers are the answers for which callers of Set wait. Actors name one by its number. answers is not an actor, and any
// goroutine may use it: a mailbox that refuses in its device's stead gives the answer, too.
type answers struct {
	mu   sync.Mutex
	last uint64
	open map[uint64]chan<- Answer // each has room for one
}

// expect returns the number of a new answer, from 1, and the channel on which the answer comes.
func (a *answers) expect() (uint64, <-chan Answer) {
	c := make(chan Answer, 1)
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.open == nil {
		a.open = make(map[uint64]chan<- Answer)
	}
	a.last++
	a.open[a.last] = c
	return a.last, c
}

// give gives the answer of a number to its caller, if that still waits. The first answer counts.
func (a *answers) give(number uint64, answer Answer) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if c, ok := a.open[number]; ok {
		delete(a.open, number)
		c <- answer
	}
}

// forget ends the wait for an answer.
func (a *answers) forget(number uint64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.open, number)
}

// Send publishes a message to the broker, as any MQTT client could: it need not be one of the gateway's own words, no map
// changes it, and the gateway does not remember what the broker is to retain. The message waits in the outbox while the link
// is down. If the gateway is subscribed to its topic, it comes back from the broker and finds devices.
//
// The error says what is wrong with the topic or the QoS, or that the gateway does not run. The gateway's own topics, below
// root/$gateway, are refused. The receipt tells what became of the message, as that of a device's Emit does. Any goroutine
// may call Send.
func (g *Gateway) Send(to, payload string, qos byte, retain bool) (devices.Receipt, error) {
	own := g.options.Codec.Root() + "/$gateway"
	switch err := topic.Check(to); {
	case err != nil:
		return nil, fmt.Errorf("topic %.200q %w", to, err)
	case to == own, strings.HasPrefix(to, own+"/"):
		return nil, fmt.Errorf("topic %.200q: what is below %q is for gateways to say; entities are set by Set", to, own)
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
