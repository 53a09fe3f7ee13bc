package main

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// A PUBLISH consists of (MQTT 3.1.1, sections 2.2 and 3.3)
//
//	0011 dup qos(2) retain   length(1 to 4 bytes, 7 bits each)   topic   identifier, from QoS 1 on   payload
//
// and a PUBACK of 0x40 2 identifier. A text begins with its length; lengths and identifiers are two bytes, high byte
// first.
const (
	typePublish = 3
	typePuback  = 4
)

// publication returns a PUBLISH, and the offset of its identifier (0 at QoS 0: it has none).
func publication(topic, payload string, qos byte) (packet []byte, identifier int) {
	n := 2 + len(topic) + len(payload)
	if qos > 0 {
		n += 2
	}
	packet = append(packet, typePublish<<4|qos<<1)
	for ; n > 127; n >>= 7 {
		packet = append(packet, byte(n)|128)
	}
	packet = append(packet, byte(n))
	packet = binary.BigEndian.AppendUint16(packet, uint16(len(topic)))
	packet = append(packet, topic...)
	if qos > 0 {
		identifier = len(packet)
		packet = append(packet, 0, 0)
	}
	return append(packet, payload...), identifier
}

// frame is a packet without its length.
type frame struct {
	head byte
	body []byte
}

// cut returns the first packet in b and the bytes after it; ok is false if b contains no whole packet.
func cut(b []byte) (f frame, rest []byte, ok bool) {
	n := 0
	for i := 1; i < len(b) && i <= 4; i++ {
		n |= int(b[i]&127) << (7 * (i - 1))
		if b[i] < 128 {
			if end := i + 1 + n; end <= len(b) {
				return frame{b[0], b[i+1 : end]}, b[end:], true
			}
			break
		}
	}
	return frame{}, b, false
}

func (f frame) kind() byte { return f.head >> 4 }

// message returns the payload and the identifier of a PUBLISH; the identifier is 0 at QoS 0.
func (f frame) message() (payload []byte, identifier uint16, err error) {
	b := f.body
	if len(b) < 2 || len(b) < 2+int(binary.BigEndian.Uint16(b)) {
		return nil, 0, errors.New("publication: cut off within its topic")
	}
	b = b[2+int(binary.BigEndian.Uint16(b)):]
	if f.head>>1&3 == 0 {
		return b, 0, nil
	}
	if len(b) < 2 {
		return nil, 0, fmt.Errorf("publication: %d bytes after its topic, want an identifier", len(b))
	}
	return b[2:], binary.BigEndian.Uint16(b), nil
}
