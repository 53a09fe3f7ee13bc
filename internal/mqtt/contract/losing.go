package contract

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/eclipse/paho.mqtt.golang/packets"

	"github.com/mqttgateway/mqttgateway/internal/mqtt"
	"github.com/mqttgateway/mqttgateway/internal/mqtt/contract/keys"
	"github.com/mqttgateway/mqttgateway/internal/mqtt/wire"
	"github.com/mqttgateway/mqttgateway/internal/wording"
)

// Packets that a broker must not send, and over which paho would panic, allocate 256 MB, or report a false end of file.
func testLostByWhatTheBrokerSends(t *testing.T, tr Transport) {
	tests := []struct {
		name string
		send []byte
		err  string
	}{
		{"SUBACK with two codes", []byte{0x90, 4, 0, 1, 0, 0}, "remaining length of 4, want 3"},
		{"256 MB announced", []byte{0xe0, 0xff, 0xff, 0xff, 0x7f}, "larger than the limit"},
		{"PUBLISH that is cut", []byte{0x30, 2, 0, 9}, "with a topic of 9"},
		{"PUBACK that is cut", []byte{0x40, 0}, "remaining length of 0"},
		{"unknown type", []byte{0xf0, 0}, "type 15"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				e := NewEvents(tr)
				s, p := tr.MustDial(t, e.Options(t), func(p *Peer, packet packets.ControlPacket) bool {
					_, ok := packet.(*packets.SubscribePacket)
					if ok {
						p.Send(tt.send...)
					}
					return ok
				})
				if _, err := s.Subscribe(t.Context(), []mqtt.Filter{{Topic: "a", QoS: 0}}); !wording.Says(err, tt.err) {
					t.Errorf("subscribing: %v, want %q", err, tt.err)
				}
				if err := <-e.Lost; !wording.Says(err, tt.err) || errors.Is(err, io.EOF) {
					t.Errorf("lost by %v, want %q", err, tt.err)
				}
				<-tr.Gone(s)
				if _, err := p.Write([]byte{0}); err == nil {
					t.Error("the connection is still open")
				}
			})
		})
	}
}

// Messages that arrive right before the end of the connection are not lost.
func testWhatCameBeforeTheEndArrives(t *testing.T, tr Transport) {
	synctest.Test(t, func(t *testing.T) {
		e := NewEvents(tr)
		_, p := tr.MustDial(t, e.Options(t), nil)
		for range 100 {
			p.Message("a", "x", 0, 0)
		}
		p.Close()
		<-e.Lost
		if len(e.Arrived) != 100 {
			t.Errorf("%d of 100 arrived", len(e.Arrived))
		}
	})
}

// The peer reads nothing, so that its window is closed, although the connection is open.
func testFrozenPeer(t *testing.T, tr Transport) {
	address := Listen(t, func(c net.Conn) {
		_, _ = c.Read(make([]byte, large)) // reads the CONNECT and nothing else
		_, _ = c.Write(Connack)
	})
	e := NewEvents(tr)
	s := e.dial(t, "tcp://"+address, "id", func(o *mqtt.Options) { o.WriteTimeout = 300 * time.Millisecond })
	for i := range uint64(300) {
		s.Publish(i, mqtt.Message{Topic: "a", Payload: string(make([]byte, large)), QoS: byte(i % 2)})
	}
	s.Flush()
	if err := Next(t, e.Lost, "loss"); !wording.Says(err, "taken nothing for 300ms") {
		t.Errorf("lost by %v", err)
	}
}

func testEndOfFileThroughTLS(t *testing.T, tr Transport) {
	trusted, pair := keys.Certificate(t)
	for _, orderly := range []bool{true, false} {
		t.Run(fmt.Sprintf("orderly %t", orderly), func(t *testing.T) {
			hangUp := make(chan struct{})
			address := Listen(t, func(c net.Conn) {
				secured := tls.Server(c, &tls.Config{Certificates: []tls.Certificate{pair}})
				_, _ = secured.Read(make([]byte, large))
				_, _ = secured.Write(Connack)
				<-hangUp
				if orderly {
					_ = secured.Close()
				}
				c.Close()
			})
			e := NewEvents(tr)
			e.dial(t, "ssl://"+address, "id", func(o *mqtt.Options) { o.TLS = as(&tls.Config{RootCAs: trusted}) })
			close(hangUp)
			if err := Next(t, e.Lost, "loss"); !errors.Is(err, io.EOF) {
				t.Errorf("lost by %v, want io.EOF", err)
			}
		})
	}
}

func testEndedByReset(t *testing.T, tr Transport) {
	address := Listen(t, func(c net.Conn) {
		_, _ = c.Read(make([]byte, large))
		_, _ = c.Write(Connack)
		_, _ = c.Read(make([]byte, 1))
		_ = c.(*net.TCPConn).SetLinger(0)
		c.Close()
	})
	e := NewEvents(tr)
	s := e.dial(t, "tcp://"+address, "id")
	s.Publish(1, mqtt.Message{Topic: "a"})
	s.Flush()
	if err := Next(t, e.Lost, "loss"); err == nil || mqtt.Permanent(err) {
		t.Errorf("lost by %v, permanent %t", err, mqtt.Permanent(err))
	}
}

// suffer connects a session to a broker that sends data after its CONNACK, and checks that the session ends.
func suffer(t *testing.T, tr Transport, data []byte) {
	ours, theirs := net.Pipe()
	go func() {
		_, _ = packets.ReadPacket(theirs)
		go func() { // reads everything that comes
			for err := error(nil); err == nil; {
				_, err = packets.ReadPacket(theirs)
			}
		}()
		_, _ = theirs.Write(append(append([]byte{}, Connack...), data...))
		theirs.Close()
	}()
	e := NewEvents(tr)
	o := e.Options(t)
	o.MaxPacket = 1000
	o.Arrived = func(m mqtt.Message) { m.Ack() }
	s, err := tr.Connect(t.Context(), wire.Conn{Conn: ours, Socket: ours}, o)
	if err != nil {
		return // The fault came before Dial had returned.
	}
	s.Publish(1, mqtt.Message{Topic: "a", QoS: 1})
	s.Flush()
	if err := <-e.Lost; err == nil {
		t.Error("lost by nothing")
	}
	<-tr.Gone(s)
	if len(e.Published) > 1 {
		t.Errorf("%d outcomes of one publication", len(e.Published))
	}
	if len(e.Unasked) > 1 {
		t.Errorf("told of %d acknowledgements of nothing", len(e.Unasked))
	}
}
