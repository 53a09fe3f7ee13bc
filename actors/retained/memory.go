package retained

import (
	"container/list"
	"slices"
	"strings"

	"github.com/mqttgateway/mqttgateway/actors/outbox"
	"github.com/mqttgateway/mqttgateway/internal/fifo"
	"github.com/mqttgateway/mqttgateway/messages"
)

// The usual bounds of a memory.
const (
	MostTopics = 100_000
	MostBytes  = 64 << 20
)

// Memory is what a gateway has at the broker. Make it with New; it isn't safe for concurrent use.
type Memory struct {
	most, mostBytes int
	ledger          Ledger
	keeps           bool // the ledger is one

	topics   map[string]*topic
	wordless map[place]Status // what the words in force refuse
	order    list.List        // of *topic, the longest unsaid first
	bytes    int
	givenUp  int

	devices  map[string]*device  // that are there, or have topics
	awaited  map[string][]string // by hub: devices of an earlier run that the hub may add again
	spared   bool                // the broker is not to be told of views
	contests contests
	queues   [2]fifo.Queue[*topic]
	inFlight int
}

// device is one that is there, or has topics. It is small, since most of 100,000 devices retain nothing.
type device struct {
	there  bool
	known  bool              // the configured address is known
	home   *messages.Address // the configured address; nil: the device's name alone
	topics map[*topic]struct{}
}

// setHome notes the address that is configured for the device, whose name this is.
func (d *device) setHome(name string, home messages.Address) {
	d.known, d.home = true, nil
	if home != (messages.Address{Device: name}) {
		own := home
		d.home = &own
	}
}

// homeOf returns the address that is configured for the device, whose name this is; zero: unknown.
func (d *device) homeOf(name string) messages.Address {
	switch {
	case !d.known:
		return messages.Address{}
	case d.home != nil:
		return *d.home
	}
	return messages.Address{Device: name}
}

// own notes that a topic is the device's.
func (d *device) own(t *topic) {
	if d.topics == nil {
		d.topics = make(map[*topic]struct{})
	}
	d.topics[t] = struct{}{}
}

// topic is what the memory knows of one retained topic.
type topic struct {
	Record
	number  uint64               // of the record in the ledger; 0: none
	at      *list.Element        // in Memory.order
	payload string               // the latest
	known   bool                 // payload is known: this run has said it, or is to
	said    bool                 // a device of this run has said it
	former  string               // the device that had said it before this one
	msg     messages.InternalMsg // of a status said in this run

	owed   bool    // the memory, not the outbox, has the latest to tell; false: the outbox, or the broker knows it
	due    urgency // in which queue it waits
	last   urgency // in which it waited last
	queued [2]bool // it stands in the queue, perhaps in vain
	flying uint8   // times that it is in flight
	losses uint8   // sessions in a row that have ended over it; with outbox.MaxLosses it is set aside
}

// urgency tells the queues of what is due from each other.
type urgency uint8

const (
	news  urgency = iota // the broker has never known it
	again                // the broker had known it before it lost the session
	notDue
)

// New returns an empty memory with these bounds.
func New(most, mostBytes int, ledger Ledger) *Memory {
	_, none := ledger.(NoLedger)
	return &Memory{
		most: most, mostBytes: mostBytes, ledger: ledger, keeps: !none,
		topics: make(map[string]*topic), wordless: make(map[place]Status), devices: make(map[string]*device), awaited: make(map[string][]string),
	}
}

// overhead is what a topic counts beside the texts, in bytes.
const overhead = 400

// size returns what a topic counts, in bytes. The message of a status has about the payload's size.
func (t *topic) size() int { return len(t.Topic) + 2*len(t.payload) + overhead }

func (t *topic) aside() bool { return t.losses >= outbox.MaxLosses }

// Len returns how many topics there are.
func (m *Memory) Len() int { return len(m.topics) }

// Uncleared returns how many topics the broker has still to clear.
func (m *Memory) Uncleared() (n int) {
	for _, t := range m.topics {
		if t.Cleared {
			n++
		}
	}
	return n
}

// About returns what the status of a topic is about, and the sender that it names.
func (m *Memory) About(topic string) (about messages.Address, sender string) {
	if t := m.topics[topic]; t != nil {
		return t.About, t.Sender
	}
	return messages.Address{}, ""
}

