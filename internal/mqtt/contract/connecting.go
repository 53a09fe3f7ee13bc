package contract

import (
	"context"
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

func testConnecting(t *testing.T, tr Transport) {
	answer := func(b ...byte) handler {
		return func(p *Peer, packet packets.ControlPacket) bool {
			if _, ok := packet.(*packets.ConnectPacket); !ok {
				return false
			}
			p.Send(b...)
			return true
		}
	}
	hangUp := func(p *Peer, _ packets.ControlPacket) bool { p.Close(); return true }
	tests := []struct {
		name      string
		handle    handler
		err       string
		is        error
		permanent bool
	}{
		{"accepted", nil, "", nil, false},
		{"refused", answer(0x20, 2, 0, 5), "not authorized", mqtt.NotAuthorized, true},
		{"unavailable", answer(0x20, 2, 0, 3), "unavailable", mqtt.Unavailable, false},
		{"refused with a code that paho takes for success", answer(0x20, 2, 0, 6), "code 6", mqtt.Refusal(6), false},
		{"no answer", answer(), "not connected within 10s", context.DeadlineExceeded, false},
		{"half an answer", answer(0x20, 2), "not connected within 10s", context.DeadlineExceeded, false},
		{"end of file", hangUp, "closed by the broker", io.EOF, false},
		{"something else first", answer(0xd0, 0), "first packet has type 13", nil, false},
		{"not MQTT", answer([]byte("HTTP/1.1 400 Bad Request\r\n\r\n")...), "first packet has type 4", nil, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				e := NewEvents(tr)
				ctx, cancel := context.WithTimeoutCause(t.Context(), 10*time.Second,
					fmt.Errorf("not connected within 10s: %w", context.DeadlineExceeded))
				defer cancel()
				s, _, err := tr.dialPipe(ctx, e.Options(t), tt.handle)
				if !wording.Says(err, tt.err) || tt.is != nil && !errors.Is(err, tt.is) || mqtt.Permanent(err) != tt.permanent {
					t.Errorf("got %v, permanent %t; want %q, %v, %t", err, mqtt.Permanent(err), tt.err, tt.is, tt.permanent)
				}
				if s != nil {
					s.Close(t.Context())
				}
				synctest.Wait()
				if len(e.Lost) > 0 {
					t.Errorf("Lost was called: %v", <-e.Lost)
				}
			})
		})
	}
}

func testCancelWhileConnecting(t *testing.T, tr Transport) {
	synctest.Test(t, func(t *testing.T) {
		cause := errors.New("changed my mind")
		ctx, cancel := context.WithCancelCause(t.Context())
		start := time.Now()
		time.AfterFunc(time.Second, func() { cancel(cause) })
		_, _, err := tr.dialPipe(ctx, NewEvents(tr).Options(t), func(*Peer, packets.ControlPacket) bool { return true })
		if !errors.Is(err, cause) || time.Since(start) != time.Second {
			t.Errorf("got %v after %s, want %v after 1s", err, time.Since(start), cause)
		}
	})
}

func testConnectSaysWhoWeAre(t *testing.T, tr Transport) {
	synctest.Test(t, func(t *testing.T) {
		o := NewEvents(tr).Options(t)
		o.Username, o.Password, o.CleanSession = "me", "s3cret", false
		o.Will = &mqtt.Message{Topic: "will", Payload: "gone", QoS: 1, Retained: true}
		s, p := tr.MustDial(t, o, nil)
		c := Wait[*packets.ConnectPacket](p)
		got := fmt.Sprint(c.ProtocolVersion, c.ClientIdentifier, c.Username, string(c.Password), c.CleanSession, c.Keepalive,
			c.WillTopic, string(c.WillMessage), c.WillQos, c.WillRetain)
		want := fmt.Sprint(4, "test", "me", "s3cret", false, 10, "will", "gone", 1, true)
		if got != want {
			t.Errorf("CONNECT says %s, want %s", got, want)
		}
		s.Close(t.Context())
	})
}

// The messages that a persistent session had waiting come right after the CONNACK.
func testArrivedRunsBeforeDialReturns(t *testing.T, tr Transport) {
	synctest.Test(t, func(t *testing.T) {
		e := NewEvents(tr)
		s, p := tr.MustDial(t, e.Options(t), func(p *Peer, packet packets.ControlPacket) bool {
			if _, ok := packet.(*packets.ConnectPacket); !ok {
				return false
			}
			p.Send(0x20, 2, 1, 0, 0x3a, 6, 0, 1, 'a', 1, 2, 'x') // DUP, QoS 1, in one write
			return true
		})
		m := <-e.Arrived
		if m.Topic != "a" || m.Payload != "x" || m.QoS != 1 || !m.Duplicate || m.Retained || !s.Present() {
			t.Errorf("arrived %+v, present %t", m, s.Present())
		}
		m.Ack()
		m.Ack()
		s.Close(t.Context())
		if ack := Wait[*packets.PubackPacket](p); ack == nil || ack.MessageID != 0x102 {
			t.Errorf("acknowledged %v, want message 258", ack)
		}
		if ack := Wait[*packets.PubackPacket](p); ack != nil {
			t.Errorf("acknowledged again: %v", ack)
		}
		m.Ack() // no effect: the session has ended
	})
}

