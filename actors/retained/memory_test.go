package retained

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/mqttgateway/mqttgateway/messages"
)

var home = messages.Address{Device: "a"}

// status notes that a device says something about a function, and returns the record.
func (m *Memory) status(device, function, action string) uint64 {
	msg := messages.New(messages.Status, messages.Address{Function: function}, action)
	return m.Status(Status{Device: device, Topic: "home/" + function, Payload: action, Msg: msg, Signed: true})
}

// dues takes all that is due, as "topic payload".
func (m *Memory) dues() (all []string) {
	m.each(func(d Due) { all = append(all, d.Topic+" "+d.Payload) })
	return all
}

// settled takes all that is due, and has the broker acknowledge it at once.
func (m *Memory) settled() (all []string) {
	m.each(func(d Due) {
		all = append(all, d.Topic+" "+d.Payload)
		m.Landed(d.Topic, true)
	})
	return all
}

func (m *Memory) each(do func(Due)) {
	for {
		d, ok := m.First()
		if !ok {
			return
		}
		m.Pop()
		do(d)
	}
}

func want(t *testing.T, when string, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: %q, want %q", when, got, want)
	}
}

func none(string) bool { return false }

// What is new goes ahead of what is said again, and what is said again in the order in which it was said last.
func TestOrder(t *testing.T) {
	m := New(100, 1<<20, NoLedger{})
	m.status("a", "x", "1")
	m.status("a", "y", "1")
	m.status("a", "x", "2")
	m.View("a", "values", "v", "1")
	want(t, "at first", m.settled(), "v 1")
	m.Begin(false, none)
	m.View("a", "info", "i", "{}")
	m.Forget("a", messages.Address{Function: "y"})
	want(t, "in the next session", m.settled(), "i {}", "home/y ", "home/x 2", "v 1")
	m.Begin(true, none)
	want(t, "in one that the broker has kept", m.settled())
	m.Begin(false, func(topic string) bool { return topic == "home/x" })
	want(t, "with something newer in the outbox", m.settled(), "v 1", "i {}")
	if m.InFlight() != 0 || m.Len() != 3 {
		t.Errorf("%d in flight, %d topics; want none and 3", m.InFlight(), m.Len())
	}
}

// What somebody else has signed is cleared, and never said again.
func TestSignedByOthers(t *testing.T) {
	m := New(100, 1<<20, NoLedger{})
	msg := messages.New(messages.Status, messages.Address{Function: "x"}, "1").WithSender("other")
	m.Status(Status{Device: "a", Topic: "home/x", Payload: "1", Msg: msg})
	m.Begin(false, none)
	want(t, "in a session", m.settled())
	m.Remap(anyWords{})
	want(t, "cleared", m.Gone("a"), "home/x")
	want(t, "then", m.settled(), "home/x ")
}

// A memory that is full gives up what has been said about the longest ago, and nothing that is to be cleared.
func TestBounds(t *testing.T) {
	for name, m := range map[string]*Memory{
		"topics": New(3, 1<<20, &diary{kept: make(map[uint64]string)}), "bytes": New(100, 4*(overhead+12), &diary{kept: make(map[uint64]string)}),
	} {
		for i := range 5 {
			m.status("a", fmt.Sprint("f", i), "1")
			if i == 0 {
				m.Forget("a", messages.Address{Function: "f0"})
			}
		}
		if m.Len() > 4 || m.GivenUp() == 0 || m.GivenUp()+m.Len() != 5 {
			t.Errorf("%s: %d topics, %d given up", name, m.Len(), m.GivenUp())
		}
		if kept := len(m.ledger.(*diary).kept); kept != m.Len() {
			t.Errorf("%s: %d records for %d topics", name, kept, m.Len())
		}
		m.Begin(false, none)
		if due := m.settled(); due[0] != "home/f0 " || due[len(due)-1] != "home/f4 1" {
			t.Errorf("%s: due are %q, want the clearing, and the latest at the end", name, due)
		}
	}
}

// One that is larger than all that the memory may have is kept alone: there is always the latest.
func TestHuge(t *testing.T) {
	m := New(100, 1000, NoLedger{})
	m.status("a", "x", "1")
	m.status("a", "y", strings.Repeat("z", 5000))
	if m.Len() != 1 || m.GivenUp() != 1 {
		t.Errorf("%d topics, %d given up; want one each", m.Len(), m.GivenUp())
	}
}