// GivenUp returns how many topics found no room.
func (m *Memory) GivenUp() int { return m.givenUp }

// Status is a status that the broker is to keep.
type Status struct {
	Device         string
	Topic, Payload string
	Msg            messages.InternalMsg
	Signed         bool // by this gateway
	Entities       bool // the gateway says it for the entities of the device
}

// Status notes a retained status that the outbox is to send, and returns the record that is to be in the ledger first; 0: none.
// What somebody else has signed is cleared when the device goes, and not said again: the other may have said something newer.
func (m *Memory) Status(s Status) (record uint64) {
	delete(m.wordless, placeOf(s.Msg))
	return m.note(s)
}

func (m *Memory) note(s Status) (record uint64) {
	t := m.get(Record{Topic: s.Topic, Device: s.Device, About: s.Msg.Address(), Sender: s.Msg.Sender(), Entities: s.Entities})
	t.msg, t.said = s.Msg, true
	m.sent(t, s.Payload, s.Signed)
	return t.number
}

// sent notes what the outbox is to send to a topic.
func (m *Memory) sent(t *topic, payload string, signed bool) {
	if !signed {
		payload, t.msg = "", messages.InternalMsg{}
	}
	m.put(t, payload)
	t.known = signed
	t.owed, t.due = false, notDue
	m.bound()
}

// Restored notes a retained status that the outbox has from an earlier run.
func (m *Memory) Restored(r Record, payload string, signed bool) (record uint64) {
	if known := m.topics[r.Topic]; known != nil && known.Device == r.Device {
		r = known.Record // the ledger knows more of it
	}
	r.Cleared = false
	t := m.get(r)
	m.sent(t, payload, signed)
	return t.number
}

// Overruled tells whether the ledger has had a topic cleared since this record of the ledger.
func (m *Memory) Overruled(topic string, record uint64) bool {
	t := m.topics[topic]
	return t != nil && t.Cleared && t.number > record
}

// View notes a view, which is due. An empty payload has the topic cleared.
func (m *Memory) View(device, name, topic, payload string) {
	t := m.get(Record{Topic: topic, Device: device, View: name})
	t.said = true
	if payload == "" {
		m.clear(t)
		return
	}
	m.put(t, payload)
	m.owe(t, news)
	m.bound()
}

// State notes that the broker keeps the availability of a device, or of the gateway itself, under a topic. Others tell the broker
// of that, and say by StateCleared when the topic has been cleared: the memory only has the ledger know of it.
func (m *Memory) State(device, topic string) {
	m.get(Record{Topic: topic, Device: device, View: stateView}).said = true
	m.bound()
}

// StateCleared notes that the broker keeps the availability under a topic no more.
func (m *Memory) StateCleared(topic string) {
	if t := m.topics[topic]; t != nil && t.View == stateView {
		m.drop(t)
	}
}

// stateView is the name of the view that shows an availability.
const stateView = "state"

// get returns the topic of a record, which is in the ledger from then on.
func (m *Memory) get(r Record) *topic {
	d := m.device(r.Device)
	if r.Home == (messages.Address{}) {
		r.Home = d.homeOf(r.Device)
	}
	t := m.topics[r.Topic]
	if t == nil {
		t = &topic{Record: r, due: notDue}
		t.at = m.order.PushBack(t)
		m.topics[r.Topic] = t
		m.bytes += t.size()
	} else {
		m.order.MoveToBack(t.at)
		if t.Device != r.Device {
			m.contend(t, r.Device)
			m.disown(t)
			t.said = false
		}
	}
	d.own(t)
	m.record(t, r)
	return t
}

// record has the ledger keep a record instead of the one before.
func (m *Memory) record(t *topic, r Record) {
	if t.Record == r && (t.number != 0 || !m.keeps) {
		return
	}
	t.Record = r
	number := m.ledger.Keep(r.text())
	if number == 0 {
		return
	}
	if t.number != 0 {
		m.ledger.Release(t.number)
	}
	t.number = number
}

// put gives a topic its latest payload. If the broker would not have the one before, another one gets a chance, alone.
func (m *Memory) put(t *topic, payload string) {
	if payload != t.payload {
		t.losses = min(t.losses, outbox.MaxLosses-1)
	}
	m.bytes -= t.size()
	t.payload, t.known = payload, true
	m.bytes += t.size()
}

