package mqtt

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"syscall"
	"time"
)

// Refusal is the code of a CONNACK with which the broker has refused the connection. A Refusal is an error.
type Refusal byte

// The refusals of MQTT 3.1.1 (table 3.1). A broker may send any other code.
const (
	BadVersion     Refusal = 1
	BadIdentifier  Refusal = 2
	Unavailable    Refusal = 3
	BadCredentials Refusal = 4
	NotAuthorized  Refusal = 5
)

// Error returns the standard's reason for the code.
func (r Refusal) Error() string {
	reason := "unknown reason"
	switch r {
	case BadVersion:
		reason = "protocol version not accepted"
	case BadIdentifier:
		reason = "client identifier rejected"
	case Unavailable:
		reason = "service unavailable"
	case BadCredentials:
		reason = "bad user name or password"
	case NotAuthorized:
		reason = "not authorized"
	}
	return fmt.Sprintf("refused by the broker: %s (code %d)", reason, byte(r))
}

// PanicError says that a callback panicked, which ended the session.
type PanicError struct {
	Value any
	Stack []byte // of the goroutine that panicked, as of debug.Stack
}

// Error returns the value, without the stack.
func (e *PanicError) Error() string { return fmt.Sprintf("callback panicked: %v", e.Value) }

// ErrNoConnack is wrapped by the error of [Dial] if the broker closed the connection after our CONNECT, without
// accepting or refusing it. Some brokers do so to a client whose will they don't accept.
var ErrNoConnack = errors.New("no answer to the CONNECT")

// HungUp reports whether err says that the broker, or something on the way to it, has closed the connection.
func HungUp(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}

// BeforeConnack returns the error of an attempt that ended with err before a CONNACK came.
func BeforeConnack(err error) error {
	if HungUp(err) {
		return fmt.Errorf("%w: %w", ErrNoConnack, err)
	}
	return err
}

// errOptions is wrapped by every error about [Options].
var errOptions = errors.New("bad options")

// ErrTurnedDown is wrapped by Dial's error if the server has refused a WebSocket handshake in a way that time does not
// cure.
var ErrTurnedDown = errors.New("turned down")

// UnansweredError says that the session was ended because the broker had not answered a packet.
type UnansweredError struct {
	Message bool          // the packet was a message that was published
	Topic   string        // topic of that message
	Missing error         // names the answer that has not come
	After   time.Duration // since the packet was sent
}

// Error names the missing answer, and the packet that it would have answered.
func (e *UnansweredError) Error() string {
	return fmt.Sprintf("the broker is there, and yet has not acknowledged for %s: %v", e.After.Round(100*time.Millisecond), e.Missing)
}

// Permanent reports whether err, an error of [Dial] or Lost, has a cause that time alone cannot cure: bad options, bad
// credentials, a refused client identifier or protocol version, or a certificate that one of the two sides does not
// accept.
func Permanent(err error) bool {
	var refusal Refusal
	if errors.As(err, &refusal) {
		return refusal != Unavailable && refusal <= NotAuthorized
	}
	return errors.Is(err, errOptions) || errors.Is(err, ErrTurnedDown) || distrusted(err)
}

// distrusted reports whether TLS failed because of a side's certificate or version, and not because of the network.
func distrusted(err error) bool {
	var (
		ours   *tls.CertificateVerificationError
		plain  tls.RecordHeaderError
		theirs *net.OpError
	)
	return errors.As(err, &ours) || errors.As(err, &plain) ||
		errors.As(err, &theirs) && theirs.Op == "remote error" // an alert, of a type that crypto/tls keeps to itself
}
