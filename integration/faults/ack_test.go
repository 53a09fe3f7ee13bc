package faults

import (
	"bytes"
	"slices"
	"testing"
)

// The packets of the test's client and server.
const (
	publishQoS0 = "\x30\x05\x00\x01tab"
	publishQoS1 = "\x32\x06\x00\x01t\x12\x34x"
	publishLong = "\x3a\x07\x00\x02tt\xab\xcdx" // a duplicate
	pubackHigh  = "\x40\x02\x12\x34"
	pubackLong  = "\x40\x02\xab\xcd"
	pingreq     = "\xc0\x00"
)

func TestAutoAck(t *testing.T) {
	l := newLine(t)
	l.proxy.AutoAck(true)
	client, server := l.connect()

	server.say(publishQoS0 + publishQoS1[:4])
	client.hears(publishQoS0 + publishQoS1[:4])
	server.silent() // not before the whole packet has been passed on
	server.say(publishQoS1[4:] + publishLong)
	client.hears(publishQoS1[4:] + publishLong)
	server.hears(pubackHigh + pubackLong)

	client.say(pingreq + pubackHigh + pubackLong[:3])
	server.hears(pingreq)
	client.say(pubackLong[3:] + pingreq)
	server.hears(pingreq)
	server.silent()
}

// FuzzPackets checks that the packets are the bytes of the stream, in whatever pieces the stream comes.
func FuzzPackets(f *testing.F) {
	f.Add([]byte(publishQoS0+publishQoS1+pubackHigh+pingreq), 3)
	f.Add([]byte("\x30\xff\xff\xff\xff\x01"), 1)
	f.Add([]byte("\x32\x03\x00\x09t"), 2)
	f.Add(append([]byte("\x32\x80\x01"), make([]byte, 128)...), 50)
	f.Fuzz(func(t *testing.T, stream []byte, size int) {
		var atOnce, pieces packets
		whole := atOnce.add(stream)
		var split [][]byte
		for piece := range slices.Chunk(stream, max(size, 1)) {
			for _, packet := range pieces.add(piece) {
				split = append(split, bytes.Clone(packet))
			}
		}
		if !slices.EqualFunc(whole, split, bytes.Equal) || !bytes.Equal(atOnce.rest, pieces.rest) {
			t.Errorf("%q: at once %q and %q, in pieces of %d %q and %q", stream, whole, atOnce.rest, size, split, pieces.rest)
		}
		if all := slices.Concat(slices.Concat(whole...), atOnce.rest); !bytes.Equal(all, stream) {
			t.Errorf("%q became %q", stream, all)
		}
		for _, packet := range whole {
			if id := needsAck(packet); id != nil && !bytes.Contains(packet, id) {
				t.Errorf("%q is acknowledged as %q", packet, id)
			}
		}
	})
}
