package actors

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"unicode/utf8"

	"github.com/mqttgateway/mqttgateway/actors/link"
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

// takeDue returns what is still to be said, in order, and takes it.
func (s *presences) takeDue() (words []string) {
	for s.first() != nil {
		p := s.pop()
		words = append(words, s.topic(p)+" "+p.word)
	}
	return words
}

func wantDue(t *testing.T, s *presences, when string, want ...string) {
	t.Helper()
	if got := s.takeDue(); !slices.Equal(got, want) {
		t.Errorf("%s: %q, want %q", when, got, want)
	}
}

func TestPresences(t *testing.T) {
	a, b := &device{presence: presence{device: "a", word: connectingWord}}, &device{presence: presence{device: "b", word: connectingWord}}
	s := &presences{
		below: "x/", own: presence{word: onlineWord}, devices: []*device{a, b}, byName: map[string]*device{"a": a, "b": b}, gone: make(map[string]*presence),
	}
	online := func(device string) messages.Availability {
		return messages.Availability{Device: device, State: messages.Online}
	}
	down := func(device string) messages.Availability {
		return messages.Availability{Device: device, State: messages.Offline, Reason: "EOF"}
	}

	s.note(online("a"))
	s.begin()
	wantDue(t, s, "a session begins", "x/state online", "x/a/state online", "x/b/state connecting")
	s.note(online("a"))
	s.note(down("nobody"))
	wantDue(t, s, "nothing new")
	s.note(online("b"))
	s.note(down("a"))
	s.note(down("b"))
	wantDue(t, s, "the latest of each", "x/b/state offline: EOF", "x/a/state offline: EOF")

	s.vanish("old")
	s.vanish("old")
	s.begin()
	wantDue(t, s, "with one that is no more", "x/state online", "x/a/state offline: EOF", "x/b/state offline: EOF", "x/old/state ")
	s.told(s.gone["old"])
	s.note(online("a"))
	s.begin()
	wantDue(t, s, "and when it has been cleared", "x/state online", "x/a/state online", "x/b/state offline: EOF")

	if !s.leave() {
		t.Error("no word of devices")
	}
	s.note(online("b"))
	wantDue(t, s, "devices leave", "x/a/state offline: stopped", "x/b/state offline: stopped")
	if !s.leave() {
		t.Error("no word of the gateway")
	}
	wantDue(t, s, "the gateway leaves", "x/state offline")
	if s.leave() {
		t.Error("there are words behind the last")
	}
	s.begin()
	wantDue(t, s, "a session after that", "x/state offline", "x/a/state offline: stopped", "x/b/state offline: stopped")
}

// Only the third session in a row that was lost over a presence alone proves that it is to blame.
func TestPresenceIsSuspected(t *testing.T) {
	a := &device{presence: presence{device: "a", word: onlineWord}}
	s := &presences{own: presence{word: onlineWord}, devices: []*device{a}, gone: make(map[string]*presence)}
	for i, row := range []struct {
		told, alone, aside bool
	}{
		{alone: true}, {alone: true}, {told: true}, {alone: true}, {}, {}, {}, {alone: true, aside: true},
	} {
		if row.told {
			s.told(&a.presence)
		} else if aside := s.suspect(&a.presence, row.alone); aside != row.aside {
			t.Errorf("step %d: set aside %t, want %t", i+1, aside, row.aside)
		}
	}
	s.begin()
	wantDue(t, s, "without it", "state online")
	s.set(&a.presence, offlineWord)
	wantDue(t, s, "nor when it changes")
}

// The first that was in flight is the one to suspect, and nobody behind it.
func TestLossOverAPresence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProbe(t)
		shown := &presence{device: "a", word: onlineWord}
		c := newConnection(p.system, &lasting{outbox: newOutbox(10, 1000), presences: new(presences)})
		c.QoS = 1
		for _, fault := range []link.Fault{link.EOF, link.Transient} {
			c.state.Fault = fault
			for _, p := range []parcel{{presence: shown}, publication(1, "a"), {presence: shown}, publication(2, "b")} {
				c.flights[1].Push(p)
			}
			c.putBack()
			if got := c.outbox.shown(); !slices.Equal(got, []string{"a1", "b2"}) || c.outbox.first().losses != 0 {
				t.Errorf("put back %q, the first after %d losses; want the two messages, after none", got, c.outbox.first().losses)
			}
			if shown.losses != 1 {
				t.Errorf("%d losses over the presence, want 1", shown.losses)
			}
			c.outbox = newOutbox(10, 1000)
		}
	})
}
