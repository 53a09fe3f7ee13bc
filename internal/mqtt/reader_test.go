package mqtt

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/eclipse/paho.mqtt.golang/packets"
)

// all reads to the end, and returns copies of the packets in it.
func (r *reader) all() (list []packet, err error) {
	for {
		p, ok, err := r.next()
		switch {
		case err != nil:
			return list, err
		case ok:
			list = append(list, p.clone())
			continue
		}
		if err := r.fill(); err != nil {
			return list, err
		}
	}
}

// Packets that are larger than the buffer, lie across its end, or come byte by byte are read like others.
func TestReader(t *testing.T) {
	publish := func(size int) []byte {
		return appendPublish(nil, Message{Topic: "a", Payload: string(make([]byte, size))}, 0, 0)
	}
	tests := []struct {
		name    string
		packets [][]byte
	}{
		{"small ones", [][]byte{{0xd0, 0}, {0x40, 2, 0, 1}, publish(0), {0xd0, 0}}},
		{"one across the end of the buffer", [][]byte{publish(chunk - 100), publish(200), {0xd0, 0}}},
		{"a header across the end of the buffer", [][]byte{publish(chunk - 4 - 7 - 1), publish(200), {0xd0, 0}}},
		{"as large as the buffer", [][]byte{publish(chunk - 7), publish(chunk - 7), {0xd0, 0}}},
		{"larger ones", [][]byte{publish(chunk), {0xd0, 0}, publish(3 * chunk), publish(5 * chunk), {0xd0, 0}}},
	}
	streams := []struct {
		name string
		of   func(io.Reader) io.Reader
	}{
		{"whole", func(r io.Reader) io.Reader { return r }},
		{"in halves", iotest.HalfReader},
		{"byte by byte", iotest.OneByteReader},
		{"with the end", iotest.DataErrReader},
	}
	for _, tt := range tests {
		for _, stream := range streams {
			t.Run(tt.name+", "+stream.name, func(t *testing.T) {
				sent := append([][]byte{connack}, tt.packets...)
				r := newReader(stream.of(bytes.NewReader(bytes.Join(sent, nil))), 1<<20)
				got, err := r.all()
				if !errors.Is(err, io.EOF) || len(got) != len(sent) {
					t.Fatalf("%d packets of %d, and %v", len(got), len(sent), err)
				}
				for i, p := range got {
					header := len(sent[i]) - len(p.body)
					if p.first != sent[i][0] || !bytes.Equal(p.body, sent[i][header:]) {
						t.Errorf("packet %d is %#x % .20x, want % .20x", i, p.first, p.body, sent[i])
					}
				}
				if len(r.buffer) != chunk {
					t.Errorf("the buffer keeps %d bytes", len(r.buffer))
				}
			})
		}
	}
}

// Of what is too large neither the payload is kept, nor what follows lost, however long its topic is.
func TestReaderGoesPastWhatIsTooLarge(t *testing.T) {
	const limit = 100
	for _, topic := range []int{1, 50, 200, 65_535} {
		for _, payload := range []int{100, 1000, chunk - 5, chunk, 3*chunk + 17} {
			for qos := range byte(3) {
				m := Message{Topic: strings.Repeat("a", topic), Payload: strings.Repeat("x", payload)}
				large := appendPublish(nil, m, qos, 7)
				in := bytes.Join([][]byte{connack, {0xd0, 0}, large, {0xd0, 0}, large, {0x40, 2, 0, 9}}, nil)
				for name, stream := range map[string]io.Reader{
					"whole": bytes.NewReader(in), "halves": iotest.HalfReader(bytes.NewReader(in)), "bytes": iotest.OneByteReader(bytes.NewReader(in)),
				} {
					r := newReader(stream, limit)
					got, err := r.all()
					if len(got) != 6 || !errors.Is(err, io.EOF) || len(r.buffer) != chunk {
						t.Fatalf("%s: topic of %d, payload of %d, QoS %d: %d packets of 6, and %v; a buffer of %d", name, topic, payload, qos, len(got), err, len(r.buffer))
					}
					for i, p := range got {
						switch past := i == 2 || i == 4; {
						case past && (p.past != len(large) || string(p.topic()) != m.Topic || p.qos() != qos || p.publishID() != 7*min(uint16(qos), 1)):
							t.Fatalf("packet %d: %d bytes of %d, topic %.20q, QoS %d, identifier %d", i, p.past, len(large), p.topic(), p.qos(), p.publishID())
						case !past && p.past != 0:
							t.Fatalf("packet %d was read past", i)
						}
					}
				}
			}
		}
	}
}

// Whatever comes, the packets before the first fault are those that paho's codec reads.
func FuzzReader(f *testing.F) {
	f.Add([]byte{0x30, 4, 0, 1, 'a', 'x', 0x40, 2, 0, 1}, false)
	f.Add([]byte{0x32, 0x85, 0, 0, 1, 'a', 0, 7, 0xd0, 0}, true)
	f.Add([]byte{0x90, 4, 0, 1, 0, 0}, false)
	f.Add(append([]byte{0x32, 0xcf, 1, 0, 1, 'a', 0, 7}, make([]byte, 202)...), true)
	f.Add([]byte{0xd0, 0, 0x30, 0xff, 0xff, 0xff, 0xff, 0xff}, true)
	f.Fuzz(func(t *testing.T, data []byte, slow bool) {
		const limit = 200
		in := append(bytes.Clone(connack), data...)
		var stream io.Reader = bytes.NewReader(in)
		if slow {
			stream = iotest.OneByteReader(stream)
		}
		r := newReader(stream, limit)
		got, err := r.all()
		if err == nil || len(r.buffer) > chunk+10 { // the longest topic, and what is around it
			t.Fatalf("ended by %v with a buffer of %d", err, len(r.buffer))
		}
		theirs := bytes.NewReader(in)
		for _, p := range got {
			want, err := packets.ReadPacket(theirs)
			if err != nil {
				t.Fatalf("%#x % x: paho cannot read it: %v", p.first, p.body, err)
			}
			pub, ok := want.(*packets.PublishPacket)
			switch {
			case p.past > 0 && !ok:
				t.Fatalf("%#x: read past, which is no PUBLISH", p.first)
			case p.past > 0:
				if string(p.topic()) != pub.TopicName || p.qos() != pub.Qos || p.publishID() != pub.MessageID || p.past <= limit {
					t.Fatalf("read past %q at QoS %d with identifier %d, %d bytes; paho reads %v", p.topic(), p.qos(), p.publishID(), p.past, pub)
				}
			case ok:
				m, id := parsePublish(p)
				if m.Topic != pub.TopicName || m.Payload != string(pub.Payload) || m.QoS != pub.Qos || m.Retained != pub.Retain ||
					m.Duplicate != pub.Dup || id != pub.MessageID {
					t.Fatalf("read %+v with identifier %d, paho reads %v", m, id, pub)
				}
			}
		}
	})
}
