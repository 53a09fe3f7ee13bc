package retained

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/mqttgateway/mqttgateway/actors/outbox"
	"github.com/mqttgateway/mqttgateway/messages"
)

// diary is a ledger that outlives a memory.
type diary struct {
	last uint64
	kept map[uint64]string
}

func (d *diary) Keep(record []byte) uint64 {
	d.last++
	d.kept[d.last] = string(record)
	return d.last
}

func (d *diary) Release(number uint64) { delete(d.kept, number) }

func (d *diary) all(t *testing.T) (all []Kept) {
	for number, text := range d.kept {
		r, err := ParseRecord([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, Kept{r, number})
	}
	return all
}

// functions is how many topics the words have.
const functions = 6

// turned are words that give the topics to the functions in turn, and have none for the last one if they lack it.
type turned struct {
	by    int
	lacks bool
}

func (w turned) Topic(m messages.InternalMsg) (string, error) {
	n := int(m.Function()[0] - 'a')
	if w.lacks && n == functions-1 {
		return "", errors.New("no word")
	}
	return fmt.Sprint("home/", (n+w.by)%functions), nil
}

func (w turned) Encode(m messages.InternalMsg) (topic, payload string, err error) {
	topic, err = w.Topic(m)
	return topic, fmt.Sprint(m.Action(), "/", w.by), err
}

// world is a gateway's memory and outbox, between devices and a broker.
type world struct {
	t      *testing.T
	random *rand.Rand
	story  []string

	ledger *diary
	memory *Memory
	outbox *outbox.Outbox
	flight []outbox.Entry // in order; those that the memory has sent are marked as availability
	done   int            // of these, those that the broker has taken
	up     bool
	broker map[string]string // what it keeps

	words   turned
	devices map[string]messages.Address // that there are, with their configured addresses
	says    map[string]saying           // by function, and by topic for views: what is said last
	next    int
}

// saying is what a device has said last about something.
type saying struct {
	device string
	msg    messages.InternalMsg
	view   string // its payload
	older  bool   // the process has been killed since: the broker may or may not have it
}

func newWorld(t *testing.T, seed uint64) *world {
	w := &world{
		t: t, random: rand.New(rand.NewPCG(seed, 0)), ledger: &diary{kept: make(map[uint64]string)}, broker: make(map[string]string),
		devices: make(map[string]messages.Address), says: make(map[string]saying),
	}
	for _, name := range names {
		w.devices[name] = messages.Address{Device: name}
	}
	w.begin()
	return w
}

var names = []string{"a", "b", "hub"}

// begin starts the gateway.
func (w *world) begin() {
	w.memory, w.outbox, w.flight, w.done, w.up = New(1000, 1<<20, w.ledger), outbox.New(1000, 1<<20), nil, 0, false
	w.memory.Restore(w.ledger.all(w.t))
	w.memory.Settle(w.devices, w.words, "gw/")
}

func (w *world) note(format string, args ...any) {
	w.story = append(w.story, fmt.Sprintf(format, args...))
}

func (w *world) fail(format string, args ...any) {
	w.t.Helper()
	w.t.Fatalf("%s\nafter %s", fmt.Sprintf(format, args...), strings.Join(w.story, "; "))
}

// supersede takes out of the outbox what the memory tells instead.
func (w *world) supersede(topics []string) {
	for _, topic := range topics {
		w.outbox.Remove(topic)
	}
}

func (w *world) device() string { return names[w.random.IntN(len(names))] }

// say has a device, or one below the hub, say something.
func (w *world) say() {
	device := w.device()
	if device == "hub" && w.random.IntN(2) == 0 {
		device = "hub.lamp"
		w.note("There(hub.lamp)")
		w.supersede(w.memory.There(device, messages.Address{Device: device}))
	}
	if w.next++; w.random.IntN(3) == 0 {
		w.note("%s shows %d", device, w.next)
		payload := fmt.Sprint(w.next)
		w.memory.View(device, "info", "gw/"+device+"/info", payload)
		w.says["gw/"+device+"/info"] = saying{device: device, view: payload}
		return
	}
	function := string(rune('a' + w.random.IntN(functions)))
	msg := messages.New(messages.Status, messages.Address{Function: function}, fmt.Sprint(w.next))
	topic, payload, err := w.words.Encode(msg)
	w.note("%s says %d about %s", device, w.next, function)
	if err != nil {
		w.memory.Wordless(device, msg, false)
		w.says[function] = saying{device: device, msg: msg}
		return
	}
	w.memory.Status(Status{Device: device, Topic: topic, Payload: payload, Msg: msg, Signed: true})
	w.outbox.Push(outbox.Entry{Publication: messages.Publication{Device: device, Topic: topic, Payload: payload, Retain: true}, QoS: 1})
	w.says[function] = saying{device: device, msg: msg}
}

func (w *world) forget() {
	device, function := w.device(), string(rune('a'+w.random.IntN(functions)))
	w.note("%s forgets %s", device, function)
	w.supersede(w.memory.Forget(device, messages.Address{Function: function}))
	if w.says[function].device == device {
		delete(w.says, function)
	}
}

// gone removes a device, and adds it again.
func (w *world) gone() {
	device := w.device()
	w.note("%s goes", device)
	w.supersede(w.memory.Gone(device))
	w.silence(device)
	if device == "hub" {
		w.supersede(w.memory.Gone("hub.lamp"))
		w.silence("hub.lamp")
	}
	w.supersede(w.memory.There(device, w.devices[device]))
}

// silence has nobody say what a device has said.
func (w *world) silence(device string) {
	for key, s := range w.says {
		if s.device == device {
			delete(w.says, key)
		}
	}
}

func (w *world) remap() {
	before := w.words
	w.words = turned{w.random.IntN(functions), w.random.IntN(4) == 0}
	w.note("words %v", w.words)
	w.supersede(w.memory.Remap(w.words))
	w.reword(before)
}

// reword has nobody say what only the ledger knows of, if other words have no topic for it, or another one.
func (w *world) reword(before turned) {
	for function, s := range w.says {
		if s.view != "" {
			continue
		}
		was, none := before.Topic(s.msg)
		if is, err := w.words.Topic(s.msg); s.older && (none != nil || err != nil || is != was) {
			delete(w.says, function)
		}
	}
}

// connect begins a session, and cut ends one.
func (w *world) connect() {
	if w.up {
		return
	}
	kept := w.random.IntN(2) == 0
	if w.random.IntN(3) == 0 {
		w.note("the broker is empty")
		clear(w.broker)
		kept = false
	}
	w.note("session kept %t", kept)
	w.up = true
	w.memory.Begin(kept, w.outbox.Holds)
}

func (w *world) cut() {
	if !w.up {
		return
	}
	w.note("cut")
	w.up = false
	var back []outbox.Entry
	for _, e := range w.flight {
		switch {
		case e.Availability:
			w.memory.Lost(e.Topic)
		case !w.memory.Owes(e.Topic):
			back = append(back, e)
		}
	}
	w.outbox.PutBack(back)
	w.flight, w.done = nil, 0
}

// hand sends one.
func (w *world) hand() {
	d, due := w.memory.First()
	switch {
	case !w.up || len(w.flight) >= 5:
	case due && (w.outbox.Len() == 0 || w.random.IntN(2) == 0):
		w.memory.Pop()
		w.flight = append(w.flight, outbox.Entry{Publication: messages.Publication{Topic: d.Topic, Payload: d.Payload}, Availability: true})
	case w.outbox.Len() > 0:
		w.flight = append(w.flight, w.outbox.Pop())
	}
}

// take has the broker take one, and land acknowledge one that it has taken.
func (w *world) take() {
	if w.done == len(w.flight) {
		return
	}
	e := w.flight[w.done]
	w.done++
	if w.broker[e.Topic] = e.Payload; e.Payload == "" {
		delete(w.broker, e.Topic)
	}
}

func (w *world) land() {
	if w.done == 0 {
		return
	}
	e := w.flight[0]
	w.flight = w.flight[1:]
	w.done--
	if e.Availability {
		w.memory.Landed(e.Topic, true)
	}
}

// kill ends the process, and starts it again, perhaps with other words, without a device, or with one that is elsewhere.
func (w *world) kill() {
	w.note("killed")
	for w.random.IntN(3) > 0 {
		w.take()
	}
	before := w.words
	if w.random.IntN(3) == 0 {
		w.words = turned{w.random.IntN(functions), false}
		w.note("words %v", w.words)
	}
	switch name := w.device(); w.random.IntN(4) {
	case 0:
		if w.devices[name] != (messages.Address{}) {
			w.note("%s is elsewhere", name)
			w.devices[name] = messages.Address{Device: fmt.Sprint(name, w.next)}
			w.silenceStatuses(name)
		}
	case 1:
		w.note("without %s", name)
		home := w.devices[name]
		delete(w.devices, name)
		w.silence(name)
		if name == "hub" {
			w.silence("hub.lamp")
		}
		defer func() {
			w.devices[name] = home
			w.supersede(w.memory.There(name, home))
		}()
	}
	for key, s := range w.says {
		s.older = true
		w.says[key] = s
	}
	w.reword(before)
	w.begin()
	if w.random.IntN(2) == 0 {
		w.note("hub opens")
		w.supersede(w.memory.Opened("hub"))
		w.silence("hub.lamp")
		w.silenceViews("hub")
	}
}

func (w *world) silenceStatuses(device string) {
	for key, s := range w.says {
		if s.device == device && s.view == "" {
			delete(w.says, key)
		}
	}
}

func (w *world) silenceViews(device string) {
	if view := "gw/" + device + "/info"; w.says[view].older {
		delete(w.says, view)
	}
}

// settle lets everything come to rest, and compares.
func (w *world) settle() {
	w.connect()
	for range 1000 {
		w.hand()
		w.take()
		w.land()
	}
	if _, due := w.memory.First(); due || w.outbox.Len() > 0 || len(w.flight) > 0 || w.memory.InFlight() != 0 {
		w.fail("it does not come to rest: %d in flight", w.memory.InFlight())
	}
	want := make(map[string]saying)
	for key, s := range w.says {
		if s.view != "" {
			want[key] = s
			continue
		}
		topic, payload, err := w.words.Encode(s.msg)
		if err != nil {
			continue // it waits for words
		}
		s.view = payload
		want[topic] = s
	}
	for topic, payload := range w.broker {
		if s, ok := want[topic]; !ok || s.view != payload && !s.older {
			w.fail("the broker keeps %s %q, want %q", topic, payload, s.view)
		}
	}
	for topic, s := range want {
		if _, ok := w.broker[topic]; !ok && !s.older {
			w.fail("the broker lacks %s", topic)
		}
	}
	if len(w.ledger.kept) != w.memory.Len() {
		w.fail("%d records for %d topics", len(w.ledger.kept), w.memory.Len())
	}
}

// Whatever devices say, however sessions and runs end, and whatever the broker forgets: when everything has come to rest it keeps
// what the devices of this run have said last, and nothing that nobody says any more.
func TestWalk(t *testing.T) {
	for seed := range uint64(300) {
		w := newWorld(t, seed)
		steps := []func(){w.say, w.say, w.say, w.forget, w.gone, w.remap, w.connect, w.connect, w.cut, w.kill,
			w.hand, w.hand, w.hand, w.take, w.take, w.take, w.land, w.land, w.land, w.settle}
		for range 400 {
			steps[w.random.IntN(len(steps))]()
		}
		w.settle()
	}
}
