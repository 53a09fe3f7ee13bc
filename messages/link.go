package messages

import "time"

// LinkUp says that a session with the broker has begun. Connection → supervisor.
type LinkUp struct {
	Session bool // the broker had kept the session
	NoWill  bool // the session has no last will: the broker hangs up on one
	Granted []Grant
	Queued  int           // publications that waited for the session
	Took    time.Duration // from the connect request to the last grant
}

// Grant is the broker's answer to one topic filter.
type Grant struct {
	Filter string
	QoS    byte
	Err    error // not nil: the broker has refused
}

// Regranted says what the session is subscribed to after a change. Connection → supervisor.
type Regranted struct{ Granted []Grant }

// LinkDown says that an attempt has failed, or that a session was lost. Connection → supervisor.
type LinkDown struct {
	Err       error
	Lost      bool          // a session was lost; otherwise an attempt has failed
	Permanent bool          // time alone does not cure the cause
	Takeover  bool          // another client seems to use the same client id
	Retry     time.Duration // until the next attempt
}

// LinkUnanswered says since when the broker, though it is there, has left a packet unanswered. Connection → supervisor.
type LinkUnanswered struct {
	Since time.Time // zero: the broker has answered
}

// BrokerFault says that the broker has sent a packet that it should not have sent, and that was ignored. Connection → supervisor.
type BrokerFault struct{ Err error }

// LinkClosed says that the session has ended in good order. Connection → supervisor.
type LinkClosed struct {
	Unsent int // publications that could not be sent any more
}
