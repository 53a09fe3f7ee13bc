package mqtt

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/eclipse/paho.mqtt.golang/packets"
)

var connack = []byte{0x20, 2, 0, 0}

func TestFrames(t *testing.T) {
	const limit = 300
	tests := []struct {
		name string
		in   []byte // after a CONNACK
		pass int
		err  string // part of it; "": none
	}{
		{"nothing", nil, 0, ""},
		{"PUBACK", []byte{0x40, 2, 0, 1}, 4, ""},
		{"half a PUBACK", []byte{0x40, 2, 0}, 3, ""},
		{"PUBACK too short", []byte{0x40, 1, 0}, 1, "remaining length of 1, want 2"},
		{"PUBACK too long", []byte{0x40, 3, 0, 1, 0}, 1, "remaining length of 3, want 2"},
		{"PINGRESP", []byte{0xd0, 0, 0xd0, 0}, 4, ""},
		{"SUBACK with one code", []byte{0x90, 3, 0, 1, 0x80}, 5, ""},
		{"SUBACK with two codes", []byte{0x90, 4, 0, 1, 0, 0}, 1, "remaining length of 4, want 3"},
		{"SUBACK without a code", []byte{0x90, 2, 0, 1}, 1, "remaining length of 2, want 3"},
		{"PUBLISH", []byte{0x30, 4, 0, 1, 'a', 'x'}, 6, ""},
		{"PUBLISH with an empty payload", []byte{0x30, 3, 0, 1, 'a'}, 5, ""},
		{"PUBLISH at QoS 1", []byte{0x32, 5, 0, 1, 'a', 0, 7}, 7, ""},
		{"PUBLISH at QoS 1 without identifier", []byte{0x32, 3, 0, 1, 'a'}, 1, "remaining length of 3, want 4"},
		{"PUBLISH at QoS 1 with half an identifier", []byte{0x32, 4, 0, 1, 'a', 0}, 3, "with a topic of 1"},
		{"PUBLISH at QoS 3", []byte{0x36, 5, 0, 1, 'a', 0, 7}, 0, "QoS 3"},
		{"PUBLISH without a topic's length", []byte{0x30, 1, 0}, 1, "want 2"},
		{"PUBLISH with a topic that is cut", []byte{0x30, 3, 0, 2, 'a'}, 3, "with a topic of 2"},
		{"PUBLISH as large as allowed", append([]byte{0x30, 0xa9, 2, 0, 1, 'a'}, make([]byte, 294)...), 300, ""},
		{"PUBLISH a byte larger", []byte{0x30, 0xaa, 2, 0, 1, 'a'}, 2, "of 301 bytes is larger than the limit of 300"},
		{"256 MB", []byte{0x30, 0xff, 0xff, 0xff, 0x7f}, 4, "packet of 268435460 bytes is larger"},
		{"length of five bytes", []byte{0x30, 0x80, 0x80, 0x80, 0x80, 1}, 4, "more than 4 bytes"},
		{"DISCONNECT, as some brokers send", []byte{0xe0, 0}, 2, ""},
		{"type 0", []byte{0, 0}, 0, "type 0"},
		{"type 15", []byte{0xf0, 0}, 0, "type 15"},
		{"CONNECT", []byte{0x10, 0}, 0, "type 1"},
		{"the second of two", []byte{0xd0, 0, 0x82, 0}, 2, "type 8"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := frames{max: limit}
			if n, err := f.follow(connack); n != 4 || err != nil {
				t.Fatalf("CONNACK: %d, %v", n, err)
			}
			n, err := f.follow(tt.in)
			if n != tt.pass || !says(err, tt.err) {
				t.Errorf("follow(% x) = %d, %v; want %d, %q", tt.in, n, err, tt.pass, tt.err)
			}
		})
	}
}

func TestFramesConnack(t *testing.T) {
	tests := []struct {
		name string
		in   []byte
		pass int
		err  string
	}{
		{"accepted", []byte{0x20, 2, 1, 0}, 4, ""},
		{"not authorized", []byte{0x20, 2, 0, 5}, 3, "not authorized (code 5)"},
		{"a code that paho does not know", []byte{0x20, 2, 0, 6}, 3, "unknown reason (code 6)"},
		{"refused by MQTT 5", []byte{0x20, 3, 0, 0x84, 0}, 3, "(code 132)"},
		{"accepted by MQTT 5", []byte{0x20, 3, 0, 0, 0}, 3, "remaining length of 3, want 2"},
		{"too short", []byte{0x20, 1, 0}, 1, "remaining length of 1"},
		{"no CONNACK first", []byte{0xd0, 0}, 0, "first packet has type 13"},
		{"not MQTT", []byte("SSH-2.0"), 0, "first packet has type 5"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := frames{max: 100}
			if n, err := f.follow(tt.in); n != tt.pass || !says(err, tt.err) {
				t.Errorf("follow(% x) = %d, %v; want %d, %q", tt.in, n, err, tt.pass, tt.err)
			}
		})
	}
}

// However the stream is split, the same bytes pass and the same error ends it; and what passes is
// for paho to read.
func FuzzFrames(f *testing.F) {
	f.Add([]byte{0x30, 4, 0, 1, 'a', 'x', 0x40, 2, 0, 1}, uint8(3))
	f.Add([]byte{0x32, 0x85, 0, 0, 1, 'a', 0, 7}, uint8(1))
	f.Add([]byte{0x90, 4, 0, 1, 0, 0}, uint8(2))
	f.Add([]byte{0xd0, 0, 0x30, 0xff, 0xff, 0xff, 0xff, 0xff}, uint8(5))
	f.Add([]byte{0x20, 2, 0, 6}, uint8(1))
	f.Fuzz(func(t *testing.T, data []byte, size uint8) {
		const limit = 200
		in := append(bytes.Clone(connack), data...)
		whole := frames{max: limit}
		pass, verdict := whole.follow(in)

		parts, got, err := frames{max: limit}, 0, error(nil)
		for rest := in; len(rest) > 0 && err == nil; {
			n := min(len(rest), int(size)%17+1)
			var passed int
			passed, err = parts.follow(rest[:n])
			got += passed
			rest = rest[n:]
		}
		if got != pass || text(err) != text(verdict) {
			t.Fatalf("in parts of %d: %d, %v; in one: %d, %v", int(size)%17+1, got, err, pass, verdict)
		}

		for rest := in[:pass]; ; {
			packet := firstPacket(rest)
			if packet == nil {
				break
			}
			if len(packet) > limit {
				t.Fatalf("a packet of %d bytes passed, the limit is %d", len(packet), limit)
			}
			if _, err := packets.ReadPacket(bytes.NewReader(packet)); err != nil {
				t.Fatalf("paho cannot read % x, which passed: %v", packet, err)
			}
			rest = rest[len(packet):]
		}
	})
}

// firstPacket returns nil if the first one is not complete.
func firstPacket(b []byte) []byte {
	length := 0
	for i := 1; i < len(b); i++ {
		length |= int(b[i]&0x7f) << (7 * (i - 1))
		if b[i]&0x80 == 0 {
			if len(b) < i+1+length {
				return nil
			}
			return b[:i+1+length]
		}
	}
	return nil
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// says reports whether err holds the text, or is nil if that is empty.
func says(err error, want string) bool {
	if want == "" {
		return err == nil
	}
	return err != nil && strings.Contains(err.Error(), want)
}

func TestRefusalIsFound(t *testing.T) {
	f := frames{max: 100}
	_, err := f.follow([]byte{0x20, 2, 0, 4})
	if !errors.Is(err, BadCredentials) {
		t.Errorf("%v is not BadCredentials", err)
	}
}
