package actors

import (
	"slices"
	"strings"

	"github.com/mqttgateway/mqttgateway/actors/outbox"
	"github.com/mqttgateway/mqttgateway/internal/mqtt"
	"github.com/mqttgateway/mqttgateway/messages"
)

// The words of an availability topic. "offline" goes on with a reason: "offline: no such port".
const (
	onlineWord     = "online"
	connectingWord = "connecting"
	offlineWord    = "offline"
)

// availabilityQoS is that of availability topics, whatever the gateway's: a word that is lost would be wrong for ever.
const availabilityQoS = 1

// availabilityTopic is what the broker is to keep under one of these topics, always retained:
//
//	root/$gateway/name/state          the gateway's own: online, offline
//	root/$gateway/name/device/state   a device's: connecting, online, offline: reason
type availabilityTopic struct {
	device string // "": the gateway's own
	word   string // "": the topic is to be cleared
	flying uint8  // words of it that are in flight
	losses uint8  // sessions in a row that have ended over it; with outbox.MaxLosses it is set aside
	due    bool   // it is in the queue
	gone   bool   // its topic has been cleared; it is not among the devices any more
}

// aside tells whether the broker has shown that it will not have it.
func (a *availabilityTopic) aside() bool { return a.losses >= outbox.MaxLosses }

// availabilityTopics are those of the gateway and of its devices, and which of them the broker has still to be told in this
// session. They stand outside the outbox: of each only the latest word counts.
type availabilityTopics struct {
	below    string // what the topics begin with
	untold   bool   // nothing is to be told
	own      availabilityTopic
	list     []*availabilityTopic // of the devices, in the order in which they came; and some that are gone
	goners   int                  // how many of list are gone
	byDevice map[string]*availabilityTopic
	queue    []*availabilityTopic // what is due
	stage    lastWords

	unclaimed map[string][]string // by hub: devices that the broker knows and the hub has not added so far
	room      int                 // bytes of names that may still be found
}

// lastWords says which of the last words have been said.
type lastWords uint8

const (
	noLastWords lastWords = iota
	devicesLeft
	gatewayLeft
)

const (
	foundRoom = 4 << 20 // bytes of names of devices that are no more; the next run finds those beyond
	foundSize = 64      // bytes that each name counts beside its own
)

func newAvailabilityTopics(below string, untold bool) *availabilityTopics {
	return &availabilityTopics{
		below: below, untold: untold, own: availabilityTopic{word: onlineWord},
		byDevice: make(map[string]*availabilityTopic), unclaimed: make(map[string][]string), room: foundRoom,
	}
}

// add adds a device with its first word, which is not due yet.
func (s *availabilityTopics) add(device, word string) *availabilityTopic {
	a := &availabilityTopic{device: device, word: word}
	s.byDevice[device] = a
	s.list = append(s.list, a)
	return a
}

func (s *availabilityTopics) topic(a *availabilityTopic) string {
	if a == &s.own {
		return s.below + "state"
	}
	return s.below + a.device + "/state"
}

// of returns the availability of a device; nil if there is none.
func (s *availabilityTopics) of(device string) *availabilityTopic {
	if device == "" {
		return &s.own
	}
	return s.byDevice[device]
}

// will returns what the broker is to say when the gateway can't; nil: nothing.
func (s *availabilityTopics) will() *mqtt.Message {
	if s.untold {
		return nil
	}
	return &mqtt.Message{Topic: s.topic(&s.own), Payload: offlineWord, QoS: availabilityQoS, Retained: true}
}

// begin makes everything due in a new session, the gateway first: the broker may have forgotten it, or published the will.
func (s *availabilityTopics) begin() {
	s.queue = make([]*availabilityTopic, 0, 1+len(s.list)-s.goners)
	s.renew(&s.own)
	for _, a := range s.list {
		if !a.gone {
			s.renew(a)
		}
	}
}

func (s *availabilityTopics) renew(a *availabilityTopic) {
	a.due, a.flying = false, 0
	s.enqueue(a)
}

// enqueue makes an availability due, once. A broker that will not have the gateway's own is spared those of its devices.
func (s *availabilityTopics) enqueue(a *availabilityTopic) {
	if !a.due && !s.untold && !a.aside() && !s.own.aside() {
		a.due = true
		s.queue = append(s.queue, a)
	}
}

// set gives an availability its word, and makes it due if that is another than before.
func (s *availabilityTopics) set(a *availabilityTopic, word string) {
	if a.word != word {
		a.word = word
		s.enqueue(a)
	}
}

// note takes over what the supervisor says of a device, until the last words.
func (s *availabilityTopics) note(m messages.Availability) {
	if s.untold || s.stage != noLastWords {
		return
	}
	word := offlineFor(m.Reason)
	switch m.State {
	case messages.Online:
		word = onlineWord
	case messages.Connecting:
		word = connectingWord
	}
	a := s.byDevice[m.Device]
	if a == nil {
		a = s.add(m.Device, "")
	}
	s.unclaim(m.Device)
	s.set(a, word)
	s.noteHub(m.Device)
}

// unclaim takes a device off those that its hub has not added so far.
func (s *availabilityTopics) unclaim(device string) {
	hub := hubOf(device)
	if names, ok := s.unclaimed[hub]; ok && hub != "" {
		s.unclaimed[hub] = slices.DeleteFunc(names, func(name string) bool { return name == device })
	}
}

