package direct

import (
	"encoding/binary"
	"time"

	"github.com/mqttgateway/mqttgateway/internal/mqtt"
	"github.com/mqttgateway/mqttgateway/internal/mqtt/packet"
)

// Packets are encoded straight into the buffer that is written, and decoded straight from the buffer that was read:
//
//	type and flags (1 byte), remaining length (1 to 4), variable header, payload
//	text = length (2 bytes), bytes

// appendHeader appends the beginning of a packet. The standard's remaining length has the encoding of a Uvarint.
func appendHeader(b []byte, first byte, rest int) []byte {
	return binary.AppendUvarint(append(b, first), uint64(rest))
}

func appendText(b []byte, text string) []byte {
	return append(binary.BigEndian.AppendUint16(b, uint16(len(text))), text...)
}

// sizeOf returns the number of bytes of encoded texts.
func sizeOf(texts ...string) int {
	n := 0
	for _, text := range texts {
		n += 2 + len(text)
	}
	return n
}

// The flags of a CONNECT (MQTT 3.1.1, section 3.1.2.3).
const (
	flagCleanSession = 1 << 1
	flagWill         = 1 << 2
	shiftWillQoS     = 3
	flagWillRetained = 1 << 5
	flagPassword     = 1 << 6
	flagUsername     = 1 << 7
)

// appendConnect appends a CONNECT with the options of o.
//
//	"MQTT", level 4 (1 byte), flags (1), keep-alive in seconds (2), client identifier, will's topic and payload, user name, password
func appendConnect(b []byte, o mqtt.Options) []byte {
	texts, flags := []string{o.ClientID}, byte(0)
	if o.CleanSession {
		flags |= flagCleanSession
	}
	if will := o.Will; will != nil {
		texts = append(texts, will.Topic, will.Payload)
		flags |= flagWill | will.QoS<<shiftWillQoS
		if will.Retained {
			flags |= flagWillRetained
		}
	}
	if o.Username != "" {
		texts, flags = append(texts, o.Username), flags|flagUsername
		if o.Password != "" {
			texts, flags = append(texts, o.Password), flags|flagPassword
		}
	}
	b = appendHeader(b, packet.Connect<<4, sizeOf("MQTT")+4+sizeOf(texts...))
	b = append(appendText(b, "MQTT"), 4, flags)
	b = binary.BigEndian.AppendUint16(b, uint16(o.KeepAlive/time.Second))
	for _, text := range texts {
		b = appendText(b, text)
	}
	return b
}

// appendSubscribe appends a SUBSCRIBE (section 3.8): identifier (2 bytes), filter, QoS (1).
func appendSubscribe(b []byte, id uint16, f mqtt.Filter) []byte {
	b = appendHeader(b, packet.Subscribe<<4|flagReserved, 2+sizeOf(f.Topic)+1)
	b = binary.BigEndian.AppendUint16(b, id)
	return append(appendText(b, f.Topic), f.QoS)
}

// appendUnsubscribe appends an UNSUBSCRIBE (section 3.10): identifier (2 bytes), filters.
func appendUnsubscribe(b []byte, id uint16, filters []string) []byte {
	b = appendHeader(b, packet.Unsubscribe<<4|flagReserved, 2+sizeOf(filters...))
	b = binary.BigEndian.AppendUint16(b, id)
	for _, f := range filters {
		b = appendText(b, f)
	}
	return b
}

// flagReserved is the value that SUBSCRIBE and UNSUBSCRIBE must have in place of flags.
const flagReserved = 1 << 1

// The flags of a PUBLISH (section 3.3.1); its QoS is between them.
const (
	flagRetained  = 1 << 0
	shiftQoS      = 1
	flagDuplicate = 1 << 3
)

// appendPublish appends m as a PUBLISH at the given QoS: topic, identifier (2 bytes, from QoS 1 on), payload. m has
// passed its check; id has no meaning at QoS 0.
func appendPublish(b []byte, m mqtt.Message, qos byte, id uint16) []byte {
	first, rest := byte(packet.Publish<<4)|qos<<shiftQoS, sizeOf(m.Topic)+len(m.Payload)
	if m.Retained {
		first |= flagRetained
	}
	if qos > 0 {
		rest += 2
	}
	b = appendText(appendHeader(b, first, rest), m.Topic)
	if qos > 0 {
		b = binary.BigEndian.AppendUint16(b, id)
	}
	return append(b, m.Payload...)
}

// parsePublish reads a PUBLISH that the Reader has checked. The message shares no memory with p.
func parsePublish(p packet.Packet) (m mqtt.Message, id uint16) {
	text := string(p.Body) // the one allocation for all of the message
	n := 2 + len(p.Topic())
	m = mqtt.Message{Topic: text[2:n], QoS: p.QoS(), Retained: p.First&flagRetained != 0, Duplicate: p.First&flagDuplicate != 0}
	if m.QoS > 0 {
		id = p.PublishID()
		n += 2
	}
	m.Payload = text[n:]
	return m, id
}
