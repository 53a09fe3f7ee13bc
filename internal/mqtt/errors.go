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

// Refusal is the code of a CONNACK by which the broker refused the connection. It is an error.
type Refusal byte

// The refusals of MQTT 3.1.1 (table 3.1). A broker may send any other code.
const (
	BadVersion     Refusal = 1
	BadIdentifier  Refusal = 2
	Unavailable    Refusal = 3
	BadCredentials Refusal = 4
	NotAuthorized  Refusal = 5
)

// Error names the reason that the standard has for the code.
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

// Error tells the value, not the stack.
func (e *PanicError) Error() string { return fmt.Sprintf("callback panicked: %v", e.Value) }

// ErrNoConnack is wrapped by the error of [Dial] if the broker closed the connection without a word over our CONNECT, instead of
// accepting or refusing it. Some do so to a client whose will they won't have.
var ErrNoConnack = errors.New("no answer to the CONNECT")

// HungUp reports whether err says that the broker, or something on the way to it, has closed the connection.
func HungUp(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}

// BeforeConnack returns why an attempt has failed that ended by err before there was a CONNACK.
func BeforeConnack(err error) error {
	if HungUp(err) {
		return fmt.Errorf("%w: %w", ErrNoConnack, err)
	}
	return err
}

// errOptions is wrapped by every complaint about [Options].
var errOptions = errors.New("bad options")

// ErrTurnedDown is wrapped by Dial's error if a WebSocket handshake was turned down for good.
var ErrTurnedDown = errors.New("turned down")

// UnansweredError says that the session was ended because the broker did not answer a packet.
type UnansweredError struct {
	Message bool          // the packet was a message that we published
	Topic   string        // of that message
	Missing error         // names the answer that has not come
	After   time.Duration // since the packet was sent
}

// Error names the answer that is missing, and what it would have answered.
func (e *UnansweredError) Error() string {
	return fmt.Sprintf("the broker is there, and yet has not acknowledged for %s: %v", e.After.Round(100*time.Millisecond), e.Missing)
}

// Permanent reports whether err, of [Dial] or Lost, has a cause that time alone cannot cure: bad
// options, bad credentials, an identifier or a protocol version refused, a certificate that does not
// hold, on either side.
func Permanent(err error) bool {
	var refusal Refusal
	if errors.As(err, &refusal) {
		return refusal != Unavailable && refusal <= NotAuthorized
	}
	return errors.Is(err, errOptions) || errors.Is(err, ErrTurnedDown) || distrusted(err)
}

// distrusted reports whether TLS failed on what either side is, not on the way between them.
func distrusted(err error) bool {
	var (
		ours   *tls.CertificateVerificationError
		plain  tls.RecordHeaderError
		theirs *net.OpError
	)
	return errors.As(err, &ours) || errors.As(err, &plain) ||
		errors.As(err, &theirs) && theirs.Op == "remote error" // an alert, of a type that crypto/tls keeps to itself
}
