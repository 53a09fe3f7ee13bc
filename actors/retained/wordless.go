package retained

import "github.com/mqttgateway/mqttgateway/messages"

// mostWordless is how many statuses without words a memory keeps at most.
const mostWordless = 10_000

// place is where a status is said, whatever the words are.
type place struct {
	about  messages.Address
	sender string
}

func placeOf(msg messages.InternalMsg) place { return place{msg.Address(), msg.Sender()} }

// Wordless notes a retained status of a device that the words in force refuse. The memory says it when other words take it, unless
// something newer has been said at its place by then. Whether the gateway says it for the device's entities is noted, too.
func (m *Memory) Wordless(device string, msg messages.InternalMsg, entities bool) {
	at := placeOf(msg)
	if !m.isWordless(msg) && len(m.wordless) >= mostWordless {
		m.givenUp++
		return
	}
	m.wordless[at] = Status{Device: device, Msg: msg, Signed: true, Entities: entities}
}

// isWordless reports whether a status waits for words at the place of msg.
func (m *Memory) isWordless(msg messages.InternalMsg) bool {
	_, is := m.wordless[placeOf(msg)]
	return is
}

// forgetWordless forgets the statuses of a device that are picked.
func (m *Memory) forgetWordless(device string, picks func(about messages.Address) bool) {
	for at, s := range m.wordless {
		if s.Device == device && picks(at.about) {
			delete(m.wordless, at)
		}
	}
}

// findWords takes those statuses for which there are words now.
func (m *Memory) findWords(words Words) (found []Status) {
	for at, s := range m.wordless {
		var err error
		if s.Topic, s.Payload, err = words.Encode(s.Msg); err == nil {
			found = append(found, s)
			delete(m.wordless, at)
		}
	}
	return found
}
