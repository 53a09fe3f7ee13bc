package mqtt

import (
	"bytes"
	"strings"
	"testing"

	"github.com/eclipse/paho.mqtt.golang/packets"
)

func TestPublishPacket(t *testing.T) {
	tests := []struct {
		name string
		m    Message
		id   uint16
	}{
		{"QoS 0", Message{Topic: "a/b", Payload: "x"}, 0},
		{"QoS 1", Message{Topic: "a/b", Payload: "x", QoS: 1}, 0x1234},
		{"QoS 2, as it may arrive", Message{Topic: "a", Payload: "x", QoS: 2}, 65535},
		{"retained", Message{Topic: "a", Payload: "x", Retained: true}, 0},
		{"no payload", Message{Topic: "a", Payload: "", QoS: 1, Retained: true}, 1},
		{"not ASCII", Message{Topic: "Küche/☃", Payload: "\x00\xff"}, 0},
		{"length of two bytes", Message{Topic: "a", Payload: string(make([]byte, 125))}, 0},
		{"65_535 topic, length of three bytes", Message{Topic: strings.Repeat("x", 65535), Payload: string(make([]byte, 16000)), QoS: 1}, 2},
		{"length of four bytes", Message{Topic: "a", Payload: string(make([]byte, 3_000_000))}, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { samePublish(t, tt.m, tt.id) })
	}
}

func FuzzPublishPacket(f *testing.F) {
	f.Add("a/b", "x", uint8(1), uint16(7), true)
	f.Add("", "", uint8(0), uint16(0), false)
	f.Fuzz(func(t *testing.T, topic string, payload string, qos uint8, id uint16, retained bool) {
		if len(topic) > 65_535 {
			return
		}
		samePublish(t, Message{Topic: topic, Payload: payload, QoS: qos % 3, Retained: retained}, id)
	})
}

// samePublish writes and reads m, and wants it to be what paho's codec writes and reads.
func samePublish(t *testing.T, m Message, id uint16) {
	t.Helper()
	ours := appendPublish([]byte("before"), m, m.QoS, id)[len("before"):]
	p := packets.NewControlPacket(packets.Publish).(*packets.PublishPacket)
	p.TopicName, p.Payload, p.Qos, p.Retain, p.MessageID = m.Topic, []byte(m.Payload), m.QoS, m.Retained, id
	if theirs := encoded(p); !bytes.Equal(ours, theirs) {
		t.Fatalf("written % .60x, by paho % .60x", ours, theirs)
	}

	ours[0] |= flagDuplicate
	got, gotID := parsePublish(firstOf(t, ours))
	clear(ours) // The message is its receiver's own.
	if m.QoS == 0 {
		id = 0
	}
	if got.Topic != m.Topic || got.Payload != m.Payload || got.QoS != m.QoS ||
		got.Retained != m.Retained || !got.Duplicate || gotID != id {
		t.Errorf("read %.60q % .60x, QoS %d, retained %t, duplicate %t, identifier %d; want %.60q % .60x, %d, %t, true, %d",
			got.Topic, got.Payload, got.QoS, got.Retained, got.Duplicate, gotID, m.Topic, m.Payload, m.QoS, m.Retained, id)
	}
}

// firstOf reads the first packet of a broker's stream.
func firstOf(t *testing.T, b []byte) packet {
	t.Helper()
	r := newReader(bytes.NewReader(append(bytes.Clone(connack), b...)), largest)
	for skipped := false; ; {
		p, ok, _ := r.next()
		switch {
		case ok && skipped:
			return p
		case ok:
			skipped = true
		default:
			if err := r.fill(); err != nil {
				t.Fatalf("reading % .60x: %v", b, err)
			}
		}
	}
}
