package supervision

import (
	"time"

	"github.com/mqttgateway/mqttgateway/messages"
)

// Kind says what an entry is about. A device may have the same name as an actor: only kind and name together identify
// an entry.
type Kind uint8

// The kinds of entries.
const (
	Link Kind = iota // the link with the broker
	Part             // one of the gateway's own actors
	Device
)

// String returns the kind's name in lower case.
func (k Kind) String() string { return [...]string{"link", "part", "device"}[k] }

// Entry is the state of one thing: the link, a part, or a device. Entries are comparable.
type Entry struct {
	Kind  Kind
	Name  string
	State messages.State

	// Since is when the thing became online, connecting, closed, or down, which means offline, stuck, misconfigured or stopped.
	// A failed attempt to begin the thing again doesn't change Since.
	Since time.Time

	// Reason is why the thing is down, on one line; "" unless it is. A device that is down with its hub has the hub's reason.
	Reason string

	Failures int // failures in a row; 30 s online end the row
	Restarts int // how often the thing has been begun again, with the next time
	Losses   int // of the link: how often a session was lost, which failed attempts to connect are not

	// Next is when the thing is begun again; it is in the past while that is under way. Next is zero if the thing is
	// not down, or if something else must happen first: the hub comes up, a stuck call returns, the configuration
	// changes, a person starts it.
	Next time.Time

	Type    string // of a device
	AddedBy string // the device that has added this one; "": the configuration

	Unanswered time.Time // since when the broker has left something unanswered on a link that is up; zero: nothing
}

// ByClock returns the entry with its times as the clock tells them that now is of; see the function.
func (e Entry) ByClock(now time.Time) Entry {
	e.Since, e.Next, e.Unanswered = ByClock(e.Since, now), ByClock(e.Next, now), ByClock(e.Unanswered, now)
	return e
}

// ByClock returns a time of this process as the clock tells it that now is of. A small box without a battery begins with a clock that is
// wrong by days, and sets it when it has found its network: a time that was noted before is of the former clock, and how long ago it was
// is all that is known for sure. Differences of up to a second are the clock's usual ones.
func ByClock(t, now time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	if told := now.Add(-now.Sub(t)); told.Round(0).Sub(t.Round(0)).Abs() > time.Second {
		return told
	}
	return t
}

// Change is an entry before and after an event.
type Change struct {
	Before Entry // the zero Entry: there was no such entry
	Now    Entry // the zero Entry: the entry is gone
}

// Order orders a device or a part to be begun again after a time.
type Order struct {
	Kind  Kind // Part or Device
	Name  string
	After time.Duration
}

// The events that are not messages: the supervisor itself makes them.
type (
	// PartBegan says that one of the gateway's own actors has begun, for the first time or again.
	PartBegan struct{ Part string }
	// PartFailed says that one of the gateway's own actors has panicked.
	PartFailed struct {
		Part string
		Err  error
	}
	// Ended says that the gateway has ended, and everything is closed. Nothing changes afterwards.
	Ended struct{}
)

// Counts are numbers of devices. While the gateway runs, each device is in one of the three.
type Counts struct {
	Online  int
	Opening int // being opened for the first time
	Down    int
}

// down reports whether a thing in this state should work, but doesn't.
func down(s messages.State) bool {
	return s == messages.Offline || s == messages.Stuck || s == messages.Misconfigured || s == messages.Stopped
}
