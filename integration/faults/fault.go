package faults

import (
	"fmt"
	"time"
)

// Direction is the direction in which bytes pass.
type Direction uint8

// The directions. The client is the end that connects to the proxy.
const (
	Up   Direction = 1 << iota // client to server
	Down                       // server to client
	Both = Up | Down
)

// Ending is how a connection ends.
type Ending uint8

// The endings.
const (
	FIN Ending = iota // as if the other end had closed the connection
	RST               // as if the other end's machine did not know the connection
)

// String returns the ending's name.
func (e Ending) String() string { return [...]string{"FIN", "RST"}[e] }

type kind uint8

const (
	none kind = iota
	swallow
	stall
	delay
	throttle
	truncate
)

// Fault is what happens to the bytes of a direction. The zero Fault passes them on.
type Fault struct {
	kind  kind
	wait  time.Duration
	count int // bytes, or bytes a second
	how   Ending
}

// Swallow takes bytes from their sender and drops them.
func Swallow() Fault { return Fault{kind: swallow} }

// Stall takes no bytes, so that the sender soon can't write: a closed window. When the fault ends, all bytes are passed
// on.
func Stall() Fault { return Fault{kind: stall} }

// Delay passes bytes on after a delay. Bytes that come meanwhile wait, and are then delayed together.
func Delay(d time.Duration) Fault { return Fault{kind: delay, wait: d} }

// Throttle passes on at most rate bytes a second, at least 1.
func Throttle(rate int) Fault { return Fault{kind: throttle, count: max(rate, 1)} }

// Truncate passes on a number of further bytes of each connection, and then cuts the connection.
func Truncate(bytes int, how Ending) Fault { return Fault{kind: truncate, count: bytes, how: how} }

// String returns the name of the fault and its figures.
func (f Fault) String() string {
	switch f.kind {
	case swallow:
		return "swallow"
	case stall:
		return "stall"
	case delay:
		return fmt.Sprintf("delay by %v", f.wait)
	case throttle:
		return fmt.Sprintf("throttle to %d B/s", f.count)
	case truncate:
		return fmt.Sprintf("truncate after %d B by %v", f.count, f.how)
	}
	return "none"
}
