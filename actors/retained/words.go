package retained

import (
	"slices"

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
