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
		{"websocket turned down", fmt.Errorf("x: %w", ErrTurnedDown), true},
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
