package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/eclipse/paho.mqtt.golang/packets"
)

// link is the driver's connection with the broker. It sends numbered commands and receives the statuses, on one
// goroutine.
type link struct {
	socket
	packets    [][]byte // commands, by number
	identifier int      // offset of the identifier in a packet; 0 at QoS 0
	latest     uint16   // the identifier used last

	out     []byte                  // packets to write, until flush
	in      []byte                  // buffer
	filled  int                     // number of valid bytes in in
	pending [sequence]time.Duration // when each command was due, by number; 0: it is answered
	count   int                     // number of commands in pending
	lost    int                     // number of commands that were never answered
	clock   time.Time
	read    time.Duration // when receive has last read
}

// answered is called when the status of a command has come, with the time at which the command was due.
type answered func(seq int, due time.Duration)

// connect connects to the broker, and subscribes to the statuses below root. Commands are sent with the given sender
// and kind.
func connect(address, root string, qos byte, sender, kind string) (*link, error) {
	s, err := dial(address)
	if err != nil {
		return nil, err
	}
	l := &link{socket: s, in: make([]byte, 1<<16), clock: time.Now()}
	if err := l.begin("driver-"+root, statuses(root), qos); err != nil {
		_ = l.Close()
		return nil, fmt.Errorf("driver: %w", err)
	}
	for seq := range sequence {
		var packet []byte
		packet, l.identifier = publication(topic(root, seq, sender, kind), payload(seq), qos)
		l.packets = append(l.packets, packet)
	}
	return l, nil
}

// begin sends CONNECT and SUBSCRIBE, and reads the answers.
func (s socket) begin(client, filter string, qos byte) error {
	hello := packets.NewControlPacket(packets.Connect).(*packets.ConnectPacket)
	hello.ProtocolName, hello.ProtocolVersion, hello.CleanSession = "MQTT", 4, true
	hello.ClientIdentifier = client
	if err := hello.Write(s); err != nil {
		return err
	}
	answer, err := packets.ReadPacket(s)
	if err != nil {
		return err
	}
	if ack, ok := answer.(*packets.ConnackPacket); !ok || ack.ReturnCode != 0 {
		return fmt.Errorf("the broker answers CONNECT with %v", answer)
	}
	subscribe := packets.NewControlPacket(packets.Subscribe).(*packets.SubscribePacket)
	subscribe.MessageID, subscribe.Topics, subscribe.Qoss = 1, []string{filter}, []byte{qos}
	if err := subscribe.Write(s); err != nil {
		return err
	}
	if answer, err = packets.ReadPacket(s); err != nil {
		return err
	}
	if ack, ok := answer.(*packets.SubackPacket); !ok || len(ack.ReturnCodes) != 1 || ack.ReturnCodes[0] != qos {
		return fmt.Errorf("the broker answers SUBSCRIBE with %v", answer)
	}
	return nil
}

// now returns the time on the driver's clock, which is never 0.
func (l *link) now() time.Duration { return time.Since(l.clock) }

// command adds command seq to the packets to write. It is, or was, due at due.
func (l *link) command(seq int, due time.Duration) {
	if l.pending[seq] != 0 {
		l.lost++
	} else {
		l.count++
	}
	l.pending[seq] = due
	start := len(l.out)
	l.out = append(l.out, l.packets[seq]...)
	if l.identifier > 0 {
		if l.latest++; l.latest == 0 {
			l.latest = 1
		}
		binary.BigEndian.PutUint16(l.out[start+l.identifier:], l.latest)
	}
}

// flush writes all packets that command has added.
func (l *link) flush() error {
	if len(l.out) == 0 {
		return nil
	}
	_, err := l.Write(l.out)
	l.out = l.out[:0]
	return err
}

// receive reads once, and calls tell for each status.
func (l *link) receive(tell answered) error {
	n, err := l.Read(l.in[l.filled:])
	if err != nil {
		return err
	}
	l.read = l.now()
	rest := l.in[:l.filled+n]
	for {
		f, after, whole := cut(rest)
		if !whole {
			break
		}
		rest = after
		if f.kind() != typePublish {
			continue // an acknowledgement
		}
		payload, identifier, err := f.message()
		if err != nil {
			return err
		}
		if identifier != 0 {
			l.out = append(l.out, typePuback<<4, 2, byte(identifier>>8), byte(identifier))
		}
		seq, ok := readSeq(payload)
		if !ok {
			return fmt.Errorf("status %q: want a number at its end", payload)
		}
		if due := l.pending[seq]; due != 0 { // at QoS 1 a status may come twice
			l.pending[seq] = 0
			l.count--
			tell(seq, due)
		}
	}
	l.filled = copy(l.in, rest)
	return nil
}

// drain receives the statuses that are still under way. A command without a status is lost.
func (l *link) drain(tell answered) error {
	for l.count > 0 {
		if err := l.flush(); err != nil {
			return err
		}
		err := l.receive(tell)
		if errors.Is(err, errSilent) {
			l.lost += l.count
			l.count = 0
			clear(l.pending[:])
			return nil
		}
		if err != nil {
			return err
		}
	}
	return l.flush()
}
