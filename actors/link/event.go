package link

import (
	"time"

	"github.com/mqttgateway/mqttgateway/actors/backoff"
)

// Event is what happens to the link: one of the types below.
type Event interface{ event() }

// Fault sorts the causes for which attempts and sessions end by what to do about them.
type Fault uint8

// The faults.
const (
	None      Fault = iota
	Transient       // time may cure it
	EOF             // the broker closed the connection and said nothing, though it had accepted it
	NoConnack       // the broker closed the connection instead of accepting or refusing it
	Permanent       // time alone will not cure it: bad credentials, TLS
	Timeout         // the attempt was killed by the connect time-out
)

type (
	// Start asks for a link.
	Start struct{}
	// Stop asks for its end. It is final.
	Stop struct{}
	// Up tells that the attempt led to a session, its subscriptions made.
	Up struct {
		Epoch uint64
		At    time.Duration // on any clock that only goes forward
	}
	// Dropped tells that the session has broken.
	Dropped struct {
		Epoch uint64
		At    time.Duration
		Fault Fault
	}
	// Ended tells that of an attempt, or of the session it led to, nothing is left: no socket, no goroutine. It
	// comes exactly once for each Dial.
	Ended struct {
		Epoch uint64
		Fault Fault // why; not used after Dropped or a time-out, which know better
	}
	// LagOver tells that the lag of the attempt is over.
	LagOver struct{ Epoch uint64 }
	// Overdue tells that the connect time-out of the attempt has passed.
	Overdue struct{ Epoch uint64 }
	// RetryDue tells that the wait after the attempt is over.
	RetryDue struct{ Epoch uint64 }
)

func (Start) event()    {}
func (Stop) event()     {}
func (Up) event()       {}
func (Dropped) event()  {}
func (Ended) event()    {}
func (LagOver) event()  {}
func (Overdue) event()  {}
func (RetryDue) event() {}

// Effect is what is to be done: one of the types below.
type Effect interface{ effect() }

type (
	// Dial asks for an attempt, with a last will or without, and for its LagOver and Overdue after Lag and Timeout.
	Dial struct {
		Epoch        uint64
		Will         bool
		Lag, Timeout time.Duration
	}
	// Kill asks for the attempt, or the session it led to, to be torn down at once.
	Kill struct{ Epoch uint64 }
	// Close asks for the session to be closed in good order.
	Close struct{ Epoch uint64 }
	// Retry asks for RetryDue after a wait drawn from Wait.
	Retry struct {
		Epoch uint64
		Wait  backoff.Range
	}
)

func (Dial) effect()  {}
func (Kill) effect()  {}
func (Close) effect() {}
func (Retry) effect() {}
