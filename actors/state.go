package actors

import (
	"sync"

	"github.com/mqttgateway/mqttgateway/messages"
)

// State is the gateway at a moment, as the supervisor sees it, and as the log has told it.
type State struct {
	Link string // closed, connecting (for the first time), connected or down

	// Devices; each is in one of the three.
	Online  int
	Opening int // for the first time
	Down    int // failed or stuck
}

// State waits for no actor. Any goroutine may call it, also before the gateway runs and after.
func (g *Gateway) State() State { return g.system.standing.look() }

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
	devices map[string]condition
	count   [isDown + 1]int
}

// newStanding is that of a gateway that has not started.
func newStanding(slots []*slot) *standing {
	s := &standing{link: "closed", devices: make(map[string]condition, len(slots))}
	for _, slot := range slots {
		s.devices[slot.Name] = isOpening
	}
	s.count[isOpening] = len(slots)
	return s
}

func (s *standing) look() State {
	s.mu.Lock()
	defer s.mu.Unlock()
	return State{Link: s.link, Online: s.count[isOnline], Opening: s.count[isOpening], Down: s.count[isDown]}
}

func (s *standing) setLink(word string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.link = word
}

func (s *standing) setDevice(name string, now condition) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if was, ok := s.devices[name]; ok {
		s.count[was]--
		s.count[now]++
		s.devices[name] = now
	}
}

// note takes what the supervisor is told into account.
func (s *standing) note(msg any) {
	switch m := msg.(type) {
	case messages.DeviceChanged:
		switch m.State {
		case messages.Online:
			s.setDevice(m.Device, isOnline)
		case messages.Stuck, messages.Offline:
			s.setDevice(m.Device, isDown)
		}
	case messages.Failure:
		if m.What != messages.Closing { // then it was on its way out already
			s.setDevice(m.Who, isDown)
		}
	case messages.LinkUp:
		s.setLink("connected")
	case messages.LinkDown:
		s.setLink("down")
	case messages.LinkClosed:
		s.setLink("closed")
	}
}
