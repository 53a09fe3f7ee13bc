package actors

import (
	"slices"

	"github.com/mqttgateway/mqttgateway/actors/routing"
	"github.com/mqttgateway/mqttgateway/config"
	"github.com/mqttgateway/mqttgateway/messages"
)

// routeTable has the devices that messages find. Each has a number, by which the indexes know it. The next device that comes gets a
// number that is free.
type routeTable struct {
	commands routing.Index  // of all devices
	statuses routing.Index  // of the devices that hear statuses
	routed   []routed       // by their numbers
	free     []int          // numbers that no device has
	numbers  map[string]int // by the devices' names
	gateways map[string]int // number of devices that answer to each gateway explicitly
}

// routed is a device in the table.
type routed struct {
	route
	itself bool // the device answers commands itself
	deaf   bool // the device hears no statuses; route.deaf is the value at first
}

func newRouteTable(devices []route) *routeTable {
	t := &routeTable{routed: make([]routed, 0, len(devices)), numbers: make(map[string]int, len(devices)), gateways: make(map[string]int)}
	for _, device := range devices {
		t.add(device)
	}
	return t
}

// add adds a device, which replaces another of the same name. If the device is in the table already and has another route now, the table
// keeps whether it hears statuses and answers commands.
func (t *routeTable) add(device route) {
	was, _ := t.named(device.name)
	t.remove(device.name)
	number := len(t.routed)
	if n := len(t.free); n > 0 {
		number, t.free = t.free[n-1], t.free[:n-1]
	} else {
		t.routed = append(t.routed, routed{})
	}
	r := routed{route: device, deaf: device.deaf}
	if was.inbox == device.inbox {
		r.itself, r.deaf = was.itself, was.deaf
	}
	t.routed[number] = r
	t.numbers[device.name] = number
	t.commands.Add(number, device.answers)
	if !r.deaf {
		t.statuses.Add(number, device.answers)
	}
	for _, gateway := range device.answers.Gateway {
		t.gateways[gateway]++
	}
}

// described changes what a device answers to, unless another device has taken its place.
func (t *routeTable) described(d described) {
	if was, ok := t.named(d.device.name); ok && was.generation == d.device.generation {
		was.answers = d.answers
		t.add(was.route)
	}
}

// remove removes the device of a name, if there is one.
func (t *routeTable) remove(name string) {
	number, ok := t.numbers[name]
	if !ok {
		return
	}
	for _, gateway := range t.routed[number].answers.Gateway {
		if t.gateways[gateway]--; t.gateways[gateway] == 0 {
			delete(t.gateways, gateway)
		}
	}
	t.commands.Remove(number)
	if !t.routed[number].deaf {
		t.statuses.Remove(number)
	}
	delete(t.numbers, name)
	t.routed[number] = routed{}
	t.free = append(t.free, number)
}

// reindex makes the indexes anew: a panic may have left them half changed.
func (t *routeTable) reindex() {
	t.commands, t.statuses = routing.Index{}, routing.Index{}
	for number, r := range t.routed {
		if r.name == "" {
			continue
		}
		t.commands.Add(number, r.answers)
		if !r.deaf {
			t.statuses.Add(number, r.answers)
		}
	}
}

// find appends to found the numbers of the devices that are to hear a message of this type to this address.
func (t *routeTable) find(kind messages.Type, to messages.Address, found []int) []int {
	if kind == messages.Status {
		return t.statuses.Find(to, found)
	}
	return t.commands.Find(to, found)
}

// neighbours appends to found the numbers of the devices that are to hear a message which the device of emits.
func (t *routeTable) neighbours(of string, kind messages.Type, to messages.Address, found []int) []int {
	found = t.find(kind, to, found)
	return slices.DeleteFunc(found, func(number int) bool { return t.routed[number].name == of })
}

// named returns the device of a name.
func (t *routeTable) named(name string) (routed, bool) {
	if number, ok := t.numbers[name]; ok {
		return t.routed[number], true
	}
	return routed{}, false
}

// opened notes what a device wants to hear and whether it answers commands itself.
func (t *routeTable) opened(o messages.Opened) {
	number, ok := t.numbers[o.Device]
	if !ok {
		return
	}
	r := &t.routed[number]
	switch {
	case o.Deaf && !r.deaf:
		t.statuses.Remove(number)
	case r.deaf && !o.Deaf:
		t.statuses.Add(number, r.answers)
	}
	r.itself, r.deaf = o.AnswersItself, o.Deaf
}

// answering returns what the sender of a message that has found these devices is to hear: the most that any of the devices wants.
func (t *routeTable) answering(msg messages.InternalMsg, found []int) (a answering) {
	for _, number := range found {
		one := t.routed[number].answering(msg)
		a = answering{max(a.wanted, one.wanted), a.repeats || one.repeats}
	}
	return a
}

// asks reports whether a command asks for an answer.
func asks(msg messages.InternalMsg) bool {
	reply, _ := msg.Arg(messages.ArgReply)
	asked, _ := reply.Bool()
	return asked
}

// answering says which outcomes the sender of a command is to hear from the gateway, and how.
type answering struct {
	wanted  answerWanted
	repeats bool // the answer repeats the arguments of the command
}

// answerWanted says of which outcomes the sender of a command is to hear from the gateway.
type answerWanted uint8

const (
	nothingWanted answerWanted = iota
	faultsWanted               // all but OK: the devices themselves say that the command was done
	allWanted
)

// answering returns what the sender of msg is to hear of this device: every outcome if the command asks for an answer, else what the
// configuration of the device says. A device that answers commands itself says itself what it did. The gateway never answers a status.
func (r routed) answering(msg messages.InternalMsg) answering {
	switch {
	case msg.Type() != messages.Command:
		return answering{}
	case asks(msg):
		return answering{allWanted, r.repeats}
	case r.reply == config.ReplyNever, r.reply != config.ReplyAlways && msg.Gateway() == "" && msg.Device() == "":
		return answering{}
	case r.itself:
		return answering{faultsWanted, r.repeats}
	}
	return answering{allWanted, r.repeats}
}
