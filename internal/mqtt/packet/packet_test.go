package packet

import (
	"bytes"
	"cmp"
	"errors"
	"testing"

	"github.com/mqttgateway/mqttgateway/internal/mqtt"
	"github.com/mqttgateway/mqttgateway/internal/wording"
)

var connack = []byte{0x20, 2, 0, 0}

// The number of packets that are read before the error, for packets that a broker may send and for others.
func TestPackets(t *testing.T) {
	const limit = 300
	large := func(payload int) []byte { // a PUBLISH of 7 bytes and the payload, with a remaining length of 2 bytes
		return append([]byte{0x30, byte(payload+3)&0x7f | 0x80, byte((payload + 3) >> 7), 0, 1, 'a'}, make([]byte, payload)...)
	}
	tests := []struct {
		name string
		in   []byte // after a CONNACK
		read int
		err  string // part of it; "": the end of the stream
	}{
		{"nothing", nil, 0, ""},
		{"PUBACK", []byte{0x40, 2, 0, 1}, 1, ""},
		{"half a PUBACK", []byte{0x40, 2, 0}, 0, ""},
		{"PUBACK too short", []byte{0x40, 1, 0}, 0, "remaining length of 1, want 2"},
		{"PUBACK too long", []byte{0x40, 3, 0, 1, 0}, 0, "remaining length of 3, want 2"},
		{"PUBACK of 256 MB", []byte{0x40, 0xff, 0xff, 0xff, 0x7f}, 0, "remaining length of 268435455, want 2"},
		{"PINGRESP", []byte{0xd0, 0, 0xd0, 0}, 2, ""},
		{"SUBACK with one code", []byte{0x90, 3, 0, 1, 0x80}, 1, ""},
		{"SUBACK with two codes", []byte{0x90, 4, 0, 1, 0, 0}, 0, "remaining length of 4, want 3"},
		{"SUBACK without a code", []byte{0x90, 2, 0, 1}, 0, "remaining length of 2, want 3"},
		{"PUBLISH", []byte{0x30, 4, 0, 1, 'a', 'x'}, 1, ""},
		{"PUBLISH with an empty payload", []byte{0x30, 3, 0, 1, 'a'}, 1, ""},
		{"PUBLISH at QoS 1", []byte{0x32, 5, 0, 1, 'a', 0, 7}, 1, ""},
		{"PUBLISH with the identifier 0", []byte{0x32, 5, 0, 1, 'a', 0, 0}, 0, "PUBLISH with the identifier 0"},
		{"PUBLISH at QoS 1 without identifier", []byte{0x32, 3, 0, 1, 'a'}, 0, "remaining length of 3, want 4"},
		{"PUBLISH at QoS 1 with half an identifier", []byte{0x32, 4, 0, 1, 'a', 0}, 0, "with a topic of 1"},
		{"PUBLISH at QoS 3", []byte{0x36, 5, 0, 1, 'a', 0, 7}, 0, "QoS 3"},
		{"PUBLISH without a topic's length", []byte{0x30, 1, 0}, 0, "want 2"},
		{"PUBLISH with a topic that is cut", []byte{0x30, 3, 0, 2, 'a'}, 0, "with a topic of 2"},
		{"PUBLISH as large as allowed", large(294), 1, ""},
		{"PUBLISH a byte larger", append(large(295), 0xd0, 0), 2, ""},
		{"PUBLISH larger, with a topic that is cut", []byte{0x30, 0xff, 2, 1, 0x80}, 0, "with a topic of 384"},
		{"PUBLISH larger, with the identifier 0", append([]byte{0x32, 0xff, 2, 0, 1, 'a', 0, 0}, make([]byte, 400)...), 0, "identifier 0"},
		{"length of five bytes", []byte{0x30, 0x80, 0x80, 0x80, 0x80, 1}, 0, "more than 4 bytes"},
		{"DISCONNECT, as some brokers send", []byte{0xe0, 0}, 1, ""},
		{"a DISCONNECT that is too large", []byte{0xe0, 0xff, 0xff, 3}, 0, "DISCONNECT of 65539 bytes is larger than the limit of 300"},
		{"type 0", []byte{0, 0}, 0, "type 0"},
		{"type 15", []byte{0xf0, 0}, 0, "type 15"},
		{"CONNECT", []byte{0x10, 0}, 0, "type 1"},
		{"the second of two", []byte{0xd0, 0, 0x82, 0}, 1, "type 8"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := NewReader(bytes.NewReader(append(bytes.Clone(connack), tt.in...)), limit)
			got, err := r.all()
			if len(got) != 1+tt.read || !wording.Says(err, cmp.Or(tt.err, "EOF")) {
				t.Errorf("% x: %d packets, %v; want %d, %q", tt.in, len(got)-1, err, tt.read, tt.err)
			}
		})
	}
}

func TestConnack(t *testing.T) {
	tests := []struct {
		name string
		in   []byte
		err  string
	}{
		{"accepted", []byte{0x20, 2, 1, 0}, "EOF"},
		{"not authorized", []byte{0x20, 2, 0, 5}, "not authorized (code 5)"},
		{"a code that paho does not know", []byte{0x20, 2, 0, 6}, "unknown reason (code 6)"},
		{"refused by MQTT 5", []byte{0x20, 3, 0, 0x84, 0}, "(code 132)"},
		{"accepted by MQTT 5", []byte{0x20, 3, 0, 0, 0}, "remaining length of 3, want 2"},
		{"too short", []byte{0x20, 1, 0}, "remaining length of 1"},
		{"too large", []byte{0x20, 0xff, 1}, "CONNACK of 258 bytes is larger than the limit of 100"},
		{"no CONNACK first", []byte{0xd0, 0}, "first packet has type 13"},
		{"not MQTT", []byte("SSH-2.0"), "first packet has type 5"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := NewReader(bytes.NewReader(tt.in), 100).all()
			if !wording.Says(err, tt.err) {
				t.Errorf("% x: %v, want %q", tt.in, err, tt.err)
			}
		})
	}
}

func TestRefusalIsFound(t *testing.T) {
	_, err := NewReader(bytes.NewReader([]byte{0x20, 2, 0, 4}), 100).all()
	if !errors.Is(err, mqtt.BadCredentials) {
		t.Errorf("%v is not mqtt.BadCredentials", err)
	}
}
