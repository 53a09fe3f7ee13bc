package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/eclipse/paho.mqtt.golang/packets"
)

// link is the driver's connection with the broker. It sends numbered commands and takes in the statuses, on one
// goroutine.
type link struct {
	socket
	packets    [][]byte // commands, by their number
	identifier int      // where it goes in a packet; 0 at QoS 0
	latest     uint16   // identifier

	out     []byte                  // gathered until flush
	in      []byte                  // buffer
	filled  int                     // bytes of in
	pending [sequence]time.Duration // when the command was due, on the clock; 0: it is answered
	count   int                     // of pending
	lost    int                     // never answered
	clock   time.Time
	read    time.Duration // when receive last did
}

// answered is told of a command that has its status now, and when it was due.
type answered func(seq int, due time.Duration)

// connect subscribes to the statuses below root. Commands are sent as sender and kind say.
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

// begin makes the session and subscribes.
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

// now is the time on the driver's clock, never 0.
func (l *link) now() time.Duration { return time.Since(l.clock) }

// command gathers command seq, which is due now or was before.
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

// flush sends what is gathered.
func (l *link) flush() error {
	if len(l.out) == 0 {
		return nil
	}
	_, err := l.Write(l.out)
	l.out = l.out[:0]
	return err
}

// receive reads once.
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
		if due := l.pending[seq]; due != 0 { // QoS 1 allows a second one
			l.pending[seq] = 0
			l.count--
			tell(seq, due)
		}
	}
	l.filled = copy(l.in, rest)
	return nil
}

// drain takes in what is still to come. What does not is lost.
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
