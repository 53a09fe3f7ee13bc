package command

import (
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/mqttgateway/mqttgateway/entity"
	"github.com/mqttgateway/mqttgateway/mapping"
	"github.com/mqttgateway/mqttgateway/messages"
)

// refusals collects what the map refuses of what devices with entities say and are told, and which devices that hits.
type refusals struct {
	faults  []string // in the order in which they were found
	devices map[string][]string
}

func (r *refusals) add(fault, device string) {
	if r.devices == nil {
		r.devices = make(map[string][]string)
	}
	if r.devices[fault] == nil {
		r.faults = append(r.faults, fault)
	}
	if name := strconv.Quote(device); !slices.Contains(r.devices[fault], name) {
		r.devices[fault] = append(r.devices[fault], name)
	}
}

// entityFault is what is wrong with the entities of a device.
type entityFault struct {
	device string
	err    error
}

// checkMapped encodes what the devices can say of their entities, and can be told, as the gateway would. Each warning says what a map
// refuses. A fault is what one device would say in place of another: two IDs that become one key, and two devices whose STATE
// has one topic.
func checkMapped(codec *mapping.Codec, all []description) (warnings []string, faults []entityFault) {
	var refused refusals
	speaks := make(map[string]string) // by topic, the device whose STATE has it
	for i := range all {
		d := &all[i]
		for _, probe := range probes(d) {
			if _, _, err := codec.Encode(probe); err != nil {
				for _, fault := range refusedBy(err) {
					refused.add(fault, d.device)
				}
			}
		}
		for _, at := range stateAddresses(d) {
			topic, _, err := codec.Encode(messages.New(messages.Status, at, entity.ActionState))
			if err != nil { // the map refuses it; the address stands for the topic that it would have
				topic = fmt.Sprintf("%s/%s/%s/%s", at.Function, at.Gateway, at.Location, at.Device)
			}
			if other, taken := speaks[topic]; taken {
				faults = append(faults, entityFault{d.device, fmt.Errorf("says STATE at %q, and so does device %q: want an address for each", topic, other)})
			}
			speaks[topic] = d.device
			faults = append(faults, sameKeys(codec, d, at)...)
		}
	}
	for _, fault := range refused.faults {
		warnings = append(warnings, fmt.Sprintf("entities of %s: %s", joinSome(refused.devices[fault]), fault))
	}
	return warnings, faults
}

// probes returns the messages that show whether the map knows all the words of a device: of each entity its STATE, with each option;
// its words and events; what sets, presses and asks for it.
func probes(d *description) (list []messages.InternalMsg) {
	for e, at := range d.shown {
		for _, v := range samples(e) {
			list = append(list, messages.New(messages.Status, at, entity.ActionState).WithArg(e.ID, v))
		}
		if e.Kind.HasValue() {
			list = append(list, messages.New(messages.Command, at, entity.ActionGet))
		}
		if e.Write && e.Kind != entity.Button {
			list = append(list, messages.New(messages.Command, at, entity.ActionSet).WithArg(e.ID, messages.Value{}))
		}
		for _, word := range e.Actions() {
			kind := messages.Status
			if e.Kind == entity.Button {
				kind = messages.Command
			}
			list = append(list, messages.New(kind, at, word.Action))
		}
	}
	return list
}

// samples returns values of an entity that a map may treat each in its way.
func samples(e *entity.Entity) (list []messages.Value) {
	switch e.Kind {
	case entity.Number:
		return []messages.Value{messages.IntValue(0)}
	case entity.Bool:
		return []messages.Value{messages.BoolValue(true), messages.BoolValue(false)}
	case entity.Enum:
		for _, option := range e.Options {
			list = append(list, messages.TextValue(option))
		}
		return list
	case entity.Text:
		return []messages.Value{messages.TextValue("any text")}
	}
	return nil
}

// refusedBy returns the faults for which a message can't be said, one text each.
func refusedBy(err error) (texts []string) {
	refused, ok := errors.AsType[*mapping.Error](err)
	if !ok {
		return []string{err.Error()}
	}
	for _, fault := range refused.Faults {
		texts = append(texts, fault.Error())
	}
	return texts
}

// stateAddresses returns the addresses at which a device says STATE, in the order of its entities.
func stateAddresses(d *description) (list []messages.Address) {
	for e, at := range d.shown {
		if e.Kind.HasValue() && !slices.Contains(list, at) {
			list = append(list, at)
		}
	}
	return list
}

// sameKeys returns a fault for each key that two entities would have in the STATE of one address: the value of the first would be
// lost.
func sameKeys(codec *mapping.Codec, d *description, address messages.Address) (faults []entityFault) {
	ids := make(map[string]string) // by key
	for e, at := range d.shown {
		if at != address || !e.Kind.HasValue() {
			continue
		}
		key, ok := keyOf(codec, at, e.ID)
		if !ok {
			continue
		}
		if other, taken := ids[key]; taken {
			faults = append(faults, entityFault{d.device, fmt.Errorf("the map makes one key, %q, of the entities %q and %q, want one for each", key, other, e.ID)})
		}
		ids[key] = e.ID
	}
	return faults
}

// keyOf returns the key under which the value of an entity leaves, and false if the map refuses it.
func keyOf(codec *mapping.Codec, at messages.Address, id string) (string, bool) {
	_, payload, err := codec.Encode(messages.New(messages.Status, at, entity.ActionState).WithArg(id, messages.Value{}))
	if err != nil {
		return "", false
	}
	v, err := messages.ParseValue(payload)
	if err != nil {
		return "", false
	}
	for key := range v.Members() {
		if key != "action" {
			return key, true
		}
	}
	return "", false
}
