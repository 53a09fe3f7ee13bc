package actors

import (
	"context"
	"maps"
	"slices"
	"sync"

	"github.com/mqttgateway/mqttgateway/entity"
	"github.com/mqttgateway/mqttgateway/messages"
)

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
