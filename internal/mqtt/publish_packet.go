package mqtt

import "encoding/binary"

// A PUBLISH is most of what goes to and fro, and is written and read by hand (MQTT 3.1.1, section 3.3), straight
// into the buffer and out of it: paho's codec allocates six times on either way.
//
//	type and flags (1 byte), remaining length (1 to 4), length of the topic (2), topic, identifier (2, from QoS 1 on), payload

const (
	flagRetained  = 1 << 0
	flagDuplicate = 1 << 3
)

// appendPublish appends m to b at the given QoS. m has passed its check; id is not looked at with QoS 0.
func appendPublish(b []byte, m Message, qos byte, id uint16) []byte {
	first, rest := byte(typePublish<<4)|qos<<1, 2+len(m.Topic)+len(m.Payload)
	if m.Retained {
		first |= flagRetained
	}
	if qos > 0 {
		rest += 2
	}
	b = append(b, first)
	b = binary.AppendUvarint(b, uint64(rest)) // the standard's remaining length is just that
	b = binary.BigEndian.AppendUint16(b, uint16(len(m.Topic)))
	b = append(b, m.Topic...)
	if qos > 0 {
		b = binary.BigEndian.AppendUint16(b, id)
	}
	return append(b, m.Payload...)
}

// parsePublish reads what the reader has let pass. The message shares no memory with p.
func parsePublish(p packet) (m Message, id uint16) {
	text := string(p.body) // one for all that the message holds
	n := 2 + len(p.topic())
	m = Message{Topic: text[2:n], QoS: p.qos(), Retained: p.first&flagRetained != 0, Duplicate: p.first&flagDuplicate != 0}
	if m.QoS > 0 {
		id = p.publishID()
		n += 2
	}
	m.Payload = text[n:]
	return m, id
}
