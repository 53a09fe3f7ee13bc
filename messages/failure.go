package messages

import "time"

// Failure says that an actor, or the equipment behind it, has failed. Any actor → supervisor.
type Failure struct {
	Who   string // the device, or "connection" or "mapper"
	What  Doing  // what the actor was doing
	Err   error  // names that as well
	Stack string // of a panic, on one line; otherwise empty
	// Recorded is what the flight recorder of a device has that has panicked, on one line; otherwise empty.
	Recorded string
	Final    bool // beginning again does not help: the configuration is wrong
	// The opener has listened to equipment that speaks unasked, and is to listen again: the shortest back-off will do.
	Listens bool
}

// Doing is the part of an actor's life in which it failed.
type Doing string

// The parts of a device's life. Actors other than devices know only Receiving.
const (
	Opening   Doing = "opening"
	Handling  Doing = "handling"
	Running   Doing = "running"
	Closing   Doing = "closing"
	Receiving Doing = "receiving" // an actor's Receive panicked
)

// Report is an error that a device has reported without having failed. Device → supervisor.
type Report struct {
	Device string
	Err    error
}

// Early says that messages were acknowledged before their device, which is slow, has handled them. Device's mailbox →
// supervisor.
type Early struct {
	Device string
	Count  int
	Err    error // what the device is doing
}

// Refusals says that messages were refused: one that can't be mapped, one for a device that is down or busy, a publication
// that found no room. Any actor → supervisor.
type Refusals struct {
	Who   string // the device, or "mapper" or "outbox"
	What  string // the kind, a short constant
	Count int
	Err   error // of the latest
}

// Unmatched says that commands have found no device. Mapper → supervisor.
type Unmatched struct {
	Count int
	Err   error // of the latest: what no device answers to
}

// Unspooled says that the spool could not write records. They are lost only if the process is killed. Connection, a device's
// mailbox, the spool → supervisor.
type Unspooled struct {
	Count    int
	Releases bool // what could not be written is that the records are released; otherwise the records themselves
	Err      error
}

// Reopen orders a failed device to be opened again, after a time. Supervisor → devices → device.
type Reopen struct {
	Device string
	After  time.Duration
}
