package actors

import (
	"strings"

	"github.com/mqttgateway/mqttgateway/internal/mqtt"
	"github.com/mqttgateway/mqttgateway/messages"
)

// The words of a presence. An offline one goes on with a reason: "offline: no such port".
const (
	onlineWord     = "online"
	connectingWord = "connecting"
	offlineWord    = "offline"
)

// presence is what the broker is to keep under one of these topics, always retained and at QoS 1:
//
//	root/$gateway/name/state          the gateway's own: online, offline
//	root/$gateway/name/device/state   a device's: connecting, online, offline: reason
//
// It belongs to the connection.
type presence struct {
	device string // "": the gateway's own
	word   string // "": the topic is to be cleared
	due    bool   // it is in the queue
	losses uint8  // sessions in a row that have ended over it; with maxLosses it is set aside
}

// aside tells whether the broker has shown that it will not have it.
func (p *presence) aside() bool { return p.losses >= maxLosses }

// presences are all of a gateway, and which of them the broker has still to be told in this session. They stand outside
// the outbox: there are never more than topics, and of each only the latest counts.
type presences struct {
	below   string // what their topics begin with
	untold  bool   // nobody wants to hear of them
	own     presence
	devices []*device            // each with its presence
	byName  map[string]*device   // the same
	gone    map[string]*presence // by name of devices that are no more, until the broker has cleared their topics
	queue   []*presence
	leaving farewell // which of the last words has been said
}

type farewell uint8

const (
	staying farewell = iota
	devicesLeave
	gatewayLeaves
)

func newPresences(s *system) *presences {
	return &presences{
		below:   s.Codec.Root() + "/$gateway/" + s.Codec.Name() + "/",
		untold:  s.NoAvailability,
		own:     presence{word: onlineWord},
		devices: s.hosted, byName: s.byName,
		gone: make(map[string]*presence),
	}
}

func (s *presences) topic(p *presence) string {
	if p == &s.own {
		return s.below + "state"
	}
	return s.below + p.device + "/state"
}

// will is what the broker is to say when the gateway can't; nil: nothing.
func (s *presences) will() *mqtt.Message {
	if s.untold {
		return nil
	}
	return &mqtt.Message{Topic: s.topic(&s.own), Payload: offlineWord, QoS: presenceQoS, Retained: true}
}

// begin has a new session told everything, the gateway first: the broker may have forgotten it, or published the will.
func (s *presences) begin() {
	s.queue = make([]*presence, 0, 1+len(s.devices)+len(s.gone))
	s.enqueue(&s.own, true)
	for _, d := range s.devices {
		s.enqueue(&d.presence, true)
	}
	for _, p := range s.gone {
		s.enqueue(p, true)
	}
}

// enqueue makes a presence due, once; in a fresh queue it is in not yet, whatever it was in the one before. A broker
// that will not have the gateway's own is spared those of its devices.
func (s *presences) enqueue(p *presence, fresh bool) {
	if p.due && !fresh {
		return
	}
	if p.due = !s.untold && !p.aside() && !s.own.aside(); p.due {
		s.queue = append(s.queue, p)
	}
}

// set gives a presence its word, and makes it due if that is another than before.
func (s *presences) set(p *presence, word string) {
	if p.word != word {
		p.word = word
		s.enqueue(p, false)
	}
}

// note takes over what the supervisor sees, while there is anything else to see than the end.
func (s *presences) note(m messages.Availability) {
	d := s.byName[m.Device]
	switch {
	case d == nil || s.leaving != staying:
	case m.State == messages.Online:
		s.set(&d.presence, onlineWord)
	case m.State == messages.Connecting:
		s.set(&d.presence, connectingWord)
	default:
		s.set(&d.presence, offlineFor(m.Reason))
	}
}

// vanish has the topic of a device cleared that is no more.
func (s *presences) vanish(device string) {
	if s.gone[device] == nil && !s.untold {
		p := &presence{device: device}
		s.gone[device] = p
		s.enqueue(p, false)
	}
}

// leave says the next of the last words, and reports whether there was one: devices first, the gateway's own last.
func (s *presences) leave() (more bool) {
	switch s.leaving {
	case staying:
		s.leaving = devicesLeave
		for _, d := range s.devices {
			s.set(&d.presence, offlineFor("stopped"))
		}
	case devicesLeave:
		s.leaving = gatewayLeaves
		s.set(&s.own, offlineWord)
	default:
		return false
	}
	return true
}

// first returns the first that is due without taking it; nil if none is.
func (s *presences) first() *presence {
	if len(s.queue) == 0 {
		return nil
	}
	return s.queue[0]
}

// pop takes the first; there must be one.
func (s *presences) pop() *presence {
	p := s.queue[0]
	s.queue[0] = nil
	if s.queue = s.queue[1:]; len(s.queue) == 0 {
		s.queue = nil // what it took for many devices is given back
	}
	p.due = false
	return p
}

// told notes that the broker has acknowledged a presence.
func (s *presences) told(p *presence) {
	p.losses = 0
	if s.gone[p.device] == p {
		delete(s.gone, p.device)
	}
}

// suspect notes that a session has ended over a presence, which was in flight alone or not, and reports whether
// it is set aside with that.
func (s *presences) suspect(p *presence, alone bool) (aside bool) {
	if p.losses < maxLosses-1 || alone {
		p.losses++
	}
	return p.aside()
}

// maxReason bounds the reason in a presence, in bytes.
const maxReason = 200

// offlineFor returns the word of one that is offline: one line of what can be seen, however the reason is written.
func offlineFor(reason string) string {
	line := oneLine(reason)
	if line == "" {
		return offlineWord
	}
	if len(line) > maxReason {
		line = strings.ToValidUTF8(line[:maxReason-len("…")], "") + "…"
	}
	return offlineWord + ": " + line
}
