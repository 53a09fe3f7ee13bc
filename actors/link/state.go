package link

import (
	"time"

	"github.com/mqttgateway/mqttgateway/actors/backoff"
)

// Phase is a phase of the link.
type Phase uint8

// The phases.
const (
	Disconnected Phase = iota // Start has not come yet, or Stop has
	Connecting                // an attempt is under way, or has failed within its lag
	Connected                 // there is a session
	Lost                      // the end of an attempt or a session is awaited
	Waiting                   // until the next attempt
)

// String returns the phase's name in lower case.
func (p Phase) String() string {
	return [...]string{"disconnected", "connecting", "connected", "lost", "waiting"}[p]
}

// State is everything that the machine remembers. The zero State is disconnected. States are comparable: an event that
// changes nothing leaves an equal State.
type State struct {
	Phase    Phase
	Epoch    uint64 // the number of the latest attempt, from 1
	Failures int    // attempts in a row that failed or led to short sessions; the back-off grows with them
	Fault    Fault  // why the latest attempt or session has ended or is being ended; None while there is no fault
	Stopped  bool   // the link has been stopped, for good
	Takeover bool   // another client seems to have used the same client id recently
	NoWill   bool   // the latest attempt is without the will, because the broker seems to refuse it

	warned  bool          // since Takeover was set, one attempt was made after a short wait
	lagOver bool          // the lag of the latest attempt is over
	ended   bool          // nothing is left of the latest attempt
	upAt    time.Duration // when the latest session began
	// When the latest sessions that may have been taken over were lost, the oldest first.
	early   [takeoverLosses]time.Duration
	earlies int // number of elements of early in use

	hangUps   int  // attempts in a row that the broker has ended by hanging up
	unwilling bool // the broker has hung up on attempts with a will, and has then accepted one without
}

// TakenOver reports whether the latest session ended as if another client had taken it over. A session whose broker is
// gone ends otherwise.
func (s State) TakenOver() bool { return s.Takeover && s.Fault == EOF }

// stable is how long a session must last for the back-off to begin from its minimum again.
const stable = 30 * time.Second

// A takeover is suspected after takeoverLosses losses by end of file within takeoverWithin, each of them
//
//   - at most takeoverEarly after the session had begun,
//   - at least takeoverApart after the loss before.
//
// Two clients with the same id disconnect each other within milliseconds of connecting, and each sees an end of file
// only: this was measured with real brokers. A client that suspects a takeover waits less than takeoverEarly, so that
// the losses of the other client count as early ones, too. Losses in quicker succession are caused by a network that
// cuts all connections.
const (
	takeoverLosses = 3
	takeoverEarly  = 20 * time.Second
	takeoverWithin = 60 * time.Second
	takeoverApart  = time.Second
)

// maxHangUps is the number of attempts in a row that the broker must end without a CONNACK before an attempt without
// the will is made. After each session the next attempt has the will again, even if the broker has refused it before:
// what refused it may have been something else, which accepts connections in place of a broker that is starting.
const maxHangUps = 3

// Policy holds the times and waits of the link.
type Policy struct {
	// Time after a connect request in which the connection is not tested and no other attempt begins.
	Lag     time.Duration
	Timeout time.Duration  // how long an attempt may take
	Will    bool           // attempts are made with a last will
	Backoff backoff.Policy // wait between attempts
	Long    backoff.Range  // wait after a fault that time alone does not cure
	Rival   backoff.Range  // wait after the second takeover in a row, and later ones
}
