package supervision

import (
	"time"

	"github.com/mqttgateway/mqttgateway/messages"
)

// Kind says what an entry is about. The name of a device may be that of an actor, so that it takes both to tell entries apart.
type Kind uint8

// The kinds of entries.
const (
	Link Kind = iota // with the broker
	Part             // an actor of the gateway's own
	Device
)

// String returns the kind's name in lower case.
func (k Kind) String() string { return [...]string{"link", "part", "device"}[k] }

// Entry is how one thing is. Entries are comparable: two that are equal say the same.
type Entry struct {
	Kind  Kind
	Name  string
	State messages.State

	// Since is since when the thing is online, down (offline, stuck or misconfigured), connecting or closed. Failed attempts
	// don't change it.
	Since time.Time

	// Reason is why it is down, in one line; "" unless it is. A device that is down with its hub has the hub's.
	Reason string

	Failures int // in a row; a life of 30 s ends the row
	Restarts int // how often it has been begun again, or is about to be, in all

	// Next is when it is begun again, and in the past while that goes on. It is zero if it is not down, or if something else
	// comes first: its hub, its own call that doesn't return, another configuration.
	Next time.Time

	Type    string // of a device
	AddedBy string // the device that has added this one; "": the configuration

	Unanswered time.Time // since when the broker has left something unanswered, though the link is up; zero: it has not
}

// Change is what has become of an entry.
type Change struct {
	Before Entry // the zero Entry: there was none
	Now    Entry // the zero Entry: there is none any more
}

// Order says what is to be begun again, and how long to wait before.
type Order struct {
	Kind  Kind // Part or Device
	Name  string
	After time.Duration
}

// The events that no message tells. The supervisor sees them itself.
type (
	// PartBegan tells that an actor of the gateway's own has begun, for the first time or again.
	PartBegan struct{ Part string }
	// PartFailed tells that an actor of the gateway's own has panicked.
	PartFailed struct {
		Part string
		Err  error
	}
	// Ended tells that the gateway is at its end, and with it everything closed. It is final.
	Ended struct{}
)

// Counts are of devices. Each is in one of the three while the gateway runs.
type Counts struct {
	Online  int
	Opening int // for the first time
	Down    int
}

// down reports whether a state is one of a thing that does not work, though it is wanted.
func down(s messages.State) bool {
	return s == messages.Offline || s == messages.Stuck || s == messages.Misconfigured
}
