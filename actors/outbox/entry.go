package outbox

import "github.com/mqttgateway/mqttgateway/messages"

// Entry is a publication on its way to the broker.
type Entry struct {
	messages.Publication
	Order   uint64 // number of the publication in the Order; 0 for availability
	Spooled uint64 // number of its record in the spool; 0: the spool does not hold it
	Ledger  uint64 // number of the record of its topic that is to be in the ledger first; 0: none
	Losses  uint8  // sessions in a row that ended while the entry was suspected
	QoS     byte   // 0 or 1

	// Availability is true if the entry is the availability of Device. Such an entry never waits in an Outbox, since
	// each session begins with the availability of all devices.
	Availability bool

	// Remembered tells that the entry comes from the memory of what is retained. It never waits in an Outbox either.
	Remembered bool
}

// overhead is what an entry counts in addition to its topic and payload, in bytes.
const overhead = 128

// size returns the bytes that an entry counts.
func (e *Entry) size() int { return len(e.Topic) + len(e.Payload) + overhead }
