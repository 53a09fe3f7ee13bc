package link

import (
	"time"

	"github.com/mqttgateway/mqttgateway/actors/backoff"
)

// Phase is where the link is.
type Phase uint8

// The phases.
const (
	Disconnected Phase = iota // not asked for yet, or stopped
	Connecting                // an attempt goes on, or has failed within its lag
	Connected                 // a session stands
	Lost                      // an attempt or a session is being cleared away
	Waiting                   // for the next attempt
)

// String returns the phase's name in lower case.
func (p Phase) String() string {
	return [...]string{"disconnected", "connecting", "connected", "lost", "waiting"}[p]
}

// State is all that the machine remembers. The zero State is disconnected. It is comparable: an event that changes
// nothing leaves an equal one.
type State struct {
	Phase    Phase
	Epoch    uint64 // the number of the latest attempt, from 1
	Failures int    // how many attempts in a row have failed, or led to short sessions: the back-off grows with them
	Fault    Fault  // why the latest attempt or session ended, or is being ended; None while all is well
	Stopped  bool   // the link has been stopped, for good
	Takeover bool   // another client seems to have used the same client id of late
	NoWill   bool   // the latest attempt is made without the will, because the broker seems to refuse one

	warned  bool                          // since Takeover was set, one attempt has been made without a long wait
	lagOver bool                          // the lag of the latest attempt is over
	ended   bool                          // nothing is left of the latest attempt
	upAt    time.Duration                 // when the latest session came up
	early   [takeoverLosses]time.Duration // when the latest sessions were lost that may have been taken over, oldest first
	earlies int                           // how many elements of early are in use

	hangUps   int  // how many attempts in a row the broker has ended by hanging up
	unwilling bool // the broker has hung up on attempts with a will, and then accepted one without
}

// TakenOver tells whether the latest session ended as if another client had taken it over. A broker that is gone ends
// sessions in other ways.
func (s State) TakenOver() bool { return s.Takeover && s.Fault == EOF }

// stable is how long a session must last for the back-off to begin anew.
const stable = 30 * time.Second

// A takeover is suspected after takeoverLosses losses by end of file within takeoverWithin, each at most takeoverEarly after
// connecting, and at least takeoverApart after the loss before.
//
// Two clients with one id throw each other out within milliseconds of connecting, and an end of file is all that either of
// them sees: this was measured with real brokers. A client that suspects a takeover waits less than takeoverEarly, so that the
// other one sees its losses as early ones. Losses in quicker succession come of a network that cuts all connections.
const (
	takeoverLosses = 3
	takeoverEarly  = 20 * time.Second
	takeoverWithin = 60 * time.Second
	takeoverApart  = time.Second
)

// maxHangUps is how many attempts in a row the broker must end without a CONNACK before the machine makes one without the
// will. After each session the machine tries the will again, also with a broker that has refused it before: that may have been
// something else, which takes connections for a broker that is just starting.
const maxHangUps = 3

// Policy is how patient the link is.
type Policy struct {
	Lag     time.Duration  // after a connect request: nothing tests the connection, and no other attempt begins
	Timeout time.Duration  // how long an attempt may take
	Will    bool           // attempts are made with a last will
	Backoff backoff.Policy // the wait between attempts,
	Long    backoff.Range  // after a fault that time alone won't cure,
	Rival   backoff.Range  // and after a takeover that isn't the first
}
