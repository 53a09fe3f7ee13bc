package mqtt

import "sync/atomic"

// Message is what is published, and what arrives.
type Message struct {
	Topic     string
	Payload   string
	QoS       byte // publishing: 2 is sent as 1
	Retained  bool // arriving: it was kept by the broker, and sent because of a subscription
	Duplicate bool // arriving: the broker sends it again; set by nobody else

	receipt *receipt
}

// Ack tells the broker that the message needs not come again. Nothing else does: one that is never
// acknowledged comes again in the next session, if that is persistent, and until then counts among the few
// (20 with mosquitto) that the broker sends unacknowledged. Any goroutine may call it, in any order;
// it never blocks. The session's next Flush sends it; within Arrived, where there may be no session yet,
// it needs none. It does nothing at QoS 0, the second time, and after the session's end.
func (m Message) Ack() {
	if m.receipt != nil {
		m.receipt.send()
	}
}

// receipt is the acknowledgement that is due for a message. Copies of the message share it.
type receipt struct {
	session acknowledger
	id      uint16
	qos     byte
	sent    atomic.Bool
}

// acknowledger puts a packet of the given type, which holds nothing but an identifier.
type acknowledger interface{ acknowledge(kind byte, id uint16) }

func (r *receipt) send() {
	if r.sent.Swap(true) {
		return // The identifier may be another message's by now.
	}
	kind := byte(typePuback)
	if r.qos == 2 {
		kind = typePubrec // The session waits for the PUBREL that follows, and answers it.
	}
	r.session.acknowledge(kind, r.id)
}
