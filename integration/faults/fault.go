package faults

import (
	"fmt"
	"time"
)

// Direction is which way bytes go.
type Direction uint8

// The directions. Client is who connects to the proxy.
const (
	Up   Direction = 1 << iota // client to server
	Down                       // server to client
	Both = Up | Down
)

// Ending is how a connection ends.
type Ending uint8

// The endings.
const (
	FIN Ending = iota // as if the other had closed it
	RST               // as if the other's machine knew nothing of it
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

// Fault is what happens to the bytes of a direction. The zero Fault lets them pass.
type Fault struct {
	kind  kind
	wait  time.Duration
	count int // bytes, or bytes a second
	how   Ending
}

// Swallow takes bytes from their sender and drops them: a black hole.
func Swallow() Fault { return Fault{kind: swallow} }

// Stall takes no bytes, so that the sender soon has nowhere to put them: a window of zero. When it is over all go on.
func Stall() Fault { return Fault{kind: stall} }

// Delay hands bytes on that much later. What comes meanwhile waits, and is then delayed as a whole.
func Delay(d time.Duration) Fault { return Fault{kind: delay, wait: d} }

// Throttle hands on so many bytes a second, at least 1.
func Throttle(rate int) Fault { return Fault{kind: throttle, count: max(rate, 1)} }

// Truncate hands on so many bytes more of each connection, and then cuts it.
func Truncate(bytes int, how Ending) Fault { return Fault{kind: truncate, count: bytes, how: how} }

// String names the fault and how bad it is.
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
