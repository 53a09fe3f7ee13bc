package actors

import (
	"slices"
	"strings"
	"time"

	"github.com/mqttgateway/mqttgateway/config"
	"github.com/mqttgateway/mqttgateway/messages"
)

// owed is a delivery that somebody waits for: the broker for its acknowledgement, the sender for an answer, or both.
type owed struct {
	left   int                  // devices that have still to tell how it went
	ack    bool                 // the broker waits
	asked  messages.InternalMsg // the command to be answered; the zero InternalMsg if there is no answer
	worst  messages.Outcome     // so far
	reason string               // of the worst, naming the devices
	device string               // the first of them
	blamed int                  // how many there are
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

// wanted tells whether a message that finds these devices is to be answered: a command that asks for it, or one that a
// device answers by its configuration. Statuses never are.
func (s *system) wanted(msg messages.InternalMsg, found []int) bool {
	if msg.Type() != messages.Command {
		return false
	}
	if v, ok := msg.Arg(messages.ArgReply); ok {
		if yes, isBool := v.Bool(); isBool && yes {
			return true
		}
	}
	return slices.ContainsFunc(found, func(i int) bool { return s.slots[i].answers(msg) })
}

// answers tells whether this device answers msg by its configuration. One that echoes commands answers them itself.
func (p *slot) answers(msg messages.InternalMsg) bool {
	switch p.Reply {
	case config.ReplyAlways:
		return !p.echoes.Load()
	case config.ReplyNever:
		return false
	}
	return (msg.Gateway() != "" || msg.Device() != "") && !p.echoes.Load()
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

// finish answers and acknowledges a delivery of which all devices have told how it went. The answer goes first, so that
// a command is not acknowledged whose answer is lost.
func (m *mapper) finish(d messages.Delivery, o *owed) {
	if o.asked.Type() != 0 {
		if o.worst == messages.Busy && !m.busy.allow(o.device) {
			m.counters.Unanswered.Add(1)
		} else {
			m.say(o.asked.Reply(o.worst, o.reason))
		}
	}
	if o.ack {
		m.send(m.connection, messages.Settled{Delivery: d})
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
	m.send(m.connection, messages.Publication{Device: ownName, Topic: topic, Payload: payload})
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
	m.send(m.connection, messages.Publication{Device: ownName, Topic: r.Topic, Payload: r.Payload})
}
