package actors

import (
	"sync"
	"time"

	"github.com/mqttgateway/mqttgateway/messages"
)

// State is the gateway at a moment, as the supervisor sees it, and as the log has told it.
type State struct {
	Link string // closed, connecting (for the first time), connected or down

	// Unanswered is how long the broker, though there, has left something unanswered that the gateway has sent; 0 while
	// that is nothing worth to be told.
	Unanswered time.Duration

	TooLarge int64 // messages from the broker that were larger than allowed, and passed over

	// Devices; each is in one of the three.
	Online  int
	Opening int // for the first time
	Down    int // failed or stuck
}

// State waits for no actor. Any goroutine may call it, also before the gateway runs and after.
func (g *Gateway) State() State {
	s := g.system.standing.look()
	s.TooLarge = g.system.counters.TooLarge.Load()
	return s
}

// condition is how a device is.
type condition uint8

const (
	isOpening condition = iota
	isOnline
	isDown
)

// standing is what State tells. The supervisor keeps it; anybody may look.
type standing struct {
	mu      sync.Mutex
	link    string
	owed    time.Time        // since when the broker has not answered; zero: it does
	devices map[string]*slot // never changes; the conditions do
	count   [isDown + 1]int
}

// newStanding is that of a gateway that has not started.
func newStanding(devices map[string]*slot) *standing {
	s := &standing{link: "closed", devices: devices}
	s.count[isOpening] = len(devices)
	return s
}

func (s *standing) look() State {
	s.mu.Lock()
	defer s.mu.Unlock()
	state := State{Link: s.link, Online: s.count[isOnline], Opening: s.count[isOpening], Down: s.count[isDown]}
	if !s.owed.IsZero() {
		state.Unanswered = time.Since(s.owed)
	}
	return state
}

func (s *standing) setLink(word string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.link, s.owed = word, time.Time{}
}

func (s *standing) setOwed(since time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.owed = since
}

// setDevice returns how the device was before.
func (s *standing) setDevice(name string, now condition) (was condition) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.devices[name]
	if p == nil {
		return now
	}
	was, p.condition = p.condition, now
	s.count[was]--
	s.count[now]++
	return was
}

// note takes what the supervisor is told into account, and returns what is news of a device, if it is. The reason for
// which one went down stands until it is up again, or known to stay down for good: attempts to open it are no news.
func (s *standing) note(msg any) (a messages.Availability, news bool) {
	switch m := msg.(type) {
	case messages.DeviceChanged:
		switch m.State {
		case messages.Online:
			was := s.setDevice(m.Device, isOnline)
			return messages.Availability{Device: m.Device, State: messages.Online}, was != isOnline
		case messages.Stuck:
			was := s.setDevice(m.Device, isDown)
			return messages.Availability{Device: m.Device, State: messages.Offline, Reason: m.Err.Error()}, was != isDown
		}
	case messages.Failure:
		if m.What != messages.Closing { // then it was on its way out already
			was := s.setDevice(m.Who, isDown)
			return messages.Availability{Device: m.Who, State: messages.Offline, Reason: m.Err.Error()}, was != isDown || m.Final
		}
	case messages.LinkUp:
		s.setLink("connected")
	case messages.LinkOwed:
		s.setOwed(m.Since)
	case messages.LinkDown:
		s.setLink("down")
	case messages.LinkClosed:
		s.setLink("closed")
	}
	return a, false
}
