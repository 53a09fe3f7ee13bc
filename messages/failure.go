package messages

import "time"

// Failure tells that an actor, or the equipment behind it, failed. Anyone → supervisor.
type Failure struct {
	Who   string // the device, or "connection" or "mapper"
	What  Doing  // what it was doing
	Err   error  // which says that too
	Stack string // of a panic, on one line; else empty
	Final bool   // it can't be mended by beginning again: wrong configuration
}

// Doing says in which part of a life something happened.
type Doing string

// The parts of a device's life in which it can fail; actors beside devices only know Receiving.
const (
	Opening   Doing = "opening"
	Handling  Doing = "handling"
	Running   Doing = "running"
	Closing   Doing = "closing"
	Receiving Doing = "receiving" // an actor's Receive panicked
)

// Report is an error that a device tells of and lives on with. Device → supervisor.
type Report struct {
	Device string
	Err    error
}

// Early tells that messages were acknowledged that their device has not handled yet, for it is slow. Device's mailbox →
// supervisor.
type Early struct {
	Device string
	Count  int
	Err    error // what the device is at
}

// Refusals tells that something was turned away: a message that can't be mapped, one for a device that is down or
// busy, a publication that found no room. Anyone → supervisor.
type Refusals struct {
	Who   string // the device, or "mapper" or "outbox"
	What  string // a short constant that says which kind
	Count int
	Err   error // of the latest
}

// Unspooled tells of records that the spool could not write, of which nothing is lost as long as the process lives.
// Connection, a device's mailbox, the spool → supervisor.
type Unspooled struct {
	Count    int
	Releases bool // they are not written to be owed no more; else not to be owed
	Err      error
}

// Reopen tells when to open a failed device again, or to begin an actor again. Supervisor → devices → device.
type Reopen struct {
	Device string
	After  time.Duration
}
