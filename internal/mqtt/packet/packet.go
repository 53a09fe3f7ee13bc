// Package packet cuts the bytes that a broker sends into packets, and checks that a broker may send them (MQTT 3.1.1).
package packet

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"github.com/mqttgateway/mqttgateway/internal/mqtt"
)

// Control packet types (MQTT 3.1.1, table 2.1). A broker must not send a DISCONNECT, but some do before they close the
// connection.
const (
	Connect     = 1
	Connack     = 2
	Publish     = 3
	Puback      = 4
	Pubrec      = 5
	Pubrel      = 6
	Pubcomp     = 7
	Subscribe   = 8
	Suback      = 9
	Unsubscribe = 10
	Unsuback    = 11
	Pingreq     = 12
	Pingresp    = 13
	Disconnect  = 14
)

var names = [16]string{
	Connect: "CONNECT", Connack: "CONNACK", Publish: "PUBLISH", Puback: "PUBACK", Pubrec: "PUBREC", Pubrel: "PUBREL",
	Pubcomp: "PUBCOMP", Subscribe: "SUBSCRIBE", Suback: "SUBACK", Unsubscribe: "UNSUBSCRIBE",
	Unsuback: "UNSUBACK", Pingreq: "PINGREQ", Pingresp: "PINGRESP", Disconnect: "DISCONNECT",
}

// Name returns the standard's name for a type of packet.
func Name(kind byte) string { return names[kind] }

// Packet is a control packet from the broker. It lies in the Reader's buffer.
//
//	packet = type and flags (1 byte), remaining length (1 to 4 bytes, 7 bits each, low ones first), body
type Packet struct {
	First byte   // type and flags
	Body  []byte // what follows the remaining length; for a skipped PUBLISH, what comes before its payload
	Raw   []byte // the whole packet; nil if it was skipped
	Past  int    // not 0: the packet was larger than the limit, and this number of its bytes were skipped
}

// Kind returns the type.
func (p Packet) Kind() byte { return p.First >> 4 }

// ID returns the identifier of a packet whose body begins with it.
func (p Packet) ID() uint16 { return binary.BigEndian.Uint16(p.Body) }

// QoS returns the QoS of a PUBLISH.
func (p Packet) QoS() byte { return p.First >> 1 & 3 }

// Topic returns the topic of a PUBLISH.
func (p Packet) Topic() []byte { return p.Body[2 : 2+int(p.ID())] }

// PublishID returns the identifier of a PUBLISH, or 0 at QoS 0.
func (p Packet) PublishID() uint16 {
	if p.QoS() == 0 {
		return 0
	}
	return binary.BigEndian.Uint16(p.Body[2+int(p.ID()):])
}

// Resent reports whether p may answer a packet of an earlier connection, if the broker has kept the session: the broker
// sends a PUBREL again whose PUBCOMP it has not got.
func (p Packet) Resent(kept bool) bool { return kept && p.Kind() == Pubrel }

// Unasked returns an error saying that p answers no packet.
func (p Packet) Unasked() error {
	switch p.Kind() {
	case Connack:
		return errors.New("a second CONNACK")
	case Pingresp:
		return errors.New("PINGRESP without a ping")
	}
	return fmt.Errorf("%s with the identifier %d, which answers nothing", names[p.Kind()], p.ID())
}

// header is the beginning of a packet. It is checked by what a broker may send, and by what paho can bear: paho would
// allocate any announced length, panic over a SUBACK with too many codes, and take a packet that ends early for the end
// of the stream.
type header struct {
	first byte
	size  int // of the header itself
	rest  int // remaining length
}

// parseHeader returns the header at the beginning of b, or one with size 0 if b does not contain the whole header.
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
	case Publish:
		if h.first>>1&3 == 3 {
			return malformed("PUBLISH with QoS 3")
		}
		return nil
	case Connack, Puback, Pubrec, Pubrel, Pubcomp, Suback, Unsuback, Pingresp, Disconnect:
		return nil
	}
	return fmt.Errorf("packet of type %d, which no broker sends", h.kind())
}

// checkLength checks the remaining length by the packet's type.
func (h header) checkLength() error {
	want := h.rest
	switch h.kind() {
	case Puback, Pubrec, Pubrel, Pubcomp, Unsuback:
		want = 2
	case Suback:
		want = 3 // The session sends each filter in a SUBSCRIBE of its own.
	case Pingresp:
		want = 0
	case Connack:
		// A broker that speaks only MQTT 5 may add properties to its refusal: see checkConnack.
		want = max(h.rest, 2)
	case Publish:
		want = max(h.rest, 2+h.identifier())
	}
	if h.rest != want {
		return malformed(fmt.Sprintf("%s with a remaining length of %d, want %d", names[h.kind()], h.rest, want))
	}
	return nil
}

// identifier returns the size of a PUBLISH's packet identifier.
func (h header) identifier() int {
	if h.first>>1&3 > 0 {
		return 2
	}
	return 0
}

// beforePayload returns the number of bytes before the payload of a PUBLISH whose beginning is b, or 0 if b is too
// short to tell.
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

// checkIdentifier checks the identifier of a PUBLISH.
func (p Packet) checkIdentifier() error {
	if p.QoS() > 0 && p.PublishID() == 0 {
		return malformed("PUBLISH with the identifier 0")
	}
	return nil
}

// checkConnack checks the first packet: whether the broker accepts the connection.
func (p Packet) checkConnack() error {
	if code := p.Body[1]; code != 0 {
		return mqtt.Refusal(code)
	}
	if len(p.Body) != 2 {
		return malformed(fmt.Sprintf("CONNACK with a remaining length of %d, want 2", len(p.Body)))
	}
	return nil
}

// clone returns a copy of p outside the Reader's buffer.
func (p Packet) clone() Packet {
	p.Body = slices.Clone(p.Body)
	p.Raw = nil
	return p
}

func malformed(what string) error {
	return fmt.Errorf("malformed packet from the broker: %s", what)
}