// A topic over which sessions end is set aside until it has another payload, and views are when the broker will have none.
func TestSetAside(t *testing.T) {
	m := New(100, 1<<20, NoLedger{})
	m.View("a", "info", "i", "{}")
	m.View("a", "values", "v", "1")
	for n := range 4 {
		if due := m.dues(); len(due) != 2 {
			t.Fatalf("%q are due, want both", due)
		}
		if aside := m.Suspect("i", n >= 2); aside != (n == 3) {
			t.Errorf("after %d losses set aside %t", n+1, aside)
		}
		m.Lost("i")
		m.Lost("v")
	}
	want(t, "then", m.dues(), "v 1")
	m.Landed("v", false)
	m.View("a", "values", "v", "1")
	m.View("a", "info", "i", "{}")
	want(t, "refused by the broker, and shown again", m.dues())
	m.View("a", "values", "v", "2")
	if d, ok := m.First(); !ok || d.Losses != 3 {
		t.Errorf("with another payload %+v is due, %t; want one chance more", d, ok)
	}
	want(t, "with another payload", m.dues(), "v 2")
	if !m.Suspect("v", true) {
		t.Error("it is not set aside again at once")
	}
	m.Lost("v")
	m.View("a", "x", "x", "1")
	m.SpareViews()
	m.View("a", "y", "y", "1")
	want(t, "when no views are wanted", m.dues())
	m.status("a", "f", "ON")
	m.Begin(false, none)
	want(t, "statuses", m.settled(), "home/f ON")
}

// A status that the broker refuses is not said again, but what was said later is.
func TestRefused(t *testing.T) {
	m := New(100, 1<<20, NoLedger{})
	m.status("a", "x", "1")
	m.status("a", "x", "2")
	m.Refused("home/x", "1")
	m.Begin(false, none)
	want(t, "an older one refused", m.settled(), "home/x 2")
	m.Refused("home/x", "2")
	m.Begin(false, none)
	want(t, "refused", m.settled())
}

// A topic belongs to the device that has said it last.
func TestHolder(t *testing.T) {
	m := New(100, 1<<20, NoLedger{})
	m.status("a", "x", "1")
	m.status("b", "x", "2")
	want(t, "a goes", m.Gone("a"))
	want(t, "a forgets", m.Forget("a", messages.Address{Function: "x"}))
	want(t, "b goes", m.Gone("b"), "home/x")
	m.status("a", "x", "3")
	want(t, "said meanwhile", m.settled())
	if len(m.devices) != 1 || m.Len() != 1 {
		t.Errorf("%d devices and %d topics are known, want one each", len(m.devices), m.Len())
	}
}

// A ledger that can't keep a record costs only that.
func TestLedgerIsFull(t *testing.T) {
	m := New(100, 1<<20, full{})
	if record := m.status("a", "x", "1"); record != 0 {
		t.Errorf("record %d, want none", record)
	}
	want(t, "gone", m.Gone("a"), "home/x")
	want(t, "cleared", m.settled(), "home/x ")
}

type full struct{ NoLedger }

// What the spool brings back is overruled by a clearing that the ledger has had since.
func TestOverruled(t *testing.T) {
	d := &diary{kept: make(map[uint64]string)}
	m := New(100, 1<<20, d)
	said := m.status("a", "x", "1")
	m.Forget("a", messages.Address{Function: "x"})
	m = New(100, 1<<20, d)
	m.Restore(d.all(t))
	if !m.Overruled("home/x", said) || m.Overruled("home/x", said+10) || m.Overruled("home/y", 1) {
		t.Error("want what was said before the clearing overruled, and nothing else")
	}
	want(t, "then", m.settled(), "home/x ")
	if len(d.kept) != 0 {
		t.Errorf("the ledger still has %v", d.kept)
	}
}

// What the gateway says of entities that a device has not described when it has opened, nobody says any more.
func TestOpened(t *testing.T) {
	d := &diary{kept: make(map[uint64]string)}
	about := func(function string) messages.InternalMsg {
		return messages.New(messages.Status, messages.Address{Function: function}, "STATE")
	}
	say := func(m *Memory, function string, entities bool) {
		m.Status(Status{Device: "a", Topic: "home/" + function, Payload: "1", Msg: about(function), Signed: true, Entities: entities})
	}
	m := New(100, 1<<20, d)
	say(m, "own", false)
	say(m, "one", true)
	say(m, "two", true)
	m.View("a", "info", "i", "{}")
	m.View("a", "values", "v", "{}")
	m = New(100, 1<<20, d)
	m.Restore(d.all(t))
	cleared, _ := m.Settle(map[string]messages.Address{"a": {}}, anyWords{}, "")
	want(t, "at the start", cleared, "i", "v")
	say(m, "two", true)
	want(t, "opened", m.Opened("a"), "home/one")
	want(t, "opened again", m.Opened("a"))
	want(t, "cleared", m.settled(), "i ", "v ", "home/one ")
}

