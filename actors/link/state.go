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
	Epoch    uint64 // of the latest attempt, from 1
	Failures int    // attempts failed and short sessions lost in a row, which the back-off goes by
	Fault    Fault  // why the latest attempt or session ended, or is being ended; None while all is well
	Stopped  bool   // for good
	Takeover bool   // of late another client seems to have used the same client id
	NoWill   bool   // the latest attempt is made without the will, for the broker seems not to have it

	warned  bool // the other client has been thrown out once more since Takeover
	lagOver bool // of the latest attempt
	ended   bool // nothing is left of the latest attempt
	upAt    time.Duration
	early   [takeoverLosses]time.Duration // when sessions were last lost early, by end of file; oldest first
	earlies int                           // how many of early are filled

	hangUps   int  // attempts in a row over which the broker hung up
	unwilling bool // it did so with a will, and then accepted one without
}

// TakenOver tells whether the latest end looks like one more takeover. A broker that is gone is no such end.
func (s State) TakenOver() bool { return s.Takeover && s.Fault == EOF }

// What takes part in the two rules below was measured against real brokers: two clients with one id throw each other
// out within milliseconds of connecting, and all that either sees is an end of file.
const (
	stable         = 30 * time.Second // a session that lasted as long ends a bad time
	takeoverLosses = 3                // by end of file,
	takeoverEarly  = 20 * time.Second // each as early after connecting as this, more than one that knows waits for,
	takeoverWithin = 60 * time.Second // all within this: another client may be using the same client id;
	takeoverApart  = time.Second      // those sooner after one that counts don't: a network that cuts all is not a client
)

// maxHangUps is how many attempts in a row end without a CONNACK before one is made without the will. A broker that is
// known not to have it gets one with it first all the same, each time: what looked like it may have been a broker that was
// just starting, behind something that takes connections for it.
const maxHangUps = 3

// Policy is how patient the link is.
type Policy struct {
	Lag     time.Duration  // after a connect request, in which nothing is tested and no other begins
	Timeout time.Duration  // of an attempt
	Will    bool           // one is wanted
	Backoff backoff.Policy // between attempts
	Long    backoff.Range  // instead, after what time alone won't cure
	Rival   backoff.Range  // instead, after takeovers
}
