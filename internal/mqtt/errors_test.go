package mqtt

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"syscall"
	"testing"

	"github.com/eclipse/paho.mqtt.golang/packets"
)

func TestPermanent(t *testing.T) {
	tests := []struct {
		name string
		err  error
		want bool
	}{
		{"nil", nil, false},
		{"protocol version", BadVersion, true},
		{"identifier", BadIdentifier, true},
		{"unavailable", Unavailable, false},
		{"credentials", BadCredentials, true},
		{"not authorized, wrapped", fmt.Errorf("x: %w", NotAuthorized), true},
		{"unknown refusal", Refusal(6), false},
		{"options", fmt.Errorf("x: %w", errOptions), true},
		{"websocket turned down", fmt.Errorf("x: %w", errHandshake), true},
		{"unknown authority", &tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}, true},
		{"no TLS there", tls.RecordHeaderError{Msg: "first record"}, true},
		{"our certificate refused", &net.OpError{Op: "remote error", Err: errors.New("tls: bad certificate")}, true},
		{"refused port", &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}, false},
		{"end of file", io.EOF, false},
		{"too late", context.DeadlineExceeded, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := Permanent(tt.err); got != tt.want {
				t.Errorf("Permanent(%v) = %t", tt.err, got)
			}
		})
	}
}

// A connection that ends before the CONNACK is told from one that ends after it, and from one that is refused.
func TestNoConnack(t *testing.T) {
	for _, tt := range []struct {
		name   string
		answer func(net.Conn)
		want   bool
	}{
		{"closed", func(net.Conn) {}, true},
		{"reset", func(c net.Conn) { _ = c.(*net.TCPConn).SetLinger(0) }, true},
		{"closed within the CONNACK", func(c net.Conn) { _, _ = c.Write(connack[:3]) }, true},
		{"refused", func(c net.Conn) { _, _ = c.Write([]byte{0x20, 2, 0, 5}) }, false},
		{"no MQTT", func(c net.Conn) { _, _ = c.Write([]byte("SSH-2.0-x\r\n")) }, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			overEach(t, func(t *testing.T, over Transport) {
				address := listen(t, func(c net.Conn) {
					_, _ = packets.ReadPacket(c)
					tt.answer(c)
					c.Close()
				})
				_, err := newEvents(over).attempt(t, "tcp://"+address, "id")
				if err == nil || errors.Is(err, ErrNoConnack) != tt.want || tt.want && !HungUp(err) {
					t.Errorf("got %v", err)
				}
			})
		})
	}
	t.Run("nobody there", func(t *testing.T) {
		overEach(t, func(t *testing.T, over Transport) {
			if _, err := newEvents(over).attempt(t, "tcp://"+freeAddress(t), "id"); err == nil || errors.Is(err, ErrNoConnack) {
				t.Errorf("got %v", err)
			}
		})
	})
}
