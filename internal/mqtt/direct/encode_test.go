package direct

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/eclipse/paho.mqtt.golang/packets"

	"github.com/mqttgateway/mqttgateway/internal/mqtt"
	"github.com/mqttgateway/mqttgateway/internal/mqtt/contract"
	"github.com/mqttgateway/mqttgateway/internal/mqtt/packet"
)

func TestPublishPacket(t *testing.T) {
	tests := []struct {
		name string
		m    mqtt.Message
		id   uint16
	}{
		{"QoS 0", mqtt.Message{Topic: "a/b", Payload: "x"}, 0},
		{"QoS 1", mqtt.Message{Topic: "a/b", Payload: "x", QoS: 1}, 0x1234},
		{"QoS 2, as it may arrive", mqtt.Message{Topic: "a", Payload: "x", QoS: 2}, 65535},
		{"retained", mqtt.Message{Topic: "a", Payload: "x", Retained: true}, 0},
		{"no payload", mqtt.Message{Topic: "a", Payload: "", QoS: 1, Retained: true}, 1},
		{"not ASCII", mqtt.Message{Topic: "Küche/☃", Payload: "\x00\xff"}, 0},
		{"length of two bytes", mqtt.Message{Topic: "a", Payload: string(make([]byte, 125))}, 0},
		{"65_535 topic, length of three bytes", mqtt.Message{Topic: strings.Repeat("x", 65535), Payload: string(make([]byte, 16000)), QoS: 1}, 2},
		{"length of four bytes", mqtt.Message{Topic: "a", Payload: string(make([]byte, 3_000_000))}, 0},
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
		samePublish(t, mqtt.Message{Topic: topic, Payload: payload, QoS: qos % 3, Retained: retained}, id)
	})
}

// samePublish encodes and decodes m, and compares both results with those of paho's codec.
func samePublish(t *testing.T, m mqtt.Message, id uint16) {
	t.Helper()
	ours := appendPublish([]byte("before"), m, m.QoS, id)[len("before"):]
	p := packets.NewControlPacket(packets.Publish).(*packets.PublishPacket)
	p.TopicName, p.Payload, p.Qos, p.Retain, p.MessageID = m.Topic, []byte(m.Payload), m.QoS, m.Retained, id
	if theirs := encoded(p); !bytes.Equal(ours, theirs) {
		t.Fatalf("written % .60x, by paho % .60x", ours, theirs)
	}

	ours[0] |= flagDuplicate
	got, gotID := parsePublish(firstOf(t, ours))
	clear(ours) // The decoded message must not depend on the buffer.
	if m.QoS == 0 {
		id = 0
	}
	if got.Topic != m.Topic || got.Payload != m.Payload || got.QoS != m.QoS ||
		got.Retained != m.Retained || !got.Duplicate || gotID != id {
		t.Errorf("read %.60q % .60x, QoS %d, retained %t, duplicate %t, identifier %d; want %.60q % .60x, %d, %t, true, %d",
			got.Topic, got.Payload, got.QoS, got.Retained, got.Duplicate, gotID, m.Topic, m.Payload, m.QoS, m.Retained, id)
	}
}

// encoded returns p as paho's codec encodes it.
func encoded(p packets.ControlPacket) []byte {
	var b bytes.Buffer
	_ = p.Write(&b) // writing to memory does not fail
	return b.Bytes()
}

func TestConnectPacket(t *testing.T) {
	for _, o := range []mqtt.Options{
		{ClientID: "me", CleanSession: true},
		{ClientID: "me", KeepAlive: 65535 * time.Second, Username: "user"},
		{ClientID: "me", KeepAlive: time.Minute, Username: "user", Password: "s3cret", CleanSession: true},
		{ClientID: "me", Will: &mqtt.Message{Topic: "a/b", Payload: "gone"}},
		{ClientID: strings.Repeat("me", 100), Username: "user", Password: "s3cret", Will: &mqtt.Message{Topic: "Küche", QoS: 2, Retained: true}},
	} {
		p := packets.NewControlPacket(packets.Connect).(*packets.ConnectPacket)
		p.ProtocolName, p.ProtocolVersion, p.CleanSession, p.Keepalive, p.ClientIdentifier = "MQTT", 4, o.CleanSession, uint16(o.KeepAlive/time.Second), o.ClientID
		if w := o.Will; w != nil {
			p.WillFlag, p.WillTopic, p.WillMessage, p.WillQos, p.WillRetain = true, w.Topic, []byte(w.Payload), w.QoS, w.Retained
		}
		p.UsernameFlag, p.Username = o.Username != "", o.Username
		p.PasswordFlag, p.Password = o.Password != "", []byte(o.Password)
		if ours, theirs := appendConnect(nil, o), encoded(p); !bytes.Equal(ours, theirs) {
			t.Errorf("%+v: written % x, by paho % x", o, ours, theirs)
		}
	}
}

func TestSubscribePackets(t *testing.T) {
	for _, filters := range [][]string{{"a"}, {"home/+/#", "Küche", strings.Repeat("a/", 100)}} {
		sub := packets.NewControlPacket(packets.Subscribe).(*packets.SubscribePacket)
		sub.MessageID, sub.Topics, sub.Qoss = 0x0102, filters[:1], []byte{1}
		if ours, theirs := appendSubscribe(nil, 0x0102, mqtt.Filter{Topic: filters[0], QoS: 1}), encoded(sub); !bytes.Equal(ours, theirs) {
			t.Errorf("%q: written % x, by paho % x", filters[0], ours, theirs)
		}
		unsub := packets.NewControlPacket(packets.Unsubscribe).(*packets.UnsubscribePacket)
		unsub.MessageID, unsub.Topics = 0x0102, filters
		if ours, theirs := appendUnsubscribe(nil, 0x0102, filters), encoded(unsub); !bytes.Equal(ours, theirs) {
			t.Errorf("%q: written % x, by paho % x", filters, ours, theirs)
		}
	}
}

// firstOf reads the first packet in b with a Reader.
func firstOf(t *testing.T, b []byte) packet.Packet {
	t.Helper()
	r := packet.NewReader(bytes.NewReader(append(bytes.Clone(contract.Connack), b...)), mqtt.LargestPacket)
	for skipped := false; ; {
		p, ok, _ := r.Next()
		switch {
		case ok && skipped:
			return p
		case ok:
			skipped = true
		default:
			if err := r.Fill(); err != nil {
				t.Fatalf("reading % .60x: %v", b, err)
			}
		}
	}
}
