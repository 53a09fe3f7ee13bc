package mqtt

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"testing"
	"time"

	"github.com/eclipse/paho.mqtt.golang/packets"
)

// listen runs serve on each connection; all are closed with the test.
func listen(t testing.TB, serve func(net.Conn)) string {
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

// With each kind of handshake an attempt is dropped as soon as its context ends, and closes its socket.
func TestCancelWhileNobodyAnswers(t *testing.T) {
	overEach(t, func(t *testing.T, over Transport) {
		for _, scheme := range []string{"tcp", "ssl", "ws", "wss"} {
			t.Run(scheme, func(t *testing.T) {
				closed := make(chan struct{})
				heard := make(chan struct{})
				address := listen(t, func(c net.Conn) {
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
				s, err := Dial(ctx, Options{Broker: scheme + "://" + address, ConnectTimeout: time.Hour, CleanSession: true, Transport: over})
				if s != nil || !errors.Is(err, cause) {
					t.Errorf("got %v, %v; want %v", s, err, cause)
				}
				next(t, closed, "end of the connection")
			})
		}
	})
}

func TestConnectTimeout(t *testing.T) {
	overEach(t, func(t *testing.T, over Transport) {
		for _, scheme := range []string{"tcp", "ssl", "ws", "wss"} {
			t.Run(scheme, func(t *testing.T) {
				address := listen(t, func(c net.Conn) { _, _ = io.Copy(io.Discard, c) })
				o := Options{Broker: scheme + "://" + address, ConnectTimeout: 50 * time.Millisecond, CleanSession: true, Transport: over}
				_, err := Dial(t.Context(), o)
				if !says(err, "not connected within 50ms") || !errors.Is(err, context.DeadlineExceeded) || Permanent(err) {
					t.Errorf("got %v, permanent %t", err, Permanent(err))
				}
			})
		}
	})
}

// A peer whose window is closed takes no byte, yet the connection stands.
func TestFrozenPeer(t *testing.T) {
	overEach(t, func(t *testing.T, over Transport) {
		address := listen(t, func(c net.Conn) {
			_, _ = c.Read(make([]byte, chunk)) // the CONNECT, and nothing any more
			_, _ = c.Write(connack)
		})
		e := newEvents(over)
		s := e.dial(t, "tcp://"+address, "id", func(o *Options) { o.WriteTimeout = 300 * time.Millisecond })
		for i := range uint64(300) {
			s.Publish(i, Message{Topic: "a", Payload: string(make([]byte, chunk)), QoS: byte(i % 2)})
		}
		s.Flush()
		if err := next(t, e.lost, "loss"); !says(err, "taken nothing for 300ms") {
			t.Errorf("lost by %v", err)
		}
	})
}

// With TLS 1.3 the broker's verdict on our certificate comes when we already think that all is well.
func TestOurCertificateRefused(t *testing.T) {
	overEach(t, func(t *testing.T, over Transport) {
		trusted, dir := certificate(t)
		pair, err := tls.LoadX509KeyPair(filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem"))
		if err != nil {
			t.Fatal(err)
		}
		for name, version := range map[string]uint16{"TLS 1.2": tls.VersionTLS12, "TLS 1.3": tls.VersionTLS13} {
			t.Run(name, func(t *testing.T) {
				address := listen(t, func(c net.Conn) {
					_ = tls.Server(c, &tls.Config{
						Certificates: []tls.Certificate{pair},
						ClientAuth:   tls.RequireAnyClientCert,
						MaxVersion:   version,
					}).Handshake()
					_, _ = io.Copy(io.Discard, c) // A reset would take the verdict along.
				})
				o := func(o *Options) { o.TLS = as(&tls.Config{RootCAs: trusted}) }
				_, err := newEvents(over).attempt(t, "ssl://"+address, "id", o)
				if !says(err, "remote error") || !Permanent(err) {
					t.Errorf("got %v, permanent %t", err, Permanent(err))
				}
			})
		}
	})
}

func TestEndOfFileThroughTLS(t *testing.T) {
	overEach(t, func(t *testing.T, over Transport) {
		trusted, dir := certificate(t)
		pair, err := tls.LoadX509KeyPair(filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem"))
		if err != nil {
			t.Fatal(err)
		}
		for _, orderly := range []bool{true, false} {
			t.Run(fmt.Sprintf("orderly %t", orderly), func(t *testing.T) {
				hangUp := make(chan struct{})
				address := listen(t, func(c net.Conn) {
					secured := tls.Server(c, &tls.Config{Certificates: []tls.Certificate{pair}})
					_, _ = secured.Read(make([]byte, chunk))
					_, _ = secured.Write(connack)
					<-hangUp
					if orderly {
						_ = secured.Close()
					}
					c.Close()
				})
				e := newEvents(over)
				e.dial(t, "ssl://"+address, "id", func(o *Options) { o.TLS = as(&tls.Config{RootCAs: trusted}) })
				close(hangUp)
				if err := next(t, e.lost, "loss"); !errors.Is(err, io.EOF) {
					t.Errorf("lost by %v, want io.EOF", err)
				}
			})
		}
	})
}

func TestEndedByReset(t *testing.T) {
	overEach(t, func(t *testing.T, over Transport) {
		address := listen(t, func(c net.Conn) {
			_, _ = c.Read(make([]byte, chunk))
			_, _ = c.Write(connack)
			_, _ = c.Read(make([]byte, 1))
			_ = c.(*net.TCPConn).SetLinger(0)
			c.Close()
		})
		e := newEvents(over)
		s := e.dial(t, "tcp://"+address, "id")
		s.Publish(1, Message{Topic: "a"})
		s.Flush()
		if err := next(t, e.lost, "loss"); err == nil || Permanent(err) {
			t.Errorf("lost by %v, permanent %t", err, Permanent(err))
		}
	})
}

// Whoever brings his own way to the broker needs no URL.
func TestOpen(t *testing.T) {
	bubbles(t, func(t *testing.T, over Transport) {
		ours, theirs := net.Pipe()
		p := &peer{theirs, make(chan packets.ControlPacket, 100)}
		go p.serve(nil)
		open := func(context.Context) (net.Conn, error) { return ours, nil }
		s, err := Dial(t.Context(), Options{Open: open, CleanSession: true, Transport: over})
		if err != nil {
			t.Fatal(err)
		}
		s.Close(t.Context())

		cause := errors.New("nobody there")
		open = func(context.Context) (net.Conn, error) { return nil, cause }
		if _, err := Dial(t.Context(), Options{Open: open, CleanSession: true, Transport: over}); !errors.Is(err, cause) {
			t.Errorf("got %v, want %v", err, cause)
		}
		open = func(ctx context.Context) (net.Conn, error) { <-ctx.Done(); return nil, ctx.Err() }
		if _, err := Dial(t.Context(), Options{Open: open, CleanSession: true, Transport: over}); !says(err, "not connected within 10s") {
			t.Errorf("got %v, want the time that it took", err)
		}
	})
}

// as is for a configuration that never changes.
func as(c *tls.Config) func() (*tls.Config, error) {
	return func() (*tls.Config, error) { return c, nil }
}
