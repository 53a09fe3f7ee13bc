package retained

import (
	"cmp"
	"slices"
	"strings"

	"github.com/mqttgateway/mqttgateway/messages"
)

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
		m.device(k.Device).own(t)
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
