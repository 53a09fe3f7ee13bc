package packet

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/eclipse/paho.mqtt.golang/packets"
)

// all reads until the end, and returns copies of the packets.
func (r *Reader) all() (list []Packet, err error) {
	for {
		p, ok, err := r.Next()
		switch {
		case err != nil:
			return list, err
		case ok:
			list = append(list, p.clone())
			continue
		}
		if err := r.Fill(); err != nil {
			return list, err
		}
	}
}

// published returns a PUBLISH as paho's codec encodes it.
func published(topic string, size int, qos byte, id uint16) []byte {
	p := packets.NewControlPacket(packets.Publish).(*packets.PublishPacket)
	p.TopicName, p.Payload, p.Qos, p.MessageID = topic, make([]byte, size), qos, id
	var b bytes.Buffer
	_ = p.Write(&b) // writing to memory does not fail
	return b.Bytes()
}

// Packets that are larger than the buffer, cross its end, or come byte by byte are read like others.
func TestReader(t *testing.T) {
	publish := func(size int) []byte { return published("a", size, 0, 0) }
	tests := []struct {
		name    string
		packets [][]byte
	}{
		{"small ones", [][]byte{{0xd0, 0}, {0x40, 2, 0, 1}, publish(0), {0xd0, 0}}},
		{"one across the end of the buffer", [][]byte{publish(bufferSize - 100), publish(200), {0xd0, 0}}},
		{"a header across the end of the buffer", [][]byte{publish(bufferSize - 4 - 7 - 1), publish(200), {0xd0, 0}}},
		{"as large as the buffer", [][]byte{publish(bufferSize - 7), publish(bufferSize - 7), {0xd0, 0}}},
		{"larger ones", [][]byte{publish(bufferSize), {0xd0, 0}, publish(3 * bufferSize), publish(5 * bufferSize), {0xd0, 0}}},
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
				r := NewReader(stream.of(bytes.NewReader(bytes.Join(sent, nil))), 1<<20)
				got, err := r.all()
				if !errors.Is(err, io.EOF) || len(got) != len(sent) {
					t.Fatalf("%d packets of %d, and %v", len(got), len(sent), err)
				}
				for i, p := range got {
					header := len(sent[i]) - len(p.Body)
					if p.First != sent[i][0] || !bytes.Equal(p.Body, sent[i][header:]) {
						t.Errorf("packet %d is %#x % .20x, want % .20x", i, p.First, p.Body, sent[i])
					}
				}
				if len(r.buffer) != bufferSize {
					t.Errorf("the buffer keeps %d bytes", len(r.buffer))
				}
			})
		}
	}
}

// Of a packet that is too large, the payload is not kept, and the packets after it are not lost, however long its topic
// is.
func TestReaderGoesPastWhatIsTooLarge(t *testing.T) {
	const limit = 100
	for _, topic := range []int{1, 50, 200, 65_535} {
		for _, payload := range []int{100, 1000, bufferSize - 5, bufferSize, 3*bufferSize + 17} {
			for qos := range byte(3) {
				topic := strings.Repeat("a", topic)
				large := published(topic, payload, qos, 7)
				in := bytes.Join([][]byte{connack, {0xd0, 0}, large, {0xd0, 0}, large, {0x40, 2, 0, 9}}, nil)
				for name, stream := range map[string]io.Reader{
					"whole": bytes.NewReader(in), "halves": iotest.HalfReader(bytes.NewReader(in)), "bytes": iotest.OneByteReader(bytes.NewReader(in)),
				} {
					r := NewReader(stream, limit)
					got, err := r.all()
					if len(got) != 6 || !errors.Is(err, io.EOF) || len(r.buffer) != bufferSize {
						t.Fatalf("%s: topic of %d, payload of %d, QoS %d: %d packets of 6, and %v; a buffer of %d", name, len(topic), payload, qos, len(got), err, len(r.buffer))
					}
					for i, p := range got {
						switch past := i == 2 || i == 4; {
						case past && (p.Past != len(large) || string(p.Topic()) != topic || p.QoS() != qos || p.PublishID() != 7*min(uint16(qos), 1)):
							t.Fatalf("packet %d: %d bytes of %d, topic %.20q, QoS %d, identifier %d", i, p.Past, len(large), p.Topic(), p.QoS(), p.PublishID())
						case !past && p.Past != 0:
							t.Fatalf("packet %d was read past", i)
						}
					}
				}
			}
		}
	}
}

// Whatever bytes come, the packets before the first fault are those that paho's codec reads.
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
		r := NewReader(stream, limit)
		got, err := r.all()
		if err == nil || len(r.buffer) > bufferSize+10 { // room for the longest topic and the bytes around it
			t.Fatalf("ended by %v with a buffer of %d", err, len(r.buffer))
		}
		theirs := bytes.NewReader(in)
		for _, p := range got {
			want, err := packets.ReadPacket(theirs)
			if err != nil {
				t.Fatalf("%#x % x: paho cannot read it: %v", p.First, p.Body, err)
			}
			pub, ok := want.(*packets.PublishPacket)
			switch {
			case p.Past > 0 && !ok:
				t.Fatalf("%#x: read past, which is no PUBLISH", p.First)
			case p.Past > 0:
				if string(p.Topic()) != pub.TopicName || p.QoS() != pub.Qos || p.PublishID() != pub.MessageID || p.Past <= limit {
					t.Fatalf("read past %q at QoS %d with identifier %d, %d bytes; paho reads %v", p.Topic(), p.QoS(), p.PublishID(), p.Past, pub)
				}
			case ok:
				if string(p.Topic()) != pub.TopicName || p.QoS() != pub.Qos || p.PublishID() != pub.MessageID || !bytes.HasSuffix(p.Body, pub.Payload) {
					t.Fatalf("read %q at QoS %d with identifier %d, paho reads %v", p.Topic(), p.QoS(), p.PublishID(), pub)
				}
			}
		}
	})
}
