package mqtt

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
)

// Control packet types (MQTT 3.1.1, table 2.1). A broker never sends a DISCONNECT, but some do before they close.
const (
	typeConnack     = 2
	typePublish     = 3
	typePuback      = 4
	typePubrec      = 5
	typePubrel      = 6
	typePubcomp     = 7
	typeSubscribe   = 8
	typeSuback      = 9
	typeUnsubscribe = 10
	typeUnsuback    = 11
	typePingreq     = 12
	typePingresp    = 13
	typeDisconnect  = 14
)

var typeNames = [16]string{
	typeConnack: "CONNACK", typePublish: "PUBLISH", typePuback: "PUBACK", typePubrec: "PUBREC", typePubrel: "PUBREL",
	typePubcomp: "PUBCOMP", typeSubscribe: "SUBSCRIBE", typeSuback: "SUBACK", typeUnsubscribe: "UNSUBSCRIBE",
	typeUnsuback: "UNSUBACK", typePingreq: "PINGREQ", typePingresp: "PINGRESP", typeDisconnect: "DISCONNECT",
}

// packet is one control packet that the broker has sent, within the reader's buffer.
//
//	packet = type and flags (1 byte), remaining length (1 to 4 bytes, 7 bits each, low ones first), body
type packet struct {
	first byte   // type and flags
	body  []byte // what follows the remaining length; of a PUBLISH that was read past, what comes before its payload
	raw   []byte // all of it; nil if it was read past
	past  int    // not 0: it was larger than the limit, and so many bytes have been read past
}

func (p packet) kind() byte { return p.first >> 4 }

// id is the identifier of a packet that begins with one.
func (p packet) id() uint16 { return binary.BigEndian.Uint16(p.body) }

func (p packet) qos() byte { return p.first >> 1 & 3 }

// topic is that of a PUBLISH, and publishID its identifier; 0 at QoS 0.
func (p packet) topic() []byte { return p.body[2 : 2+int(p.id())] }

func (p packet) publishID() uint16 {
	if p.qos() == 0 {
		return 0
	}
	return binary.BigEndian.Uint16(p.body[2+int(p.id()):])
}

// acknowledgedBy returns the type of packet that acknowledges a PUBLISH; 0 at QoS 0, which needs none.
func (p packet) acknowledgedBy() byte {
	switch p.qos() {
	case 1:
		return typePuback
	case 2:
		return typePubrec
	}
	return 0
}

// ofBefore reports whether p may belong to an earlier connection of a session that the broker has kept: it sends those
// PUBRELs again whose PUBCOMP it has not had.
func (p packet) ofBefore(kept bool) bool { return kept && p.kind() == typePubrel }

// unasked says that p answers nothing.
func unasked(p packet) error {
	switch p.kind() {
	case typeConnack:
		return errors.New("a second CONNACK")
	case typePingresp:
		return errors.New("PINGRESP without a ping")
	}
	return fmt.Errorf("%s with the identifier %d, which answers nothing", typeNames[p.kind()], p.id())
}

// header is what a packet begins with, judged by what is allowed to a broker, and by what paho bears: it would allocate
// whatever is announced, panic over a SUBACK with too many codes, and take a packet that ends early for the end of the
// stream.
type header struct {
	first byte
	size  int // of the header itself
	rest  int // remaining length
}

// parseHeader returns the header at the beginning of b, one with size 0 as long as b does not hold the whole of it.
func parseHeader(b []byte) (header, error) {
	if len(b) == 0 {
		return header{}, nil
	}
	h := header{first: b[0]}
	if err := h.checkType(); err != nil {
		return header{}, err
	}
	for i, c := range b[1:] {
		if i == 4 {
			break
		}
		h.rest |= int(c&0x7f) << (7 * i)
		if c&0x80 == 0 {
			h.size = 2 + i
			return h, h.checkLength()
		}
	}
	if len(b) > 4 {
		return header{}, malformed("remaining length of more than 4 bytes")
	}
	return header{}, nil
}

func (h header) kind() byte { return h.first >> 4 }

func (h header) checkType() error {
	switch h.kind() {
	case typePublish:
		if h.first>>1&3 == 3 {
			return malformed("PUBLISH with QoS 3")
		}
		return nil
	case typeConnack, typePuback, typePubrec, typePubrel, typePubcomp, typeSuback, typeUnsuback, typePingresp, typeDisconnect:
		return nil
	}
	return fmt.Errorf("packet of type %d, which no broker sends", h.kind())
}

// checkLength judges the remaining length by the packet's type.
func (h header) checkLength() error {
	want := h.rest
	switch h.kind() {
	case typePuback, typePubrec, typePubrel, typePubcomp, typeUnsuback:
		want = 2
	case typeSuback:
		want = 3 // We send each filter in a SUBSCRIBE of its own.
	case typePingresp:
		want = 0
	case typeConnack:
		// A broker that speaks only MQTT 5 may add properties to its refusal: see checkConnack.
		want = max(h.rest, 2)
	case typePublish:
		want = max(h.rest, 2+h.identifier())
	}
	if h.rest != want {
		return malformed(fmt.Sprintf("%s with a remaining length of %d, want %d", typeNames[h.kind()], h.rest, want))
	}
	return nil
}

// identifier is the size of a PUBLISH's packet identifier.
func (h header) identifier() int {
	if h.first>>1&3 > 0 {
		return 2
	}
	return 0
}

// beforePayload returns how many bytes of a PUBLISH come before its payload, of which b is a part; 0 as long as b is
// too short to tell.
func (h header) beforePayload(b []byte) (int, error) {
	if len(b) < h.size+2 {
		return 0, nil
	}
	topic := int(binary.BigEndian.Uint16(b[h.size:]))
	if 2+topic+h.identifier() > h.rest {
		return 0, malformed(fmt.Sprintf("PUBLISH of %d bytes with a topic of %d", h.rest, topic))
	}
	return h.size + 2 + topic + h.identifier(), nil
}

// checkIdentifier is for a PUBLISH.
func (p packet) checkIdentifier() error {
	if p.qos() > 0 && p.publishID() == 0 {
		return malformed("PUBLISH with the identifier 0")
	}
	return nil
}

// checkConnack is for the first packet: whether the broker accepts us.
func (p packet) checkConnack() error {
	if code := p.body[1]; code != 0 {
		return Refusal(code)
	}
	if len(p.body) != 2 {
		return malformed(fmt.Sprintf("CONNACK with a remaining length of %d, want 2", len(p.body)))
	}
	return nil
}

// clone returns a packet that does not lie in the reader's buffer.
func (p packet) clone() packet {
	p.body = slices.Clone(p.body)
	p.raw = nil
	return p
}

func malformed(what string) error {
	return fmt.Errorf("malformed packet from the broker: %s", what)
}
