package entities

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/entity"
	"github.com/mqttgateway/mqttgateway/messages"
)

// Request is what a message asks of the entities of a device. The zero Request asks nothing of them: the device handles the message
// itself.
type Request struct {
	Changes []entity.Change    // what is to be set or pressed, in one go
	At      []messages.Address // where values are to be said
}

// IsZero reports whether nothing is asked of the entities.
func (r Request) IsZero() bool { return r.Changes == nil && r.At == nil }

// Ask returns what a message asks of the entities. A command finds those at whose address it finds something: by each
// characteristic that both set. Of these it asks by SET with their IDs as arguments, by GET, by a word of theirs, or by that of a
// Button.
//
// The error wraps devices.ErrAction, and says what would have been right, if anything that is asked can't be; then nothing is to
// be done. It is devices.ErrNotMine if the message is for entities, but for none that it finds here.
func (n *Description) Ask(msg messages.InternalMsg) (Request, error) {
	if n == nil || len(n.device.Entities) == 0 || msg.Type() != messages.Command {
		return Request{}, nil
	}
	switch msg.Action() {
	case entity.ActionSet:
		return n.askSet(msg)
	case entity.ActionGet:
		return n.askGet(msg)
	}
	return n.askWord(msg)
}

// AskByID returns what a message asks that is to set or press entities by their IDs, whatever their addresses: each argument is
// one of them, with its value.
func (n *Description) AskByID(msg messages.InternalMsg) (r Request, err error) {
	var faults []error
	for id, value := range msg.Args() {
		e, ok := n.entity(id)
		if !ok || e.Hidden {
			faults = append(faults, fmt.Errorf("%s: there is no such entity", id))
			continue
		}
		change, err := e.Change(value)
		if err != nil {
			faults = append(faults, err)
		}
		r.Changes = append(r.Changes, change)
	}
	if len(faults) > 0 {
		return Request{}, refused(faults...)
	}
	return r, nil
}

// askSet returns the changes of a SET. One that names only entities that are not here is for another device.
func (n *Description) askSet(msg messages.InternalMsg) (Request, error) {
	found := n.found(msg.Address())
	if len(found) == 0 {
		return Request{}, devices.ErrNotMine
	}
	var changes []entity.Change
	var faults []error
	named := 0
	for id, value := range msg.Args() {
		if messages.IsProtocolKey(id) {
			continue
		}
		named++
		i := slices.IndexFunc(found, func(e *entity.Entity) bool { return e.ID == id })
		if i < 0 {
			faults = append(faults, fmt.Errorf("%s: there is no such entity", id))
			continue
		}
		change, err := found[i].Change(value)
		if err != nil {
			faults = append(faults, err)
		}
		changes = append(changes, change)
	}
	switch {
	case named == 0:
		return Request{}, refused(errors.New("SET of nothing: want an argument, the ID of an entity with its value"))
	case len(changes) == 0:
		return Request{}, devices.ErrNotMine
	case len(faults) > 0:
		return Request{}, refused(faults...)
	}
	return Request{Changes: changes}, nil
}

// askGet returns where the values are said that a GET finds.
func (n *Description) askGet(msg messages.InternalMsg) (r Request, err error) {
	for _, at := range n.places {
		if matches(at, msg.Address()) {
			r.At = append(r.At, at)
		}
	}
	if r.At == nil {
		return r, devices.ErrNotMine
	}
	return r, nil
}

// askWord returns the changes of an action that is the word of entities. The word of entities that are not here is for another
// device.
func (n *Description) askWord(msg messages.InternalMsg) (r Request, err error) {
	known := false
	for _, e := range n.shown {
		change, ok := e.Action(msg.Action())
		known = known || ok
		if ok && matches(n.device.AddressOf(e), msg.Address()) {
			r.Changes = append(r.Changes, change)
		}
	}
	if known && r.Changes == nil {
		return r, devices.ErrNotMine
	}
	return r, nil
}

// found returns the entities that a message to an address finds.
func (n *Description) found(to messages.Address) (found []*entity.Entity) {
	for _, e := range n.shown {
		if matches(n.device.AddressOf(e), to) {
			found = append(found, e)
		}
	}
	return found
}

// matches reports whether a message to an address finds what is at another, by the rule by which it finds a device.
func matches(at, to messages.Address) bool {
	same := func(a, b string) bool { return a == "" || b == "" || a == b }
	return same(at.Function, to.Function) && same(at.Gateway, to.Gateway) && same(at.Location, to.Location) && same(at.Device, to.Device)
}

// Handled returns what err means, with which the device itself has handled a command that asks nothing of its entities. Many
// devices with entities know no other commands, and refuse them. Where such a command names neither the device nor any of its
// entities, since it sets no characteristic that their addresses set, it was for those who know its action: devices.ErrNotMine.
func (n *Description) Handled(msg messages.InternalMsg, err error) error {
	if n == nil || len(n.shown) == 0 || !errors.Is(err, devices.ErrAction) || n.names(msg.Address()) {
		return err
	}
	return fmt.Errorf("%w: %w", devices.ErrNotMine, err)
}

// names reports whether an address sets a characteristic that the address of the device, or of an entity, sets.
func (n *Description) names(to messages.Address) bool {
	both := func(a, b string) bool { return a != "" && b != "" }
	at := func(at messages.Address) bool {
		return both(at.Function, to.Function) || both(at.Gateway, to.Gateway) || both(at.Location, to.Location) || both(at.Device, to.Device)
	}
	return at(n.device.Address) || slices.ContainsFunc(n.shown, func(e *entity.Entity) bool { return at(n.device.AddressOf(e)) })
}

// Do has a device do what was asked of its entities.
func (t *Teller) Do(ctx context.Context, d devices.Device, r Request) error {
	if r.Changes != nil {
		s, ok := d.(devices.Setter)
		if !ok {
			return refused(errors.New("the device sets nothing: it has no Set"))
		}
		if err := s.Set(ctx, r.Changes); err != nil {
			return err
		}
		t.countPresses(r.Changes)
		return nil
	}
	if reader, ok := d.(devices.Reader); ok {
		if err := reader.Read(ctx); err != nil {
			return err
		}
	}
	t.Again(r.At)
	return nil
}

// refusal is a devices.ErrAction that says only why.
type refusal struct{ why string }

func refused(faults ...error) error {
	texts := make([]string, len(faults))
	for i, err := range faults {
		texts[i] = err.Error()
	}
	return refusal{strings.Join(texts, "; ")}
}

func (r refusal) Error() string { return r.why }

func (r refusal) Unwrap() error { return devices.ErrAction }
