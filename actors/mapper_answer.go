package actors

import (
	"strings"
	"time"

	"github.com/mqttgateway/mqttgateway/config"
	"github.com/mqttgateway/mqttgateway/messages"
)

// owed is a delivery that somebody waits for: the broker for its acknowledgement, the sender for an answer, or both.
type owed struct {
	left    int                  // devices that have still to tell how it went
	awaited int                  // of them, those for which the broker waits
	record  uint64               // the highest that is to be on disk before the acknowledgement
	asked   messages.InternalMsg // the command to be answered; the zero InternalMsg if there is no answer
	wanted  answerWanted
	worst   messages.Outcome // so far
	reason  string           // of the worst, naming the devices
	device  string           // the first of them
	blamed  int              // how many there are
}

// newOwed returns what is owed of a message that has found so many devices.
func newOwed(msg messages.InternalMsg, wanted answerWanted, found int, qos byte) *owed {
	o := &owed{left: found, wanted: wanted}
	if qos > 0 {
		o.awaited = found
	}
	if wanted != nothingWanted {
		o.asked = msg
	}
	return o
}

// maxBlamed is how many devices an answer names.
const maxBlamed = 5

// add counts what one device told.
func (o *owed) add(d messages.Done) {
	o.left--
	if d.Outcome == messages.Handled || d.Outcome < o.worst {
		return
	}
	if d.Outcome > o.worst {
		o.worst, o.reason, o.device, o.blamed = d.Outcome, "", d.Device, 0
	}
	o.blamed++
	switch {
	case o.blamed > maxBlamed+1:
	case o.blamed > maxBlamed:
		o.reason += "; …"
	case o.reason != "":
		o.reason += "; " + d.Device + ": " + d.Reason
	default:
		o.reason = d.Device + ": " + d.Reason
	}
}

// answerWanted says of which outcomes the sender of a command is to hear from the gateway.
type answerWanted uint8

const (
	nothingWanted answerWanted = iota
	faultsWanted               // all but that it was done, which its devices say themselves
	allWanted
)

// wanted tells what is to be answered of a message that finds these devices: what any of them has answered.
func (s *system) wanted(msg messages.InternalMsg, found []int) (most answerWanted) {
	for _, i := range found {
		most = max(most, s.slots[i].wanted(msg))
	}
	return most
}

// wanted tells what this device has answered of msg: all of a command that asks for it, else what its configuration says.
// One that echoes commands says itself what it did. Statuses are never answered.
func (p *slot) wanted(msg messages.InternalMsg) answerWanted {
	if msg.Type() != messages.Command {
		return nothingWanted
	}
	reply, _ := msg.Arg(messages.ArgReply)
	asked, _ := reply.Bool()
	switch {
	case asked:
		return allWanted
	case p.Reply == config.ReplyNever, p.Reply != config.ReplyAlways && msg.Gateway() == "" && msg.Device() == "":
		return nothingWanted
	case p.echoes.Load():
		return faultsWanted
	}
	return allWanted
}

// ration allows so many a second for each key, which come from a fixed set.
type ration struct {
	most  int
	spent map[string]spending
}

type spending struct {
	second int64
	count  int
}

func (r *ration) allow(key string) bool {
	s, now := r.spent[key], time.Now().Unix()
	if s.second != now {
		s = spending{second: now}
	}
	s.count++
	r.spent[key] = s
	return s.count <= r.most
}

// answersPerSecond bounds the answers that a flood can cause: those of BUSY for each device, and those to commands
// that can't be mapped for each gateway that they name.
const answersPerSecond = 10

func newRation() *ration {
	return &ration{most: answersPerSecond, spent: make(map[string]spending)}
}

// answer tells the sender of a command how it went, once all devices have told.
func (m *mapper) answer(o *owed) {
	switch {
	case o.wanted == nothingWanted, o.wanted == faultsWanted && o.worst == messages.Handled:
	case o.worst == messages.Busy && !m.busy.allow(o.device):
		m.counters.Unanswered.Add(1)
	default:
		m.say(o.asked.Reply(o.worst, o.reason))
	}
}

// say sends an answer, for which nobody has a receipt.
func (m *mapper) say(answer messages.InternalMsg) {
	topic, payload, err := m.codec.Encode(answer)
	if err != nil {
		m.counters.Unsaid.Add(1)
		m.unsaid.note(err)
		return
	}
	m.connection.send(messages.Publication{Device: ownName, Topic: topic, Payload: payload})
}

// ownName stands for the gateway where a device would be named.
const ownName = "(gateway)"

// reject answers a command that can't be mapped, if it names a gateway that a device answers to explicitly.
func (m *mapper) reject(a messages.Arrived, why error) {
	r, ok := m.codec.Reject(a.Topic, a.Payload, why)
	if !ok || !m.gateways[r.Gateway] {
		return
	}
	if !m.busy.allow("gateway " + strings.ToValidUTF8(r.Gateway, "")) {
		m.counters.Unanswered.Add(1)
		return
	}
	m.connection.send(messages.Publication{Device: ownName, Topic: r.Topic, Payload: r.Payload})
}
