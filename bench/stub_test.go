package bench

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"testing"

	"github.com/eclipse/paho.mqtt.golang/packets"
)

const (
	window = 512 // messages that are under way at the same time
	size   = 100 // size of a payload in bytes
)

// stub is a broker for one client. It sends messages as fast as they come back, many with one system call, and
// acknowledges what comes, many at a time, too.
type stub struct {
	net.Listener
	qos        byte
	subscribed chan struct{} // closed when the client has subscribed
	conn       net.Conn
	in         *bufio.Reader
	out        *bufio.Writer
	err        error // error before the client had subscribed
}

func newStub(b *testing.B, qos byte) *stub {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	s := &stub{Listener: l, qos: qos, subscribed: make(chan struct{})}
	go func() {
		defer close(s.subscribed)
		s.err = s.welcome()
	}()
	b.Cleanup(func() {
		l.Close()
		<-s.subscribed
		if s.conn != nil {
			s.conn.Close()
		}
	})
	return s
}

func (s *stub) address() string { return s.Addr().String() }

// welcome answers a CONNECT and a SUBSCRIBE.
func (s *stub) welcome() (err error) {
	if s.conn, err = s.Accept(); err != nil {
		return err
	}
	s.in, s.out = bufio.NewReaderSize(s.conn, 1<<16), bufio.NewWriterSize(s.conn, 1<<16)
	if _, err := packets.ReadPacket(s.in); err != nil {
		return err
	}
	if _, err := s.conn.Write([]byte{packets.Connack << 4, 2, 0, 0}); err != nil {
		return err
	}
	packet, err := packets.ReadPacket(s.in)
	if err != nil {
		return err
	}
	subscribe, ok := packet.(*packets.SubscribePacket)
	if !ok {
		return fmt.Errorf("the client sends %v, want SUBSCRIBE", packet)
	}
	_, err = s.conn.Write([]byte{packets.Suback << 4, 3, byte(subscribe.MessageID >> 8), byte(subscribe.MessageID), s.qos})
	return err
}

// feed sends n messages, and returns when all of them have come back and the client has acknowledged them.
func (s *stub) feed(n int) error {
	if s.err != nil {
		return s.err
	}
	message := s.message()
	identifier := message[len(message)-size-2:]
	sent, relayed, acknowledged := 0, 0, 0
	if s.qos == 0 {
		acknowledged = n
	}
	for relayed < n || acknowledged < n {
		for ; sent < n && sent < relayed+window; sent++ {
			if s.qos > 0 {
				binary.BigEndian.PutUint16(identifier, uint16(sent%(1<<15)+1))
			}
			_, _ = s.out.Write(message) // an error is returned by Flush
		}
		if err := s.out.Flush(); err != nil {
			return err
		}
		for first := true; first || s.in.Buffered() > 0; first = false {
			kind, err := s.take()
			if err != nil {
				return err
			}
			switch kind {
			case packets.Publish:
				relayed++
			case packets.Puback:
				acknowledged++
			}
		}
	}
	return s.out.Flush()
}

// message returns a command, with room for its identifier before the payload.
func (s *stub) message() []byte {
	length := 2 + len(command) + size
	if s.qos > 0 {
		length += 2
	}
	packet := []byte{packets.Publish<<4 | s.qos<<1, byte(length)&127 | 128, byte(length >> 7), 0, byte(len(command))}
	packet = append(packet, command...)
	return append(packet, make([]byte, 3+length-len(packet))...)
}

// take reads a packet, adds its acknowledgement to the output and returns the packet's type.
func (s *stub) take() (kind byte, err error) {
	head, err := s.in.Peek(4) // No packet is shorter.
	if err != nil {
		return 0, err
	}
	length, start := int(head[1]), 2
	if length > 127 {
		length, start = length&127|int(head[2])<<7, 3
	}
	packet, err := s.in.Peek(start + length)
	if err != nil {
		return 0, err
	}
	if kind = packet[0] >> 4; kind == packets.Publish && packet[0]&6 != 0 {
		identifier := start + 2 + int(packet[start])<<8 + int(packet[start+1])
		if len(packet) < identifier+2 {
			return 0, errors.New("the client publishes without an identifier")
		}
		_, err = s.out.Write([]byte{packets.Puback << 4, 2, packet[identifier], packet[identifier+1]})
	}
	_, _ = s.in.Discard(len(packet))
	return kind, err
}
