package actors

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"unicode/utf8"

	"github.com/mqttgateway/mqttgateway/actors/link"
	"github.com/mqttgateway/mqttgateway/actors/outbox"
	"github.com/mqttgateway/mqttgateway/messages"
)

func TestOfflineFor(t *testing.T) {
	for _, row := range []struct{ name, reason, want string }{
		{"plain", "no such port", "offline: no such port"},
		{"none", "", "offline"},
		{"white space", " \n", "offline"},
		{"several faults", errors.Join(errors.New("port: missing"), errors.New("ecco: unknown")).Error(), "offline: port: missing; ecco: unknown"},
		{"control characters", "a\x1b[31m\tb\x00\u0085\u2028c", "offline: a [31m b   c"},
		{"no UTF-8", "a\xffb", "offline: a\ufffdb"},
		{"letters of the world", "Gerät nicht da: 门", "offline: Gerät nicht da: 门"},
		{"nothing to be seen", "\x7f", "offline"},
		{"just not too long", strings.Repeat("x", 200), "offline: " + strings.Repeat("x", 200)},
		{"long", strings.Repeat("x", 300), "offline: " + strings.Repeat("x", 197) + "…"},
		{"long, in long letters", strings.Repeat("门", 100), "offline: " + strings.Repeat("门", 65) + "…"},
	} {
		t.Run(row.name, func(t *testing.T) {
			if got := offlineFor(row.reason); got != row.want {
				t.Errorf("%q became %q, want %q", row.reason, got, row.want)
			}
		})
	}
}

func FuzzOfflineFor(f *testing.F) {
	f.Add("no such port")
	f.Add("a\xff\n\u2028" + strings.Repeat("门", 100))
	f.Fuzz(func(t *testing.T, reason string) {
		word := offlineFor(reason)
		state, rest, _ := strings.Cut(word, ":")
		if state != "offline" || len(rest) > 1+maxReason || !utf8.ValidString(word) || strings.ContainsAny(word, "\n\r\x00") {
			t.Errorf("%q became %q", reason, word)
		}
		if again := offlineFor(strings.TrimPrefix(rest, " ")); len(word) < maxReason && again != word {
			t.Errorf("%q became %q, and that %q", reason, word, again)
		}
	})
}

// takeDue returns what is still to be told, in order, takes it, and has the broker acknowledge it.
func (s *availabilityTopics) takeDue() (words []string) {
	for s.first() != nil {
		e := s.pop()
		words = append(words, e.Topic+" "+e.Payload)
		s.landed(e.Device, true)
	}
	return words
}

func wantDue(t *testing.T, s *availabilityTopics, when string, want ...string) {
	t.Helper()
	if got := s.takeDue(); !slices.Equal(got, want) {
		t.Errorf("%s: %q, want %q", when, got, want)
	}
}

func online(device string) messages.Availability {
	return messages.Availability{Device: device, State: messages.Online}
}

func offline(device string) messages.Availability {
	return messages.Availability{Device: device, State: messages.Offline, Reason: "EOF"}
}

// topicsOf returns the topics of a gateway with these devices, which are connecting.
func topicsOf(devices ...string) *availabilityTopics {
	s := newAvailabilityTopics("x/", false)
	for _, device := range devices {
		s.add(device, connectingWord)
	}
	return s
}

func TestAvailabilityTopics(t *testing.T) {
	s := topicsOf("a", "b")
	s.note(online("a"))
	s.begin()
	wantDue(t, s, "a session begins", "x/state online", "x/a/state online", "x/b/state connecting")
	s.note(online("a"))
	wantDue(t, s, "nothing new")
	s.note(online("b"))
	s.note(offline("a"))
	s.note(offline("b"))
	wantDue(t, s, "the latest of each", "x/b/state offline: EOF", "x/a/state offline: EOF")
	s.note(messages.Availability{Device: "new", State: messages.Connecting})
	wantDue(t, s, "one that is added", "x/new/state connecting")

	if !s.leave() {
		t.Error("no word of devices")
	}
	s.note(online("b"))
	wantDue(t, s, "devices leave", "x/a/state offline: stopped", "x/b/state offline: stopped", "x/new/state offline: stopped")
	if !s.leave() {
		t.Error("no word of the gateway")
	}
	wantDue(t, s, "the gateway leaves", "x/state offline")
	if s.leave() {
		t.Error("there are words behind the last")
	}
	s.begin()
	wantDue(t, s, "a session after that", "x/state offline", "x/a/state offline: stopped", "x/b/state offline: stopped", "x/new/state offline: stopped")
}

