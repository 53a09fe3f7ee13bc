package actors

import (
	"cmp"
	"slices"
	"strings"

	"github.com/mqttgateway/mqttgateway/actors/outbox"
	"github.com/mqttgateway/mqttgateway/internal/mqtt"
	"github.com/mqttgateway/mqttgateway/messages"
)

// The words of an availability topic. "offline" may be followed by a reason: "offline: no such port".
const (
	onlineWord     = "online"
	connectingWord = "connecting"
	offlineWord    = "offline"
)

// availabilityQoS is the QoS of availability topics, whatever the gateway's is: after a lost word the topic would be
// wrong until the next change.
const availabilityQoS = 1

// availabilityTopic is what the broker must have at one of these topics, always retained:
//
//	root/$gateway/name/state          the gateway's own: online, offline
//	root/$gateway/name/device/state   a device's: connecting, online, offline: reason
type availabilityTopic struct {
	device string // "": the gateway
	word   string // "": the topic must be cleared
	flying uint8  // number of its words in flight
	losses uint8  // sessions in a row that have ended over it; at outbox.MaxLosses it is set aside
	due    bool   // it is in queue
	gone   bool   // the device is removed and the topic cleared
}

// aside reports whether the topic is set aside, since the broker does not accept it.
func (a *availabilityTopic) aside() bool { return a.losses >= outbox.MaxLosses }

// availabilityTopics are the availability topics of the gateway and its devices, and which of them must still be
// published in this session. They are not in the outbox, since only the latest word of each counts.
type availabilityTopics struct {
	below    string // the beginning of all topics
	untold   bool   // nothing is published
	own      availabilityTopic
	list     []*availabilityTopic // of the devices, in the order in which they were added; with some that are gone
	goners   int                  // number of gone elements in list
	byDevice map[string]*availabilityTopic
	queue    []*availabilityTopic // topics that must be published
	stage    lastWords

	unclaimed map[string][]string // by hub: devices that the broker knows and that the hub has not added yet
	room      int                 // number of bytes of names that may still be found
}

// lastWords says which of the last words have been published.
type lastWords uint8

const (
	noLastWords lastWords = iota
	devicesLeft
	gatewayLeft
)

const (
	foundRoom = 4 << 20 // bytes of names of removed devices; the next run finds the others
	foundSize = 64      // bytes that each name counts in addition to its length
)

func newAvailabilityTopics(below string, untold bool) *availabilityTopics {
	return &availabilityTopics{
		below: below, untold: untold, own: availabilityTopic{word: onlineWord},
		byDevice: make(map[string]*availabilityTopic), unclaimed: make(map[string][]string), room: foundRoom,
	}
}

// add adds a device with its first word, which is not published yet.
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

// of returns the availability of a device, or nil if there is none.
func (s *availabilityTopics) of(device string) *availabilityTopic {
	if device == "" {
		return &s.own
	}
	return s.byDevice[device]
}

// will returns the gateway's will, or nil for no will.
func (s *availabilityTopics) will() *mqtt.Message {
	if s.untold {
		return nil
	}
	return &mqtt.Message{Topic: s.topic(&s.own), Payload: offlineWord, QoS: availabilityQoS, Retained: true}
}

// begin makes all topics due in a new session, the gateway's first: the broker may have lost them, or published the
// will.
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

// enqueue makes a topic due, unless it is already. If the gateway's own topic is set aside, those of its devices are
// not published either.
func (s *availabilityTopics) enqueue(a *availabilityTopic) {
	if !a.due && !s.untold && !a.aside() && !s.own.aside() {
		a.due = true
		s.queue = append(s.queue, a)
	}
}

// set gives a topic another word, and makes the topic due if the word has changed.
func (s *availabilityTopics) set(a *availabilityTopic, word string) {
	if a.word != word {
		a.word = word
		s.enqueue(a)
	}
}

// note applies what the supervisor says about a device, until the last words begin.
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

// unclaim removes a device from those that its hub has not added yet.
func (s *availabilityTopics) unclaim(device string) {
	hub := hubOf(device)
	if names, ok := s.unclaimed[hub]; ok && hub != "" {
		s.unclaimed[hub] = slices.DeleteFunc(names, func(name string) bool { return name == device })
	}
}

// found handles the name of a device whose availability the broker has. If no such device exists, its topic is cleared.
// A device below a hub that is not open is set offline with the hub's reason, until the hub is open: its topic is
// cleared then, unless the hub has added the device.
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

// noteHub gives the devices that a hub has not added yet the state of the hub.
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

// remove makes the topic of a removed device be cleared.
func (s *availabilityTopics) remove(device string) {
	if a := s.byDevice[device]; a != nil && !s.untold {
		s.unclaim(device)
		s.set(a, "")
		s.noteHub(device)
	}
}

// leave makes the next of the last words due, and returns false if there is none: first those of the devices, then the
// gateway's own.
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

// leaveAtOnce returns the gateway's own last word, which goes to the session before everything that is due; ok is false
// if it was published already, or must not be.
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
		s.queue = nil // frees the memory that many devices needed
	}
	a.due = false
	return s.entry(a)
}

// landed notes the result of a word in flight: the broker has acknowledged it, or will never accept it.
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

// suspect notes that a session has ended while a word was in flight, alone or with others. It returns true if the topic
// is now set aside.
func (s *availabilityTopics) suspect(device string, alone bool) (aside bool) {
	a := s.of(device)
	if a == nil {
		return false
	}
	a.losses = outbox.Suspect(a.losses, alone)
	return a.aside()
}

// tellAvailability passes what is due to the session, as far as the session may have more, and returns true if nothing
// is left. There must be a session.
func (c *connection) tellAvailability() (all bool) {
	for {
		a := c.availability.first()
		if a == nil {
			return true
		}
		if !c.flight.Room(availabilityQoS, a.losses) {
			return false
		}
		e := c.availability.pop()
		if e.Payload != "" && c.ledger != nil { // without a ledger nobody asks the memory for these
			c.retained.State(cmp.Or(e.Device, ownName), e.Topic)
		}
		c.hand(e)
	}
}

// maxReason is the maximum length of a reason in an availability topic, in bytes.
const maxReason = 200

// offlineFor returns the word for offline with a reason, which is cut, and made one line of printable characters.
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
