package actors

import (
	"fmt"
	"strings"
	"time"

	"github.com/mqttgateway/mqttgateway/messages"
)

// answer tells the sender of a command how its handling ended, once all devices that the command has found have told the mapper. The
// sender may be a device of this gateway: emitted.
func (m *mapper) answer(p *pendingDelivery, emitted bool) {
	if p.worst == messages.Doubtful && p.asked.Type() == messages.Command {
		m.tellNobody(p.asked, errNoDevice{by: p.reason})
	}
	switch {
	case p.worst == messages.NotMine && emitted: // another gateway may have the device for which the command is
	case p.worst == messages.NotMine:
		m.findsNobody(p.asked, errNoDevice{by: p.reason})
	case p.wanted == nothingWanted, p.wanted == faultsWanted && p.worst == messages.Handled:
	case p.worst == messages.Busy && !m.answered.allow(p.device):
		m.counters.Unanswered.Add(1)
	default:
		answer := p.asked.Reply
		if p.repeats {
			answer = p.asked.ReplyWithArgs
		}
		m.say(answer(p.worst, p.reason))
	}
}

// findsNobody logs a command that is for no device here. It answers the command if the command asks for an answer and names a gateway
// that a device here answers to explicitly; otherwise another gateway may have the device. A status that finds no device is no fault.
func (m *mapper) findsNobody(msg messages.InternalMsg, why errNoDevice) {
	if msg.Type() != messages.Command {
		return
	}
	m.tellNobody(msg, why)
	if asks(msg) && m.mayAnswerFor(msg.Gateway()) {
		m.say(msg.Reply(messages.Rejected, why.Error()))
	}
}

// tellNobody has the log tell of a command that no device has taken.
func (m *mapper) tellNobody(msg messages.InternalMsg, why errNoDevice) {
	m.nobody.note(fmt.Errorf("%w (%v)", why, msg))
}

// errNoDevice says why a command has found no device.
type errNoDevice struct {
	to messages.Address // the address to which no device answers
	by string           // the reasons of the devices that the command has found; empty if it has found none
}

func (e errNoDevice) Error() string {
	if e.by != "" {
		return "no device takes it: " + e.by
	}
	text := ""
	for _, c := range [...]struct{ name, value string }{
		{"function", e.to.Function}, {"gateway", e.to.Gateway}, {"location", e.to.Location}, {"device", e.to.Device},
	} {
		if c.value != "" {
			text += fmt.Sprintf(", %s %.120q", c.name, c.value)
		}
	}
	if text == "" {
		return "no device is here"
	}
	return "no device answers to " + text[len(", "):]
}

// say sends an answer. It has no receipt.
func (m *mapper) say(answer messages.InternalMsg) {
	topic, payload, err := m.codec.Encode(answer)
	if err != nil {
		m.counters.Unsaid.Add(1)
		m.unsaid.note(err)
		return
	}
	m.connection.send(messages.Publication{Device: ownName, Topic: topic, Payload: payload})
}

// ownName is the gateway in the place of a device's name.
const ownName = "(gateway)"

// reject answers a command that can't be mapped, if it names a gateway that a device answers to explicitly.
func (m *mapper) reject(a messages.Arrived, why error) {
	r, ok := m.codec.Reject(a.Topic, a.Payload, why)
	if ok && m.mayAnswerFor(r.Gateway) {
		m.connection.send(messages.Publication{Device: ownName, Topic: r.Topic, Payload: r.Payload})
	}
}

// mayAnswerFor reports whether the gateway may answer, in place of a device, a command that has found none: only if a device answers
// to that gateway explicitly, and not too often.
func (m *mapper) mayAnswerFor(gateway string) bool {
	if gateway == "" || m.routes.gateways[gateway] == 0 {
		return false
	}
	allowed := m.answered.allow("gateway " + strings.ToValidUTF8(gateway, ""))
	if !allowed {
		m.counters.Unanswered.Add(1)
	}
	return allowed
}

// answersPerSecond is the most answers in a second that say BUSY, for each device; and that the mapper gives to commands that can't be
// mapped or find no device, for each gateway that these commands name.
const answersPerSecond = 10

// ration allows each key a number of things in each second.
type ration struct {
	most   int
	second int64
	spent  map[string]int // in this second
}

func newRation(most int) ration { return ration{most: most, spent: make(map[string]int)} }

func (r *ration) allow(key string) bool {
	if now := time.Now().Unix(); r.second != now {
		r.second = now
		clear(r.spent)
	}
	r.spent[key]++
	return r.spent[key] <= r.most
}
