package mqtt

import "fmt"

// Control packet types that a broker sends (MQTT 3.1.1, table 2.1). A DISCONNECT is none of them, but
// some brokers send one before they close, and paho ignores it.
const (
	typeConnack    = 2
	typePublish    = 3
	typePuback     = 4
	typePubrec     = 5
	typePubrel     = 6
	typePubcomp    = 7
	typeSuback     = 9
	typeUnsuback   = 11
	typePingresp   = 13
	typeDisconnect = 14

	typePingreq = 12 // only we send it
)

// frames follows the packets in the bytes that a broker sends, and finds the first byte that must not
// be read: with it paho would allocate too much, panic, take a refusal for a success or an ill-formed packet for the
// end of the stream, and reader relies on every length being right.
//
//	packet = type and flags (1 byte), remaining length (1 to 4 bytes, 7 bits each, low ones first), rest
//
// After an error it is of no further use.
type frames struct {
	max int // largest packet allowed, in bytes, its header included

	step      step
	connected bool // CONNACK was seen
	kind      byte // type of the packet
	qos       byte // of a PUBLISH
	size      int  // of the header so far
	rest      int  // remaining length: what follows the header
	at        int  // how much of the rest has passed
	topic     int  // length of a PUBLISH's topic
}

type step byte

const (
	stepType step = iota
	stepLength
	stepRest
)

// follow takes the next bytes of the stream and says how many of them may pass. With an error, that
// is where the verdict falls: nothing after them may pass.
func (f *frames) follow(b []byte) (int, error) {
	for i := 0; i < len(b); {
		switch f.step {
		case stepType:
			if err := f.begin(b[i]); err != nil {
				return i, err
			}
			i++
		case stepLength:
			if err := f.length(b[i]); err != nil {
				return i, err
			}
			i++
		case stepRest:
			if f.kind == typePublish && f.at < 2 || f.kind == typeConnack {
				if err := f.look(b[i]); err != nil {
					return i, err
				}
				f.pass(1)
				i++
				continue
			}
			n := min(len(b)-i, f.rest-f.at)
			f.pass(n)
			i += n
		}
	}
	return len(b), nil
}

func (f *frames) begin(b byte) error {
	f.kind, f.qos = b>>4, b>>1&3
	f.size, f.rest, f.at, f.topic = 1, 0, 0, 0
	f.step = stepLength
	switch {
	case !f.connected && f.kind != typeConnack:
		return fmt.Errorf("the broker's first packet has type %d, want CONNACK (2)", f.kind)
	case f.kind == typePublish && f.qos == 3:
		return malformed("PUBLISH with QoS 3")
	}
	switch f.kind {
	case typeConnack, typePublish, typePuback, typePubrec, typePubrel, typePubcomp,
		typeSuback, typeUnsuback, typePingresp, typeDisconnect:
		return nil
	}
	return fmt.Errorf("packet of type %d, which no broker sends", f.kind)
}

func (f *frames) length(b byte) error {
	f.rest |= int(b&0x7f) << (7 * (f.size - 1))
	f.size++
	if b&0x80 != 0 {
		if f.size > 4 {
			return malformed("remaining length of more than 4 bytes")
		}
		return nil
	}
	if total := f.size + f.rest; total > f.max {
		return fmt.Errorf("packet of %d bytes is larger than the limit of %d", total, f.max)
	}
	if err := f.complete(); err != nil {
		return err
	}
	f.step = stepRest
	f.pass(0)
	return nil
}

// complete judges the remaining length by the packet's type.
func (f *frames) complete() error {
	want := f.rest
	switch f.kind {
	case typePuback, typePubrec, typePubrel, typePubcomp, typeUnsuback:
		want = 2
	case typeSuback:
		want = 3 // We send each filter in a SUBSCRIBE of its own; more codes than filters make paho panic.
	case typePingresp:
		want = 0
	case typeConnack:
		// A broker that speaks only MQTT 5 may add properties to its refusal: see look.
		want = max(f.rest, 2)
	case typePublish:
		want = max(f.rest, 2+f.identifier())
	}
	if f.rest != want {
		return malformed(fmt.Sprintf("packet of type %d with a remaining length of %d, want %d", f.kind, f.rest, want))
	}
	return nil
}

// look judges what stands in a packet: the code of a CONNACK, the length of a PUBLISH's topic.
func (f *frames) look(b byte) error {
	switch {
	case f.kind == typeConnack && f.at == 1:
		if b != 0 {
			return Refusal(b)
		}
		if f.rest != 2 {
			return malformed(fmt.Sprintf("CONNACK with a remaining length of %d, want 2", f.rest))
		}
		f.connected = true
	case f.kind == typePublish:
		f.topic = f.topic<<8 | int(b)
		if f.at == 1 && 2+f.topic+f.identifier() > f.rest {
			return malformed(fmt.Sprintf("PUBLISH of %d bytes with a topic of %d", f.rest, f.topic))
		}
	}
	return nil
}

// identifier is the size of a PUBLISH's packet identifier.
func (f *frames) identifier() int {
	if f.qos > 0 {
		return 2
	}
	return 0
}

// pass counts n bytes of the rest.
func (f *frames) pass(n int) {
	f.at += n
	if f.at == f.rest {
		f.step = stepType
	}
}

func malformed(what string) error {
	return fmt.Errorf("malformed packet from the broker: %s", what)
}
