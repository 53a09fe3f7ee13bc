package contract

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"testing"
	"time"

	"github.com/eclipse/paho.mqtt.golang/packets"

	"github.com/mqttgateway/mqttgateway/internal/mqtt"
	"github.com/mqttgateway/mqttgateway/internal/mqtt/wire"
)

// The tests that use this file run in the time of synctest: a minute of silence takes no time. synctest also fails a
// test that leaves a goroutine behind.

// Events collects what the callbacks of a session report.
type Events struct {
	Transport Transport
	Arrived   chan mqtt.Message
	Published chan Outcome
	Lost      chan error
	Unasked   chan error
	TooLarge  chan string    // "topic size"
	Overdue   chan time.Time // what Unanswered reported
}

// Outcome is what Published reported: the number of a publication, and nil or the reason why it was refused.
type Outcome struct {
	Number uint64
	Err    error
}

// NewEvents returns Events for sessions of tr, with room for everything that a test causes.
func NewEvents(tr Transport) Events {
	return Events{
		tr, make(chan mqtt.Message, 10000), make(chan Outcome, 10000), make(chan error, 10), make(chan error, 10),
		make(chan string, 1000), make(chan time.Time, 1000),
	}
}

// Options returns options whose callbacks report to e. The keep-alive is 10 s, so that a session is lost after 15 s of
// silence.
func (e Events) Options(t *testing.T) mqtt.Options {
	o, _, err := mqtt.Options{
		Broker:       "tcp://peer",
		ClientID:     "test",
		KeepAlive:    10 * time.Second,
		CleanSession: true,
		Arrived:      func(m mqtt.Message) { e.Arrived <- m },
		Published:    func(n uint64, err error) { e.Published <- Outcome{n, err} },
		Lost:         func(err error) { e.Lost <- err },
		Unasked:      func(err error) { e.Unasked <- err },
		TooLarge:     func(topic string, size int) { e.TooLarge <- fmt.Sprint(topic, " ", size) },
		Unanswered:   func(since time.Time) { e.Overdue <- since },
	}.Normal()
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// Peer is the broker's end of a connection.
type Peer struct {
	net.Conn
	Got chan packets.ControlPacket // all packets that came
}

// Connack is a CONNACK that accepts the client.
var Connack = []byte{0x20, 2, 0, 0}

// large is more than a transport reads or writes at a time, in bytes.
const large = 64 << 10

// handler handles a packet in place of peer, and returns true, or returns false.
type handler func(p *Peer, packet packets.ControlPacket) bool

// serve answers packets as a broker would, except those that handle handles, until the connection is closed.
func (p *Peer) serve(handle handler) {
	defer close(p.Got)
	for {
		packet, err := packets.ReadPacket(p)
		if err != nil {
			return
		}
		p.Got <- packet
		if handle != nil && handle(p, packet) {
			continue
		}
		switch in := packet.(type) {
		case *packets.ConnectPacket:
			p.Send(Connack...)
		case *packets.SubscribePacket:
			p.Send(append([]byte{0x90, byte(2 + len(in.Qoss)), byte(in.MessageID >> 8), byte(in.MessageID)}, in.Qoss...)...)
		case *packets.UnsubscribePacket:
			p.Send(0xb0, 2, byte(in.MessageID>>8), byte(in.MessageID))
		case *packets.PublishPacket:
			switch in.Qos {
			case 1:
				p.Send(0x40, 2, byte(in.MessageID>>8), byte(in.MessageID))
			case 2:
				p.Send(0x50, 2, byte(in.MessageID>>8), byte(in.MessageID))
			}
		case *packets.PubrelPacket:
			p.Send(0x70, 2, byte(in.MessageID>>8), byte(in.MessageID))
		case *packets.PingreqPacket:
			p.Send(0xd0, 0)
		case *packets.DisconnectPacket:
			p.Close()
		}
	}
}

// Send writes b. It ignores errors: tests look at what the other end reports.
func (p *Peer) Send(b ...byte) { _, _ = p.Write(b) }

// Message sends a PUBLISH.
func (p *Peer) Message(topic, payload string, qos byte, id uint16) {
	m := packets.NewControlPacket(packets.Publish).(*packets.PublishPacket)
	m.TopicName, m.Payload, m.Qos, m.MessageID = topic, []byte(payload), qos, id
	_ = m.Write(p.Conn)
}

// Wait returns the next packet of type T, or nil if the connection ends first.
func Wait[T packets.ControlPacket](p *Peer) (none T) {
	for packet := range p.Got {
		if found, ok := packet.(T); ok {
			return found
		}
	}
	return none
}

// dialPipe connects to a peer by a pipe without a buffer.
func (tr Transport) dialPipe(ctx context.Context, o mqtt.Options, handle handler) (mqtt.Session, *Peer, error) {
	ours, theirs := net.Pipe()
	p := &Peer{theirs, make(chan packets.ControlPacket, 100000)}
	go p.serve(handle)
	s, err := tr.Connect(ctx, wire.Conn{Conn: ours, Socket: ours}, o)
	return s, p, err
}

// MustDial is dialPipe for tests that need a session.
func (tr Transport) MustDial(t *testing.T, o mqtt.Options, handle handler) (mqtt.Session, *Peer) {
	t.Helper()
	s, p, err := tr.dialPipe(t.Context(), o, handle)
	if err != nil {
		t.Fatalf("connecting: %v", err)
	}
	return s, p
}

// Listen runs serve for each connection. The listener and all connections are closed when the test ends.
func Listen(t testing.TB, serve func(net.Conn)) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			t.Cleanup(func() { c.Close() })
			go serve(c)
		}
	}()
	t.Cleanup(func() {
		ln.Close()
		<-done
	})
	return ln.Addr().String()
}

// as returns c each time that TLS is called.
func as(c *tls.Config) func() (*tls.Config, error) {
	return func() (*tls.Config, error) { return c, nil }
}