// device returns the device of a name.
func (m *Memory) device(name string) *device {
	d := m.devices[name]
	if d == nil {
		d = new(device)
		m.devices[name] = d
	}
	return d
}

// disown takes a topic from its device.
func (m *Memory) disown(t *topic) {
	d := m.devices[t.Device]
	delete(d.topics, t)
	if len(d.topics) == 0 && !d.there {
		delete(m.devices, t.Device)
	}
}

// drop forgets a topic.
func (m *Memory) drop(t *topic) {
	m.disown(t)
	m.order.Remove(t.at)
	delete(m.topics, t.Topic)
	m.bytes -= t.size()
	t.owed, t.due = false, notDue
	if t.number != 0 {
		m.ledger.Release(t.number)
	}
}

// bound gives up what exceeds the bounds, but neither what is to be cleared, nor what is in flight, nor what has been said last.
func (m *Memory) bound() {
	for at := m.order.Front(); at != m.order.Back() && (len(m.topics) > m.most || m.bytes > m.mostBytes); {
		t := at.Value.(*topic)
		at = at.Next()
		if !t.Cleared && t.flying == 0 {
			m.drop(t)
			m.givenUp++
		}
	}
}

// clear makes a topic due to be cleared.
func (m *Memory) clear(t *topic) {
	m.put(t, "")
	t.msg = messages.InternalMsg{}
	m.order.MoveToBack(t.at)
	r := t.Record
	r.Cleared = true
	m.record(t, r)
	m.owe(t, news)
}

// clearAll clears the topics of a device that are picked, but its availability, and returns them in order.
func (m *Memory) clearAll(name string, picks func(*topic) bool) (cleared []string) {
	d := m.devices[name]
	if d == nil {
		return nil
	}
	for t := range d.topics {
		if picks(t) && !t.Cleared && t.View != stateView {
			cleared = append(cleared, t.Topic)
		}
	}
	slices.Sort(cleared)
	for _, name := range cleared {
		m.clear(m.topics[name])
	}
	return cleared
}

// Forget clears the statuses that a device has said about an address.
func (m *Memory) Forget(device string, about messages.Address) (cleared []string) {
	m.forgetWordless(device, func(a messages.Address) bool { return a == about })
	return m.clearAll(device, func(t *topic) bool { return t.View == "" && t.About == about })
}

// Gone clears all that a device has left which is no more, and what is left of devices that it might have added again.
func (m *Memory) Gone(device string) (cleared []string) {
	m.forgetWordless(device, func(messages.Address) bool { return true })
	cleared = m.clearAll(device, func(*topic) bool { return true })
	if d := m.devices[device]; d != nil {
		if d.there = false; len(d.topics) == 0 {
			delete(m.devices, device)
		}
	}
	return append(cleared, m.unawaited(device)...)
}

// unawaited clears what is left of the devices that a hub has not added again.
func (m *Memory) unawaited(hub string) (cleared []string) {
	for _, name := range m.awaited[hub] {
		if d := m.devices[name]; d != nil && !d.there {
			cleared = append(cleared, m.clearAll(name, func(*topic) bool { return true })...)
		}
	}
	delete(m.awaited, hub)
	return cleared
}

// There notes that a device is there from now on, at the address that is configured. What it has said at another one, in an earlier
// run, is cleared.
func (m *Memory) There(name string, home messages.Address) (cleared []string) {
	d := m.device(name)
	d.there = true
	d.setHome(name, home)
	return m.clearAll(name, func(t *topic) bool {
		return t.View == "" && !t.said && t.Home != (messages.Address{}) && t.Home != home
	})
}

// Opened notes that a device has been opened. What a hub has not added by then is no more. A device that has entities has described
// them by then, and the gateway has said what follows from that: what it has not said is of entities that are no more.
func (m *Memory) Opened(device string) (cleared []string) {
	cleared = m.clearAll(device, func(t *topic) bool { return !t.said && (t.Entities || t.View != "") })
	return append(cleared, m.unawaited(device)...)
}

// hubOf returns the name of the device that adds one of this name, HUB.NAME, unless the configuration does; "" if none can.
func hubOf(device string) string { return device[:max(0, strings.LastIndexByte(device, '.'))] }
