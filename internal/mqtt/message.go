package mqtt

import (
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/mqttgateway/mqttgateway/topic"
)

// MaxQoS is the most that is published with. Of more than 20 messages at QoS 2 that are under way mosquitto acknowledges all
// and delivers some; and paho does not keep to exactly once either.
const MaxQoS = 1

// Message is what is published, and what arrives.
type Message struct {
	Topic     string
	Payload   string
	QoS       byte // publishing: 2 is sent as 1
	Retained  bool // arriving: it was kept by the broker, and sent because of a subscription
	Duplicate bool // arriving: the broker sends it again; set by nobody else

	ack *ack // nil: none is due
}

// Ack tells the broker that the message needs not come again. Nothing else does: a message that is never acknowledged comes
// again in the next session, if that is persistent, and until then counts among the few (20 with mosquitto) that the broker
// sends unacknowledged. Any goroutine may call Ack, in any order; Ack never blocks. The session's next Flush sends the
// acknowledgement; within Arrived, where there may be no session yet, no Flush is needed. Ack does nothing at QoS 0, the
// second time, and after the session's end.
func (m Message) Ack() {
	if m.ack != nil && !m.ack.sent.Swap(true) { // A second time the identifier may be another message's.
		m.ack.session.Acknowledge(m.QoS, m.ack.id)
	}
}

// ack is the acknowledgement that is due for a message that has arrived. Copies of the message share it.
type ack struct {
	session Acknowledger
	id      uint16
	sent    atomic.Bool
}

// Acknowledger is the session by which a message has come.
type Acknowledger interface {
	// Acknowledge sends the acknowledgement that is due for a message at the QoS given (1: PUBACK, 2: PUBREC) under the
	// broker's identifier.
	Acknowledge(qos byte, id uint16)
}

// AcknowledgedBy returns m, which has come by the session under the identifier given, so that Ack tells the session. At QoS 0
// m is returned as it is.
func (m Message) AcknowledgedBy(session Acknowledger, id uint16) Message {
	if m.QoS > 0 {
		m.ack = &ack{session: session, id: id}
	}
	return m
}

// LargestPacket is what a remaining length can say (MQTT 3.1.1, section 2.2.3).
const LargestPacket = 268_435_455

// Check says why m cannot be published.
func (m Message) Check() error {
	var faults []error
	if err := topic.Check(m.Topic); err != nil {
		faults = append(faults, fmt.Errorf("topic %.200q: %w", m.Topic, err))
	}
	if m.QoS > 2 {
		faults = append(faults, fmt.Errorf("QoS %d: want 0, 1 or 2", m.QoS))
	}
	if size := len(m.Topic) + len(m.Payload) + 4; size > LargestPacket {
		faults = append(faults, fmt.Errorf("message of %d bytes: at most %d can be sent", size, LargestPacket))
	}
	return errors.Join(faults...)
}