// found takes the name of a device whose availability the broker has kept. One that there is not any more is cleared. One
// below a hub that has not opened is offline, with the hub's reason, until the hub has opened: then it is cleared, unless the
// hub has added it.
func (s *availabilityTopics) found(device string) {
	if s.untold || s.byDevice[device] != nil || s.stage != noLastWords {
		return
	}
	if s.room -= len(device) + foundSize; s.room < 0 {
		return
	}
	a := s.add(device, "")
	hub := hubOf(device)
	if h := s.byDevice[hub]; h != nil && h.word != "" && h.word != onlineWord {
		a.word = belowHub(h)
		s.unclaimed[hub] = append(s.unclaimed[hub], device)
	}
	s.enqueue(a)
}

// belowHub returns the word of a device below a hub that is not online.
func belowHub(hub *availabilityTopic) string {
	return offlineFor(hub.device + ": " + strings.TrimPrefix(hub.word, offlineWord+": "))
}

// noteHub brings those that a hub has not added so far in line with the hub's own availability.
func (s *availabilityTopics) noteHub(hub string) {
	names, ok := s.unclaimed[hub]
	if !ok {
		return
	}
	h := s.byDevice[hub]
	over := h == nil || h.word == "" || h.word == onlineWord
	for _, name := range names {
		if over {
			s.set(s.byDevice[name], "")
		} else {
			s.set(s.byDevice[name], belowHub(h))
		}
	}
	if over {
		delete(s.unclaimed, hub)
	}
}

// remove makes the topic of a device be cleared.
func (s *availabilityTopics) remove(device string) {
	if a := s.byDevice[device]; a != nil && !s.untold {
		s.unclaim(device)
		s.set(a, "")
		s.noteHub(device)
	}
}

// leave makes the next of the last words due, and reports whether there was one: the devices' first, the gateway's own last.
func (s *availabilityTopics) leave() (more bool) {
	switch s.stage {
	case noLastWords:
		s.stage = devicesLeft
		for _, a := range s.list {
			if a.word != "" {
				s.set(a, offlineFor("stopped"))
			}
		}
	case devicesLeft:
		s.stage = gatewayLeft
		s.set(&s.own, offlineWord)
	default:
		return false
	}
	return true
}

// leaveAtOnce returns the gateway's own last word, to be handed to the session whatever else is due; false if that has been
// said, or is not to be.
func (s *availabilityTopics) leaveAtOnce() (e outbox.Entry, ok bool) {
	if s.stage == gatewayLeft || s.untold || s.own.aside() {
		return outbox.Entry{}, false
	}
	s.own.word = offlineWord
	return s.entry(&s.own), true
}

// entry returns the present word of an availability for the flight.
func (s *availabilityTopics) entry(a *availabilityTopic) outbox.Entry {
	a.flying++
	return outbox.Entry{
		Publication:  messages.Publication{Device: a.device, Topic: s.topic(a), Payload: a.word, Retain: true},
		QoS:          availabilityQoS,
		Losses:       a.losses,
		Availability: true,
	}
}

// first returns the first that is due, which stays in the queue; nil if nothing is.
func (s *availabilityTopics) first() *availabilityTopic {
	if len(s.queue) == 0 {
		return nil
	}
	return s.queue[0]
}

// pop removes the first that is due and returns it for the flight; there must be one.
func (s *availabilityTopics) pop() outbox.Entry {
	a := s.queue[0]
	s.queue[0] = nil
	if s.queue = s.queue[1:]; len(s.queue) == 0 {
		s.queue = nil // what it took for many devices is given back
	}
	a.due = false
	return s.entry(a)
}

// landed notes the result of a word that was in flight: the broker has acknowledged it, or will never have it.
func (s *availabilityTopics) landed(device string, acknowledged bool) {
	a := s.of(device)
	if a == nil {
		return
	}
	a.flying--
	if !acknowledged {
		a.losses = outbox.MaxLosses
		return
	}
	a.losses = 0
	if a.word != "" || a.due || a.flying > 0 {
		return
	}
	a.gone = true
	delete(s.byDevice, device)
	if s.goners++; s.goners > 16 && s.goners > len(s.list)/2 {
		s.list = slices.DeleteFunc(s.list, func(a *availabilityTopic) bool { return a.gone })
		s.goners = 0
	}
}

// suspect notes that a session has ended over a word that was in flight, alone or not, and reports whether its topic is set
// aside with that.
func (s *availabilityTopics) suspect(device string, alone bool) (aside bool) {
	a := s.of(device)
	if a == nil {
		return false
	}
	if a.losses < outbox.MaxLosses-1 || alone {
		a.losses++
	}
	return a.aside()
}

// tellAvailability hands what is due to the session, while it may have more, and reports whether that was all. It is called
// while a session stands.
func (c *connection) tellAvailability() (all bool) {
	for {
		a := c.availability.first()
		if a == nil {
			return true
		}
		if !c.flight.Room(availabilityQoS, a.losses) {
			return false
		}
		c.hand(c.availability.pop())
	}
}

// maxReason bounds the reason in an availability, in bytes.
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
