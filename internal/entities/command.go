package entities

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/mqttgateway/mqttgateway/entity"
	"github.com/mqttgateway/mqttgateway/messages"
)

// Asked is what a message asks of a device with entities.
type Asked uint8

const (
	Other   Asked = iota // nothing of its entities: the device handles the message itself
	Foreign              // something of entities, but of none that it has at the message's address
	Set                  // that entities are set or pressed: Changes
	Get                  // that the values at some addresses are said: At
)

// Request is what a message asks.
type Request struct {
	Asked
	Changes []entity.Change
	At      []messages.Address
}

// Ask returns what a message asks of the entities. With an error it asks for what can't be done, none of which is to be done.
//
// A command finds the entities whose address has, where both set a characteristic, the same value. It asks for something of them
// by SET with their IDs as arguments, by GET, by one of their words or by that of a Button.
func (n *Description) Ask(msg messages.InternalMsg) (Request, error) {
	if n == nil || msg.Type() != messages.Command {
		return Request{}, nil
	}
	switch msg.Action() {
	case entity.ActionSet:
		return n.set(msg)
	case entity.ActionGet:
		return n.get(msg)
	}
	return n.act(msg)
}

// AskOf returns what a message asks that is to set the entity id alone, wherever the message is sent to.
func (n *Description) AskOf(id string, msg messages.InternalMsg) (Request, error) {
	e, ok := n.entity(id)
	if !ok || e.Hidden {
		return Request{}, fmt.Errorf("there is no entity %q", id)
	}
	value, _ := msg.Arg(id)
	change, err := e.Change(value)
	if err != nil {
		return Request{}, err
	}
	return Request{Asked: Set, Changes: []entity.Change{change}}, nil
}

// set returns the changes of SET. If it names entities of which there is none here, it is for another device.
func (n *Description) set(msg messages.InternalMsg) (Request, error) {
	found := n.found(msg.Address())
	if len(found) == 0 {
		return Request{Asked: Foreign}, nil
	}
	r := Request{Asked: Set}
	var unknown []string
	var faults []error
	for id, value := range msg.Args() {
		if messages.IsProtocolKey(id) {
			continue
		}
		i := slices.IndexFunc(found, func(e *entity.Entity) bool { return e.ID == id })
		if i < 0 {
			unknown = append(unknown, id)
			continue
		}
		change, err := found[i].Change(value)
		if err != nil {
			faults = append(faults, err)
		}
		r.Changes = append(r.Changes, change)
	}
	switch {
	case len(r.Changes) == 0 && len(unknown) == 0:
		return Request{}, errors.New(`SET sets nothing: want {"id": value}`)
	case len(r.Changes) == 0:
		return Request{Asked: Foreign}, nil
	case len(unknown) > 0:
		faults = append(faults, fmt.Errorf("there is no entity %q", unknown))
	}
	if len(faults) > 0 {
		return Request{}, oneLine(faults)
	}
	return r, nil
}

// oneLine joins faults on one line.
func oneLine(faults []error) error {
	texts := make([]string, len(faults))
	for i, err := range faults {
		texts[i] = err.Error()
	}
	return errors.New(strings.Join(texts, "; "))
}

// get returns the addresses of the entities with a value that GET finds.
func (n *Description) get(msg messages.InternalMsg) (Request, error) {
	r := Request{Asked: Get}
	for _, at := range n.places {
		if matches(at, msg.Address()) {
			r.At = append(r.At, at)
		}
	}
	if len(r.At) == 0 {
		return Request{Asked: Foreign}, nil
	}
	return r, nil
}

// act returns the changes of an action that is the word of entities.
func (n *Description) act(msg messages.InternalMsg) (Request, error) {
	r := Request{Asked: Set}
	worded := false
	for _, e := range n.shown {
		change, ok := e.Action(msg.Action())
		if worded = worded || ok; ok && matches(n.device.AddressOf(e), msg.Address()) {
			r.Changes = append(r.Changes, change)
		}
	}
	switch {
	case len(r.Changes) > 0:
		return r, nil
	case worded:
		return Request{Asked: Foreign}, nil
	}
	return Request{}, nil
}

// found returns the entities that a message to an address finds.
func (n *Description) found(to messages.Address) []*entity.Entity {
	var found []*entity.Entity
	for _, e := range n.shown {
		if matches(n.device.AddressOf(e), to) {
			found = append(found, e)
		}
	}
	return found
}

// matches reports whether a message to an address finds what is at another: by each characteristic that both set.
func matches(at, to messages.Address) bool {
	same := func(a, b string) bool { return a == "" || b == "" || a == b }
	return same(at.Function, to.Function) && same(at.Gateway, to.Gateway) && same(at.Location, to.Location) && same(at.Device, to.Device)
}
