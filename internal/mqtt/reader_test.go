package mqtt

import (
	"bytes"
	"errors"
	"io"
	"testing"
	"testing/iotest"

	"github.com/eclipse/paho.mqtt.golang/packets"
)

// all reads to the end, and returns copies of the packets in it.
func (r *reader) all() (list [][]byte, err error) {
	for {
		p, ok := r.next()
		if !ok {
			if err := r.fill(); err != nil {
				return list, err
			}
			continue
		}
		list = append(list, append([]byte{p.first}, p.body...))
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
					header := len(sent[i]) - (len(p) - 1)
					if p[0] != sent[i][0] || !bytes.Equal(p[1:], sent[i][header:]) {
						t.Errorf("packet %d is % .20x, want % .20x", i, p, sent[i])
					}
				}
				if len(r.buffer) != chunk {
					t.Errorf("the buffer keeps %d bytes", len(r.buffer))
				}
			})
		}
	}
}

func TestReaderAllocatesNothingForWhatIsTooLarge(t *testing.T) {
	r := newReader(bytes.NewReader([]byte{0x20, 2, 0, 0, 0x30, 0xff, 0xff, 0xff, 0x7f, 0, 1, 'a'}), 1<<20)
	if got, err := r.all(); len(got) != 1 || !says(err, "larger than the limit") {
		t.Errorf("%d packets, and %v", len(got), err)
	}
	if len(r.buffer) != chunk {
		t.Errorf("the buffer has %d bytes", len(r.buffer))
	}
}

// Whatever comes, the packets before the first fault are those that paho's codec reads.
func FuzzReader(f *testing.F) {
	f.Add([]byte{0x30, 4, 0, 1, 'a', 'x', 0x40, 2, 0, 1}, false)
	f.Add([]byte{0x32, 0x85, 0, 0, 1, 'a', 0, 7, 0xd0, 0}, true)
	f.Add([]byte{0x90, 4, 0, 1, 0, 0}, false)
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
		if err == nil || len(r.buffer) != chunk {
			t.Fatalf("ended by %v with a buffer of %d", err, len(r.buffer))
		}
		theirs := bytes.NewReader(in)
		for _, p := range got {
			want, err := packets.ReadPacket(theirs)
			if err != nil {
				t.Fatalf("% x: paho cannot read it: %v", p, err)
			}
			pub, ok := want.(*packets.PublishPacket)
			if !ok {
				continue
			}
			m, id := parsePublish(packet{p[0], p[1:]})
			if m.Topic != pub.TopicName || m.Payload != string(pub.Payload) || m.QoS != pub.Qos || m.Retained != pub.Retain ||
				m.Duplicate != pub.Dup || id != pub.MessageID {
				t.Fatalf("read %+v with identifier %d, paho reads %v", m, id, pub)
			}
		}
	})
}
