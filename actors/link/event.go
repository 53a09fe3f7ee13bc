package link

import (
	"time"

	"github.com/mqttgateway/mqttgateway/actors/backoff"
)

// Event is what happens to the link. Its types are below.
type Event interface{ event() }

// Fault groups the causes for which attempts and sessions end by what must be done about them.
type Fault uint8

// The faults.
const (
	None      Fault = iota
	Transient       // time may cure the cause
	EOF             // the broker closed an accepted connection without a word
	NoConnack       // the broker closed the connection without accepting or refusing it
	Permanent       // time alone does not cure the cause: bad credentials, a bad certificate
	Timeout         // the connect time-out killed the attempt
)

type (
	// Start orders the link to be opened.
	Start struct{}
	// Stop orders the link to be closed for good.
	Stop struct{}
	// Up says that the attempt has led to a session, with its subscriptions made.
	Up struct {
		Epoch uint64
		At    time.Duration // on a clock that never goes back
	}
	// Dropped says that the session has been lost.
	Dropped struct {
		Epoch uint64
		At    time.Duration
		Fault Fault
	}
	// Ended says that nothing is left of an attempt, or of its session: no socket and no goroutine. There is exactly
	// one Ended for each Dial.
	Ended struct {
		Epoch uint64
		Fault Fault // the cause; ignored after Dropped or a time-out, whose cause counts
	}
	// LagOver says that the lag of the attempt is over.
	LagOver struct{ Epoch uint64 }
	// Overdue says that the connect time-out of the attempt has passed.
	Overdue struct{ Epoch uint64 }
	// RetryDue says that the wait after the attempt is over.
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

// Effect is what the connection must do. Its types are below.
type Effect interface{ effect() }

type (
	// Dial orders an attempt, with a last will or without, and the events LagOver after Lag and Overdue after Timeout.
	Dial struct {
		Epoch        uint64
		Will         bool
		Lag, Timeout time.Duration
	}
	// Kill orders the attempt, or its session, to be torn down at once.
	Kill struct{ Epoch uint64 }
	// Close orders the session to be closed in good order.
	Close struct{ Epoch uint64 }
	// Retry orders the event RetryDue after a wait that is drawn from Wait.
	Retry struct {
		Epoch uint64
		Wait  backoff.Range
	}
)

func (Dial) effect()  {}
func (Kill) effect()  {}
func (Close) effect() {}
func (Retry) effect() {}
