package faults

// Types of MQTT 3.1.1 packets (the upper half of the first byte, section 2.2.1), and the bits of a PUBLISH's lower half
// that hold its QoS (section 3.3.1).
const (
	publish = 3
	puback  = 4
	qosBits = 0b0110
	qos1    = 0b0010
)

// acknowledge makes the relay acknowledge messages in place of the client.
func (r *relay) acknowledge() {
	var down, up packets
	r.down.passed = func(data []byte) {
		for _, packet := range down.add(data) {
			if id := needsAck(packet); id != nil {
				r.up.pass([]byte{puback << 4, 2, id[0], id[1]})
			}
		}
	}
	r.up.inspect = func(data []byte) (rest []byte) {
		for _, packet := range up.add(data) {
			if packet[0]>>4 != puback {
				rest = append(rest, packet...)
			}
		}
		return rest
	}
}

// needsAck returns the identifier of a PUBLISH of QoS 1, and nil for any other packet.
func needsAck(packet []byte) []byte {
	if packet[0]>>4 != publish || packet[0]&qosBits != qos1 {
		return nil
	}
	_, head := length(packet)
	if len(packet) < head+2 {
		return nil
	}
	topic := int(packet[head])<<8 | int(packet[head+1])
	if at := head + 2 + topic; at+2 <= len(packet) {
		return packet[at : at+2]
	}
	return nil
}

// packets cuts a stream of bytes into MQTT packets.
type packets struct{ rest []byte }

// add takes the next bytes of the stream, and returns the packets that they complete.
func (p *packets) add(data []byte) (whole [][]byte) {
	p.rest = append(p.rest, data...)
	for {
		n, head := length(p.rest)
		if head == 0 || len(p.rest) < head+n {
			return whole
		}
		whole = append(whole, p.rest[:head+n:head+n])
		p.rest = p.rest[head+n:]
	}
}

// length reads a fixed header (section 2.2). It returns the number of bytes that follow the header, and the length of
// the header, which is 0 if the header is incomplete.
func length(packet []byte) (n, head int) {
	for i := 1; i < min(len(packet), 5); i++ {
		n |= int(packet[i]&0x7f) << (7 * (i - 1))
		if packet[i]&0x80 == 0 {
			return n, i + 1
		}
	}
	return 0, 0
}
