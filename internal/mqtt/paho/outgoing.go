package paho

import (
	"encoding/binary"

	"github.com/mqttgateway/mqttgateway/internal/mqtt/liveness"
	"github.com/mqttgateway/mqttgateway/internal/mqtt/packet"
)

// pendingFor returns what must be remembered of a packet that paho has written; ok is false if the packet needs no
// answer. The packet is well-formed and whole.
func pendingFor(b []byte) (p liveness.Pending, ok bool) {
	p.Kind = b[0] >> 4
	_, n := binary.Uvarint(b[1:])
	body := b[1+n:]
	text := func(at int) string { return string(body[at+2 : at+2+int(binary.BigEndian.Uint16(body[at:]))]) }
	switch p.Kind {
	case packet.Publish:
		if b[0]>>1&3 == 0 {
			return liveness.Pending{}, false
		}
		p.What = text(0)
		p.ID = binary.BigEndian.Uint16(body[2+len(p.What):])
	case packet.Subscribe, packet.Unsubscribe:
		p.ID, p.What = binary.BigEndian.Uint16(body), text(2)
	case packet.Pubrec:
		p.ID = binary.BigEndian.Uint16(body)
	case packet.Pingreq:
	default:
		return liveness.Pending{}, false
	}
	return p, true
}
