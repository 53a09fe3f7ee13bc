package outbox

import "github.com/mqttgateway/mqttgateway/messages"

// Entry is a publication on its way to the broker.
type Entry struct {
	messages.Publication
	Order   uint64 // its number in the Order; 0 for availability
	Spooled uint64 // its record in the spool; 0: the spool doesn't hold it
	Losses  uint8  // sessions in a row that have ended over it
	QoS     byte   // 0 or 1

	// Availability tells that the entry says how Device is. It never waits in an Outbox: each session begins with the
	// availability of all devices anyway.
	Availability bool
}

// overhead is what an entry counts beside its topic and payload, in bytes.
const overhead = 128

// size returns what an entry counts, in bytes.
func (e *Entry) size() int { return len(e.Topic) + len(e.Payload) + overhead }
