package retained

import "github.com/mqttgateway/mqttgateway/actors/outbox"

// owe makes a topic due, in a queue or ahead of it.
func (m *Memory) owe(t *topic, u urgency) {
	t.owed = true
	if !m.tellable(t) || t.due <= u {
		return
	}
	t.due, t.last = u, u
	if !t.queued[u] {
		t.queued[u] = true
		m.queues[u].Push(t)
	}
}

// tellable tells whether the broker may be told of a topic. It may not if it has shown that it will not have it.
func (m *Memory) tellable(t *topic) bool { return !t.aside() && (t.View == "" || !m.spared) }

// Begin begins a session. Unless the broker has kept the former one, all topics are due again of which the outbox holds nothing.
func (m *Memory) Begin(kept bool, holds func(topic string) bool) {
	if kept {
		return
	}
	for at := m.order.Front(); at != nil; at = at.Next() {
		if t := at.Value.(*topic); t.known && !holds(t.Topic) {
			m.owe(t, again)
		}
	}
}

// SpareViews has the broker be told of no more views, for it will not have any.
func (m *Memory) SpareViews() { m.spared = true }

// Due is a topic that the broker is to be told of.
type Due struct {
	Topic, Device string
	Payload       string // empty: the topic is to be cleared
	Record        uint64 // that is to be in the ledger first; 0: none
	Losses        uint8
}

// First returns the topic that is to be handed to the session next, which stays; false if there is none.
func (m *Memory) First() (d Due, ok bool) {
	t := m.first()
	if t == nil {
		return Due{}, false
	}
	return Due{Topic: t.Topic, Device: t.Device, Payload: t.payload, Record: t.number, Losses: t.losses}, true
}

func (m *Memory) first() *topic {
	for u := range m.queues {
		for q := &m.queues[u]; q.Len() > 0; {
			t := *q.First()
			if t.due == urgency(u) && m.tellable(t) {
				return t
			}
			if t.due == urgency(u) {
				t.due = notDue
			}
			t.queued[u] = false
			q.Pop()
		}
	}
	return nil
}

// Pop takes the first topic, which is in flight from then on; there must be one.
func (m *Memory) Pop() {
	t := m.first()
	m.queues[t.due].Pop()
	t.queued[t.due] = false
	t.due = notDue
	t.flying++
	m.inFlight++
}

// InFlight returns how many topics are in flight.
func (m *Memory) InFlight() int { return m.inFlight }

// Owes tells whether the memory, not the outbox, has the latest of a topic to tell.
func (m *Memory) Owes(topic string) bool {
	t := m.topics[topic]
	return t != nil && t.owed
}

// landed takes a topic out of flight.
func (m *Memory) landed(topic string) *topic {
	m.inFlight--
	t := m.topics[topic]
	if t == nil || t.flying == 0 {
		return nil
	}
	t.flying--
	return t
}

// Landed notes the result of a topic that was in flight: the broker has acknowledged it, or will never have it.
func (m *Memory) Landed(topic string, acknowledged bool) {
	t := m.landed(topic)
	switch {
	case t == nil:
	case !acknowledged:
		t.losses = outbox.MaxLosses
	default:
		t.losses = 0
		if !t.owed || t.due != notDue || t.flying > 0 {
			return
		}
		t.owed = false
		if t.Cleared {
			m.drop(t)
		}
	}
}

// Lost notes that a session has ended with a topic in flight, which is due again.
func (m *Memory) Lost(topic string) {
	if t := m.landed(topic); t != nil && t.owed {
		m.owe(t, t.last)
	}
}

// Suspect notes that a session has ended over a topic that was in flight, alone or not, and reports whether the topic is set
// aside with that.
func (m *Memory) Suspect(topic string, alone bool) (aside bool) {
	t := m.topics[topic]
	if t == nil {
		return false
	}
	t.losses = outbox.Suspect(t.losses, alone)
	return t.aside()
}

// Dropped notes that the outbox has given up a status, which is due with that if it is the latest of its topic and the memory knows
// what it says.
func (m *Memory) Dropped(topic, payload string) {
	if t := m.topics[topic]; t != nil && t.known && !t.owed && t.payload == payload {
		m.owe(t, again)
	}
}

// Refused notes that the broker will never have a status that the outbox has sent: it is not said again.
func (m *Memory) Refused(topic, payload string) {
	if t := m.topics[topic]; t != nil && !t.owed && t.payload == payload {
		m.put(t, "")
		t.known = false
	}
}
