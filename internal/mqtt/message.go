package mqtt

import (
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/mqttgateway/mqttgateway/topic"
)

// MaxQoS is the highest QoS for publishing. Of more than 20 outstanding messages at QoS 2, mosquitto acknowledges all
// and delivers only some; and paho does not guarantee exactly-once delivery either.
const MaxQoS = 1

// Message is a message to publish, or one that has arrived.
type Message struct {
	Topic     string
	Payload   string
	QoS       byte // publishing: 2 is sent as 1
	Retained  bool // arriving: the broker had kept it, and sent it because of a subscription
	Duplicate bool // arriving: the broker sends it again; set by the session only

	ack *ack // nil: no acknowledgement is due
}

// Ack acknowledges the message: the broker must not send it again. Nothing else acknowledges it: without an Ack the
// broker sends the message again in the next session, if the session is persistent, and until then the message counts
// among the few (20 with mosquitto) that the broker sends without an acknowledgement. Any goroutine may call Ack, in
// any order; Ack never blocks. The session's next Flush sends the acknowledgement; within Arrived, where the caller may
// not have the session yet, no Flush is needed. Ack has no effect at QoS 0, at the second call, and after the session's
// end.
func (m Message) Ack() {
	if m.ack != nil && !m.ack.sent.Swap(true) { // After an Ack, the identifier may belong to another message.
		m.ack.session.Acknowledge(m.QoS, m.ack.id)
	}
}

// ack is the acknowledgement that is due for a message that has arrived. Copies of the message share it.
type ack struct {
	session Acknowledger
	id      uint16
	sent    atomic.Bool
}

// Acknowledger is the session by which a message has arrived.
type Acknowledger interface {
	// Acknowledge sends the acknowledgement for a message that arrived at the given QoS (1: PUBACK, 2: PUBREC) with the
	// broker's identifier.
	Acknowledge(qos byte, id uint16)
}

// AcknowledgedBy returns m with an Ack that calls session. m has arrived by the session with the given identifier. At
// QoS 0, AcknowledgedBy returns m unchanged.
func (m Message) AcknowledgedBy(session Acknowledger, id uint16) Message {
	if m.QoS > 0 {
		m.ack = &ack{session: session, id: id}
	}
	return m
}

// LargestPacket is the largest remaining length of a packet (MQTT 3.1.1, section 2.2.3).
const LargestPacket = 268_435_455

// Check returns all reasons for which m cannot be published.
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
