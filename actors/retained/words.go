package retained

import (
	"cmp"
	"slices"
	"strings"

	"github.com/mqttgateway/mqttgateway/messages"
)

// Words is what the map makes of statuses.
type Words interface {
	Encode(messages.InternalMsg) (topic, payload string, err error)
	Topic(messages.InternalMsg) (string, error)
}

// Remap puts other words in force. A status that has another topic with them is cleared at the old one, and said at the new one if
// the memory knows the message. One that the words refuse is kept until other words take it ([Memory.Wordless]). Remap returns the topics of which the outbox may still hold what is of former words.
func (m *Memory) Remap(words Words) (superseded []string) {
	var moves, refused []Status
	var old []*topic
	for at := m.order.Front(); at != nil; at = at.Next() {
		t := at.Value.(*topic)
		if t.View != "" || t.Cleared {
			continue
		}
		to, payload, known := t.in(words)
		switch {
		case to != t.Topic:
			old = append(old, t)
			switch {
			case known:
				moves = append(moves, Status{t.Device, to, payload, t.msg, true, t.Entities})
			case t.msg.Type() != 0 && !m.isWordless(t.msg): // what is wordless already is newer
				refused = append(refused, Status{Device: t.Device, Msg: t.msg, Entities: t.Entities})
			}
		case known && payload != t.payload:
			superseded = append(superseded, t.Topic)
			m.put(t, payload)
			m.owe(t, news)
		}
	}
	moves = append(moves, m.findWords(words)...)
	for _, t := range old {
		superseded = append(superseded, t.Topic)
		m.clear(t)
	}
	for _, s := range moves {
		superseded = append(superseded, s.Topic)
		m.note(s)
		m.owe(m.topics[s.Topic], news)
	}
	for _, s := range refused {
		m.Wordless(s.Device, s.Msg, s.Entities)
	}
	slices.Sort(superseded)
	return slices.Compact(superseded)
}

// in returns what a status is in these words, and whether that is known of what it says, too. The topic is empty if the words have
// none for it.
func (t *topic) in(words Words) (to, payload string, known bool) {
	if t.msg.Type() == 0 {
		return t.to(words), "", false
	}
	to, payload, err := words.Encode(t.msg)
	return to, payload, err == nil
}

// to returns the topic of a status in these words; empty if there is none.
func (t *topic) to(words Words) string {
	to, err := words.Topic(t.status())
	if err != nil {
		return ""
	}
	return to
}

// Kept is a record that the ledger has kept since an earlier run.
type Kept struct {
	Record
	Number uint64
}

// Restore takes over what the ledger has kept. The latest record of a topic counts.
func (m *Memory) Restore(kept []Kept) {
	slices.SortFunc(kept, func(a, b Kept) int { return cmp.Compare(a.Number, b.Number) })
	for _, k := range kept {
		t := m.topics[k.Topic]
		if t == nil {
			t = &topic{Record: k.Record, number: k.Number, due: notDue}
			t.at = m.order.PushBack(t)
			m.topics[k.Topic] = t
			m.bytes += t.size()
		} else {
			m.ledger.Release(t.number)
			m.disown(t)
			t.Record, t.number = k.Record, k.Number
			m.order.MoveToBack(t.at)
		}
		m.device(k.Device).topics[t] = struct{}{}
		t.owed, t.due, t.known = false, notDue, false
		if k.Cleared {
			t.known = true
			m.owe(t, news)
		}
	}
	m.bound()
}

// Settle compares what earlier runs have left with how this run begins: the configured devices, each with its address, the words,
// and what the topics of views begin with. It clears what is certainly said by nobody, and returns that; and the devices that are
// not configured and whose availability the broker keeps.
func (m *Memory) Settle(configured map[string]messages.Address, words Words, below string) (cleared, unknown []string) {
	cleared = m.Remap(words)
	for _, t := range m.topics {
		_, is := configured[t.Device]
		switch {
		case t.View != stateView || t.Cleared:
		case !strings.HasPrefix(t.Topic, below): // of another root, or another name of the gateway
			m.clear(t)
			cleared = append(cleared, t.Topic)
		case !is && t.Topic == below+t.Device+"/"+stateView:
			unknown = append(unknown, t.Device)
		}
	}
	slices.Sort(unknown)
	for name, home := range configured {
		cleared = append(cleared, m.There(name, home)...)
	}
	names := make([]string, 0, len(m.devices))
	for name := range m.devices {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		_, is := configured[name]
		_, hub := configured[hubOf(name)]
		switch {
		case is:
		case hub:
			m.awaited[hubOf(name)] = append(m.awaited[hubOf(name)], name)
		default:
			cleared = append(cleared, m.clearAll(name, func(*topic) bool { return true })...)
		}
		cleared = append(cleared, m.clearAll(name, func(t *topic) bool { return t.View != "" && t.Topic != below+name+"/"+t.View })...)
	}
	return cleared, unknown
}
