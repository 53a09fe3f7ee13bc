package supervision

import (
	"time"

	"github.com/mqttgateway/mqttgateway/messages"
)

// Kind says what an entry is about. A device may have the name of an actor: kind and name together tell entries apart.
type Kind uint8

// The kinds of entries.
const (
	Link Kind = iota // with the broker
	Part             // an actor of the gateway's own
	Device
)

// String returns the kind's name in lower case.
func (k Kind) String() string { return [...]string{"link", "part", "device"}[k] }

// Entry is how one thing is: the link, a part, or a device. Entries are comparable.
type Entry struct {
	Kind  Kind
	Name  string
	State messages.State

	// Since is since when the thing is online, connecting, closed, or down, which is offline, stuck or misconfigured. A failed
	// attempt to begin the thing again doesn't change Since.
	Since time.Time

	// Reason is why the thing is down, on one line; "" unless it is. A device that is down with its hub has the hub's reason.
	Reason string

	Failures int // in a row; a life of 30 s ends the row
	Restarts int // how often the thing has been begun again in all, the next time included

	// Next is when the thing is begun again; in the past while that goes on. Next is zero if the thing is not down, or if something
	// else must come first: the hub, the end of a call that is stuck, another configuration.
	Next time.Time

	Type    string // of a device
	AddedBy string // the device that has added this one; "": the configuration

	Unanswered time.Time // since when the broker has left something unanswered, though the link is up; zero: it has not
}

// Change is an entry before and after an event.
type Change struct {
	Before Entry // the zero Entry: there was none
	Now    Entry // the zero Entry: there is none any more
}

// Order asks for a device or part to be begun again after a while.
type Order struct {
	Kind  Kind // Part or Device
	Name  string
	After time.Duration
}

// The events that are no messages: the supervisor sees them itself.
type (
	// PartBegan tells that an actor of the gateway's own has begun, for the first time or again.
	PartBegan struct{ Part string }
	// PartFailed tells that an actor of the gateway's own has panicked.
	PartFailed struct {
		Part string
		Err  error
	}
	// Ended tells that the gateway is at its end, with everything closed. Nothing changes afterwards.
	Ended struct{}
)

// Counts are of devices. Each is in one of the three while the gateway runs.
type Counts struct {
	Online  int
	Opening int // for the first time
	Down    int
}

// down reports whether a state is that of a thing which is wanted and does not work.
func down(s messages.State) bool {
	return s == messages.Offline || s == messages.Stuck || s == messages.Misconfigured
}