// Availability is others' to tell: the memory clears it only where nobody tells any more, and names the devices that are no more.
func TestState(t *testing.T) {
	d := &diary{kept: make(map[uint64]string)}
	m := New(100, 1<<20, d)
	m.State("(gateway)", "home/gw/state")
	for _, device := range []string{"a", "b", "a.lamp"} {
		m.State(device, "home/gw/"+device+"/state")
	}
	m.Begin(false, none)
	want(t, "gone", m.Gone("b"))
	want(t, "opened", m.Opened("a"))
	want(t, "due", m.settled())
	m.StateCleared("home/gw/b/state")
	if m.Len() != 3 || len(d.kept) != 3 {
		t.Errorf("%d topics, %d records; want 3", m.Len(), len(d.kept))
	}
	for _, row := range []struct {
		below            string
		cleared, unknown []string
	}{
		{"home/gw/", nil, []string{"a.lamp"}},
		{"house/gw/", []string{"home/gw/a.lamp/state", "home/gw/a/state", "home/gw/state"}, nil},
	} {
		m = New(100, 1<<20, d)
		m.Restore(d.all(t))
		cleared, unknown := m.Settle(map[string]messages.Address{"a": home}, anyWords{}, row.below)
		slices.Sort(cleared)
		want(t, "cleared with "+row.below, cleared, row.cleared...)
		want(t, "unknown with "+row.below, unknown, row.unknown...)
	}
	m.settled()
	if m.Len() != 0 || len(d.kept) != 0 {
		t.Errorf("%d topics, %d records; want none", m.Len(), len(d.kept))
	}
}

func TestParseRecord(t *testing.T) {
	full := Record{Topic: "t", Device: "d", View: "info", About: home, Sender: "s", Entities: true, Home: home, Cleared: true}
	if r, err := ParseRecord(full.text()); err != nil || r != full {
		t.Errorf("%s is read as %+v, %v", full.text(), r, err)
	}
	for _, text := range []string{"", "{", "{}", `{"topic":"t"}`, `{"device":"d"}`, `[]`, `{"topic":1,"device":"d"}`} {
		if r, err := ParseRecord([]byte(text)); err == nil {
			t.Errorf("%q is read as %+v", text, r)
		}
	}
}

// FuzzRecord: whatever a ledger holds, what can be read is written as it was, and the memory bears it.
func FuzzRecord(f *testing.F) {
	f.Add([]byte(`{"topic":"home/x","device":"a","about":{"function":"x"},"home":{"device":"a"}}`), []byte(`{"topic":"home/x","device":"hub.b","view":"info","cleared":true}`))
	f.Add([]byte(`{"topic":"gw/a/state","device":"a","view":"state"}`), []byte(`{"topic":"home/x/state","device":"x","view":"state"}`))
	f.Add([]byte(`{"topic":"gw/a/info","device":"a","view":"info","sender":"s"}`), []byte(`{}`))
	f.Fuzz(func(t *testing.T, one, two []byte) {
		var kept []Kept
		for i, text := range [][]byte{one, two} {
			r, err := ParseRecord(text)
			if err != nil {
				continue
			}
			again, err := ParseRecord(r.text())
			if err != nil || again != r {
				t.Errorf("%q is read as %+v, written and read again as %+v, %v", text, r, again, err)
			}
			kept = append(kept, Kept{r, uint64(i + 1)})
		}
		m := New(100, 1<<20, &diary{kept: make(map[uint64]string)})
		m.Restore(kept)
		m.Settle(map[string]messages.Address{"a": home, "hub": {}}, anyWords{}, "gw/")
		m.Opened("hub")
		m.Opened("a")
		m.Gone("a")
		m.Gone("hub")
		m.settled()
		for _, topic := range m.topics {
			if topic.View != stateView {
				t.Errorf("%+v is left of %+v", topic.Record, kept)
			}
		}
	})
}

// anyWords have a topic for every function.
type anyWords struct{}

func (anyWords) Topic(m messages.InternalMsg) (string, error) { return "home/" + m.Function(), nil }

func (anyWords) Encode(messages.InternalMsg) (topic, payload string, err error) {
	return "", "", errors.New("there is nothing to encode")
}

// Two devices that take a topic from each other are told of once. One that has been renamed takes its topics, and is not.
func TestContests(t *testing.T) {
	m := New(100, 1<<20, NoLedger{})
	m.status("a", "x", "1")
	m.status("b", "x", "2")
	m.status("b", "y", "2")
	if got := m.Contests(); got != nil {
		t.Errorf("one takes from another: %v", got)
	}
	m.status("a", "x", "3")
	m.status("b", "x", "4")
	m.status("a", "y", "3")
	m.status("b", "y", "4")
	if got := m.Contests(); !slices.Equal(got, []Contest{{"home/x", "a", "b"}}) {
		t.Errorf("they take it from each other: %v", got)
	}
	if got := m.Contests(); got != nil {
		t.Errorf("asked again: %v", got)
	}
}
