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

// Time in the tests that use this is synctest's: a minute of silence takes no time. synctest also fails a
// test that leaves a goroutine behind.

// Events are what the callbacks of a session told.
type Events struct {
	Transport Transport
	Arrived   chan mqtt.Message
	Published chan Outcome
	Lost      chan error
	Unasked   chan error
	TooLarge  chan string    // "topic size"
	Overdue   chan time.Time // what Unanswered told
}

// Outcome is what a session told by Published: the number of a publication, and why it was refused, nil if it was not.
type Outcome struct {
	Number uint64
	Err    error
}

// NewEvents returns what collects the callbacks of sessions over tr, with room for all that a test causes.
func NewEvents(tr Transport) Events {
	return Events{
		tr, make(chan mqtt.Message, 10000), make(chan Outcome, 10000), make(chan error, 10), make(chan error, 10),
		make(chan string, 1000), make(chan time.Time, 1000),
	}
}

// Options reports to e; keep-alive 10 s, so that the broker's silence counts after 15 s.
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
	Got chan packets.ControlPacket // all that came
}

// Connack accepts us.
var Connack = []byte{0x20, 2, 0, 0}

// large is more than a transport reads or writes in one go, in bytes.
const large = 64 << 10

// handler does something else than peer would do with a packet, and says so.
type handler func(p *Peer, packet packets.ControlPacket) bool

// serve answers what comes as a broker would, except what handle takes, until the connection is closed.
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

// Send writes bytes as they are. The other end may be gone: tests look at what it says, not at this.
func (p *Peer) Send(b ...byte) { _, _ = p.Write(b) }

// Message sends a PUBLISH.
func (p *Peer) Message(topic, payload string, qos byte, id uint16) {
	m := packets.NewControlPacket(packets.Publish).(*packets.PublishPacket)
	m.TopicName, m.Payload, m.Qos, m.MessageID = topic, []byte(payload), qos, id
	_ = m.Write(p.Conn)
}

// Wait returns the next packet that came of type T, nil if there is none before the end.
func Wait[T packets.ControlPacket](p *Peer) (none T) {
	for packet := range p.Got {
		if found, ok := packet.(T); ok {
			return found
		}
	}
	return none
}

// dialPipe connects to a peer through a pipe, which does not buffer.
func (tr Transport) dialPipe(ctx context.Context, o mqtt.Options, handle handler) (mqtt.Session, *Peer, error) {
	ours, theirs := net.Pipe()
	p := &Peer{theirs, make(chan packets.ControlPacket, 100000)}
	go p.serve(handle)
	s, err := tr.Connect(ctx, wire.Conn{Conn: ours, Socket: ours}, o)
	return s, p, err
}

// MustDial is dialPipe for tests of what comes after.
func (tr Transport) MustDial(t *testing.T, o mqtt.Options, handle handler) (mqtt.Session, *Peer) {
	t.Helper()
	s, p, err := tr.dialPipe(t.Context(), o, handle)
	if err != nil {
		t.Fatalf("connecting: %v", err)
	}
	return s, p
}

// Listen runs serve on each connection; all are closed with the test.
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

// as is for a configuration that never changes.
func as(c *tls.Config) func() (*tls.Config, error) {
	return func() (*tls.Config, error) { return c, nil }
}
