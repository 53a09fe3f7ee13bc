package actors

import (
	"time"

	"github.com/mqttgateway/mqttgateway/messages"
)

// State sums up the record: how the gateway is at a moment, as the log and the availability topics have told it.
type State struct {
	Link string // closed, connecting (for the first time), connected or down

	// Unanswered is how long the broker, though there, has left something unanswered that the gateway has sent; 0 while
	// that is nothing worth to be told.
	Unanswered time.Duration

	TooLarge int64 // messages from the broker that were larger than allowed, and passed over

	// Devices; each is in one of the three.
	Online  int
	Opening int // for the first time
	Down    int // failed, stuck, misconfigured, or down with the one that added it
}

// State waits for no actor. Any goroutine may call it, also before the gateway runs and after.
func (g *Gateway) State() State {
	link, counts := g.board.sum()
	s := State{
		Link: linkWords[link.State], TooLarge: g.counters.TooLarge.Load(),
		Online: counts.Online, Opening: counts.Opening, Down: counts.Down,
	}
	if !link.Unanswered.IsZero() {
		s.Unanswered = time.Since(link.Unanswered)
	}
	return s
}

// linkWords are what the states of the link are called there.
var linkWords = map[messages.State]string{
	messages.Closed: "closed", messages.Connecting: "connecting", messages.Online: "connected", messages.Offline: "down",
}