// The error tells whether a connection ended before the CONNACK, ended after it, or was refused.
func testNoConnack(t *testing.T, tr Transport) {
	for _, tt := range []struct {
		name   string
		answer func(net.Conn)
		want   bool
	}{
		{"closed", func(net.Conn) {}, true},
		{"reset", func(c net.Conn) { _ = c.(*net.TCPConn).SetLinger(0) }, true},
		{"closed within the CONNACK", func(c net.Conn) { _, _ = c.Write(Connack[:3]) }, true},
		{"refused", func(c net.Conn) { _, _ = c.Write([]byte{0x20, 2, 0, 5}) }, false},
		{"no MQTT", func(c net.Conn) { _, _ = c.Write([]byte("SSH-2.0-x\r\n")) }, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			address := Listen(t, func(c net.Conn) {
				_, _ = packets.ReadPacket(c)
				tt.answer(c)
				c.Close()
			})
			_, err := NewEvents(tr).attempt(t, "tcp://"+address, "id")
			if err == nil || errors.Is(err, mqtt.ErrNoConnack) != tt.want || tt.want && !mqtt.HungUp(err) {
				t.Errorf("got %v", err)
			}
		})
	}
	t.Run("nobody there", func(t *testing.T) {
		if _, err := NewEvents(tr).attempt(t, "tcp://"+freeAddress(t), "id"); err == nil || errors.Is(err, mqtt.ErrNoConnack) {
			t.Errorf("got %v", err)
		}
	})
}

// An attempt is dropped as soon as its context is done, and its socket is closed, during each kind of handshake.
func testCancelWhileNobodyAnswers(t *testing.T, tr Transport) {
	for _, scheme := range []string{"tcp", "ssl", "ws", "wss"} {
		t.Run(scheme, func(t *testing.T) {
			closed := make(chan struct{})
			heard := make(chan struct{})
			address := Listen(t, func(c net.Conn) {
				_, _ = c.Read(make([]byte, 1))
				close(heard)
				_, _ = io.Copy(io.Discard, c)
				close(closed)
			})
			cause := errors.New("changed my mind")
			ctx, cancel := context.WithCancelCause(t.Context())
			go func() {
				<-heard
				cancel(cause)
			}()
			s, err := tr.Dial(ctx, mqtt.Options{Broker: scheme + "://" + address, ConnectTimeout: time.Hour, CleanSession: true})
			if s != nil || !errors.Is(err, cause) {
				t.Errorf("got %v, %v; want %v", s, err, cause)
			}
			Next(t, closed, "end of the connection")
		})
	}
}

func testConnectTimeout(t *testing.T, tr Transport) {
	for _, scheme := range []string{"tcp", "ssl", "ws", "wss"} {
		t.Run(scheme, func(t *testing.T) {
			address := Listen(t, func(c net.Conn) { _, _ = io.Copy(io.Discard, c) })
			o := mqtt.Options{Broker: scheme + "://" + address, ConnectTimeout: 50 * time.Millisecond, CleanSession: true}
			_, err := tr.Dial(t.Context(), o)
			if !wording.Says(err, "not connected within 50ms") || !errors.Is(err, context.DeadlineExceeded) || mqtt.Permanent(err) {
				t.Errorf("got %v, permanent %t", err, mqtt.Permanent(err))
			}
		})
	}
}

// With TLS 1.3 the broker refuses the client's certificate after the client believes that the handshake has succeeded.
func testOurCertificateRefused(t *testing.T, tr Transport) {
	trusted, pair := keys.Certificate(t)
	for name, version := range map[string]uint16{"TLS 1.2": tls.VersionTLS12, "TLS 1.3": tls.VersionTLS13} {
		t.Run(name, func(t *testing.T) {
			address := Listen(t, func(c net.Conn) {
				_ = tls.Server(c, &tls.Config{
					Certificates: []tls.Certificate{pair},
					ClientAuth:   tls.RequireAnyClientCert,
					MaxVersion:   version,
				}).Handshake()
				_, _ = io.Copy(io.Discard, c) // A reset would discard the refusal.
			})
			o := func(o *mqtt.Options) { o.TLS = as(&tls.Config{RootCAs: trusted}) }
			_, err := NewEvents(tr).attempt(t, "ssl://"+address, "id", o)
			if !wording.Says(err, "remote error") || !mqtt.Permanent(err) {
				t.Errorf("got %v, permanent %t", err, mqtt.Permanent(err))
			}
		})
	}
}

// A broker that has refused our certificate resets the connection, since it does not read the CONNECT. If that fails to be
// written because of the reset, the attempt still ends by the refusal, which came before.
func testRefusedBeforeAReset(t *testing.T, tr Transport) {
	trusted, pair := keys.Certificate(t)
	reset := make(chan struct{})
	address := Listen(t, func(c net.Conn) {
		defer close(reset)
		_ = tls.Server(c, &tls.Config{Certificates: []tls.Certificate{pair}, ClientAuth: tls.RequireAnyClientCert}).Handshake()
		_ = c.(*net.TCPConn).SetLinger(0)
		c.Close()
	})
	socket, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	stream := tls.Client(socket, &tls.Config{RootCAs: trusted, ServerName: "127.0.0.1"})
	if err := stream.Handshake(); err != nil {
		t.Fatal(err)
	}
	Next(t, reset, "end of the connection")
	s, err := tr.Connect(t.Context(), wire.Conn{Conn: stream, Socket: socket}, NewEvents(tr).Options(t))
	if s != nil || !wording.Says(err, "remote error") || !mqtt.Permanent(err) {
		t.Errorf("got %v, %v, permanent %t; want the refusal of the certificate", s, err, mqtt.Permanent(err))
	}
}
