package faults

import (
	"io"
	"testing"
)

func TestEdit(t *testing.T) {
	l := newLine(t)
	connections := 0
	l.proxy.Edit(Down, func() Editor {
		connections++
		acks := 0
		return func(packet []byte) ([]byte, bool) {
			if packet[0]>>4 != puback {
				return packet, false
			}
			switch acks++; acks {
			case 1:
				return nil, false
			case 2:
				return append(packet, pingreq...), false
			}
			return []byte(publishQoS0), true
		}
	})
	client, server := l.connect()
	server.say(pubackHigh[:1])
	server.say(pubackHigh[1:] + publishQoS1 + pubackLong)
	client.hears(publishQoS1 + pubackLong + pingreq)
	client.say(pubackHigh)
	server.hears(pubackHigh) // the other direction has no editor
	server.say(pubackHigh + publishQoS1)
	client.hears(publishQoS0)
	client.ends(io.EOF)
	server.ends(io.EOF)
	if connections != 1 {
		t.Errorf("%d editors for one connection", connections)
	}
}
