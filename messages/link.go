package messages

import "time"

// LinkUp tells that the session with the broker stands. Connection → supervisor.
type LinkUp struct {
	Session bool // the broker had kept a session of ours
	NoWill  bool // it was made without the last will that was wanted, for the broker hangs up on one
	Granted []Grant
	Queued  int           // publications that waited for it
	Took    time.Duration // from the connect request to the last grant
}

// Grant is the broker's answer to one topic filter.
type Grant struct {
	Filter string
	QoS    byte
	Err    error // not nil: refused
}

// Regranted tells what the session is subscribed to after that has been changed. Connection → supervisor.
type Regranted struct{ Granted []Grant }

// LinkDown tells that an attempt failed, or that a session was lost. Connection → supervisor.
type LinkDown struct {
	Err       error
	Lost      bool          // a session was lost, not an attempt
	Permanent bool          // time alone will not cure it
	Takeover  bool          // it looks as if another client used the same client id
	Retry     time.Duration // until the next attempt
}

// LinkUnanswered tells since when the broker has left something unanswered, though it is there. Connection → supervisor.
type LinkUnanswered struct {
	Since time.Time // zero: it has answered
}

// BrokerFault tells of something that the broker should not have sent, and that was passed over. Connection → supervisor.
type BrokerFault struct{ Err error }

// LinkClosed tells that the session has ended as it was asked to. Connection → supervisor.
type LinkClosed struct {
	Unsent int // publications that could not be sent any more
}