// The topic of a device that is no more is cleared, in this session or a later one, until the broker has acknowledged that. If
// the device is added again meanwhile, its new availability wins.
func TestAvailabilityOfRemovedDevices(t *testing.T) {
	s := topicsOf("a", "b")
	s.begin()
	s.takeDue()
	s.remove("a")
	s.remove("a")
	s.remove("nobody")
	s.begin()
	wantDue(t, s, "cleared in the next session", "x/state online", "x/a/state ", "x/b/state connecting")
	s.begin()
	wantDue(t, s, "and only in that", "x/state online", "x/b/state connecting")

	s.remove("b")
	first := s.pop()
	s.note(online("b")) // while the clearing is in flight
	s.landed(first.Device, true)
	wantDue(t, s, "added again", "x/b/state online")
	s.remove("b")
	first = s.pop()
	s.note(online("b"))
	second := s.pop()
	s.remove("b")
	third := s.pop()
	for _, e := range []outbox.Entry{first, second, third} {
		if s.byDevice["b"] == nil {
			t.Error("forgotten while words of it are in flight")
		}
		s.landed(e.Device, true)
	}
	if s.byDevice["b"] != nil {
		t.Error("not forgotten at last")
	}
	for range 1000 {
		s.note(online("c"))
		s.takeDue()
		s.remove("c")
		s.takeDue()
	}
	if len(s.list) > 100 || len(s.byDevice) != 0 {
		t.Errorf("%d in the list and %d by name, want next to none", len(s.list), len(s.byDevice))
	}
}

// Devices that the broker knows and that there are not are cleared. Those below a hub wait for it.
func TestAvailabilityFound(t *testing.T) {
	s := topicsOf("hub", "up")
	s.note(online("up"))
	s.begin()
	s.takeDue()
	for _, device := range []string{"old", "old", "hub", "hub.a", "hub.b", "up.c", "old.d"} {
		s.found(device)
	}
	wantDue(t, s, "found", "x/old/state ", "x/hub.a/state offline: hub: connecting", "x/hub.b/state offline: hub: connecting",
		"x/up.c/state ", "x/old.d/state ")
	s.note(offline("hub"))
	wantDue(t, s, "the hub is down", "x/hub/state offline: EOF", "x/hub.a/state offline: hub: EOF", "x/hub.b/state offline: hub: EOF")
	s.note(online("hub.a"))
	s.note(online("hub"))
	wantDue(t, s, "the hub has opened, with one of them", "x/hub.a/state online", "x/hub/state online", "x/hub.b/state ")
	s.note(offline("hub"))
	wantDue(t, s, "the hub is down again", "x/hub/state offline: EOF")
	s.note(online("hub"))
	s.takeDue()
	s.found("hub.e")
	wantDue(t, s, "found when the hub has opened", "x/hub.e/state ")

	s.note(offline("hub"))
	s.takeDue()
	s.found("hub.f")
	s.remove("hub")
	s.begin()
	wantDue(t, s, "the hub is removed", "x/state online", "x/hub/state ", "x/up/state online", "x/hub.a/state online", "x/hub.f/state ")
}

// Whoever has the broker keep any number of states does not fill the memory.
func TestAvailabilityFoundIsBounded(t *testing.T) {
	s := topicsOf()
	name := strings.Repeat("x", 1000)
	for i := range 10_000 {
		s.found(fmt.Sprint(name, i))
	}
	if n := len(s.byDevice); n == 0 || n > foundRoom/len(name) {
		t.Errorf("%d found, want %d at most", n, foundRoom/len(name))
	}
}

// Only sessions that were lost over a word alone, from the third in a row on, prove that it is to blame.
func TestAvailabilityIsSuspected(t *testing.T) {
	s := topicsOf("a")
	for i, row := range []struct {
		told, alone, aside bool
	}{
		{alone: true}, {alone: true}, {alone: true}, {told: true}, {alone: true}, {}, {}, {}, {alone: true}, {alone: true, aside: true},
	} {
		if row.told {
			s.landed("a", true)
		} else if aside := s.suspect("a", row.alone); aside != row.aside {
			t.Errorf("step %d: set aside %t, want %t", i+1, aside, row.aside)
		}
	}
	s.begin()
	wantDue(t, s, "without it", "x/state online")
	s.note(offline("a"))
	wantDue(t, s, "nor when it changes")
}

// All that was in flight when the broker hung up is suspected, for its acknowledgements may have been lost, too; and nothing after
// another fault.
func TestLossOverAnAvailability(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProbe(t)
		for _, fault := range []link.Fault{link.EOF, link.Transient} {
			c := newConnection(p.connectionOptions(), &connectionMemory{outbox: outbox.New(10, 1000), availability: topicsOf("a")})
			c.state.Fault = fault
			shown := c.availability.of("a")
			for _, topic := range []string{"a", "b"} {
				c.flight.Push(c.availability.entry(shown))
				c.flight.Push(outbox.Entry{Publication: messages.Publication{Topic: topic}, QoS: 1})
			}
			c.putBack()
			want := map[link.Fault]uint8{link.EOF: 1}[fault]
			if n, first := c.outbox.Len(), c.outbox.Pop(); n != 2 || first.Topic != "a" || first.Losses != want || c.outbox.First().Topic != "b" {
				t.Errorf("%d put back, the first is %q after %d losses; want the two messages, after %d", n, first.Topic, first.Losses, want)
			}
			if shown.losses != min(2*want, 2) {
				t.Errorf("%d losses over the availability, want one for each word of it", shown.losses)
			}
		}
	})
}
