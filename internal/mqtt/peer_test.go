package mqtt

import (
	"context"
	"fmt"
	"net"
	"testing"
	"time"

	"github.com/eclipse/paho.mqtt.golang/packets"
)

// Time in the tests that use this is synctest's: a minute of silence takes no time. synctest also fails a
// test that leaves a goroutine behind.

// events are what the callbacks of a session told.
type events struct {
	over      Transport
	arrived   chan Message
	published chan outcome
	lost      chan error
	unasked   chan error
	tooLarge  chan string
	owing     chan time.Time
}

type outcome struct {
	number uint64
	err    error
}

func newEvents(over Transport) events {
	return events{
		over, make(chan Message, 10000), make(chan outcome, 10000), make(chan error, 10), make(chan error, 10),
		make(chan string, 1000), make(chan time.Time, 1000),
	}
}

// options reports to e; keep-alive 10 s, so that the broker's silence counts after 15 s.
func (e events) options(t *testing.T) Options {
	o, _, err := Options{
		Broker:       "tcp://peer",
		ClientID:     "test",
		KeepAlive:    10 * time.Second,
		CleanSession: true,
		Transport:    e.over,
		Arrived:      func(m Message) { e.arrived <- m },
		Published:    func(n uint64, err error) { e.published <- outcome{n, err} },
		Lost:         func(err error) { e.lost <- err },
		Unasked:      func(err error) { e.unasked <- err },
		TooLarge:     func(topic string, size int) { e.tooLarge <- fmt.Sprint(topic, " ", size) },
		Unanswered:   func(since time.Time) { e.owing <- since },
	}.normal()
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// peer is the broker's end of a connection.
type peer struct {
	net.Conn
	got chan packets.ControlPacket // all that came
}

// handler does something else than peer would do with a packet, and says so.
type handler func(p *peer, packet packets.ControlPacket) bool

// serve answers what comes as a broker would, except what handle takes, until the connection is closed.
func (p *peer) serve(handle handler) {
	defer close(p.got)
	for {
		packet, err := packets.ReadPacket(p)
		if err != nil {
			return
		}
		p.got <- packet
		if handle != nil && handle(p, packet) {
			continue
		}
		switch in := packet.(type) {
		case *packets.ConnectPacket:
			p.send(connack...)
		case *packets.SubscribePacket:
			p.send(append([]byte{0x90, byte(2 + len(in.Qoss)), byte(in.MessageID >> 8), byte(in.MessageID)}, in.Qoss...)...)
		case *packets.UnsubscribePacket:
			p.send(0xb0, 2, byte(in.MessageID>>8), byte(in.MessageID))
		case *packets.PublishPacket:
			switch in.Qos {
			case 1:
				p.send(0x40, 2, byte(in.MessageID>>8), byte(in.MessageID))
			case 2:
				p.send(0x50, 2, byte(in.MessageID>>8), byte(in.MessageID))
			}
		case *packets.PubrelPacket:
			p.send(0x70, 2, byte(in.MessageID>>8), byte(in.MessageID))
		case *packets.PingreqPacket:
			p.send(0xd0, 0)
		case *packets.DisconnectPacket:
			p.Close()
		}
	}
}

// send writes bytes as they are. The other end may be gone: tests look at what it says, not at this.
func (p *peer) send(b ...byte) { _, _ = p.Write(b) }

// message sends a PUBLISH.
func (p *peer) message(topic, payload string, qos byte, id uint16) {
	m := packets.NewControlPacket(packets.Publish).(*packets.PublishPacket)
	m.TopicName, m.Payload, m.Qos, m.MessageID = topic, []byte(payload), qos, id
	_ = m.Write(p.Conn)
}

// wait returns the next packet that came of type T, nil if there is none before the end.
func wait[T packets.ControlPacket](p *peer) (none T) {
	for packet := range p.got {
		if found, ok := packet.(T); ok {
			return found
		}
	}
	return none
}

// dialPipe connects to a peer through a pipe, which does not buffer.
func dialPipe(ctx context.Context, o Options, handle handler) (Session, *peer, error) {
	ours, theirs := net.Pipe()
	p := &peer{theirs, make(chan packets.ControlPacket, 100000)}
	go p.serve(handle)
	s, err := connect(ctx, wire{ours, ours}, o)
	return s, p, err
}

// mustDial is dialPipe for tests of what comes after.
func mustDial(t *testing.T, o Options, handle handler) (Session, *peer) {
	t.Helper()
	s, p, err := dialPipe(t.Context(), o, handle)
	if err != nil {
		t.Fatalf("connecting: %v", err)
	}
	return s, p
}
