package outbox

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/mqttgateway/mqttgateway/messages"
)

// publication returns a publication to topic, which is retained if the topic is in capitals.
func publication(number uint64, topic string) Entry {
	return Entry{Publication: messages.Publication{Number: number, Topic: topic, Payload: "on", Retain: topic == strings.ToUpper(topic)}}
}

// shown returns the entries of the outbox as texts: "topic number…".
func (o *Outbox) shown() (all []string) {
	for e := o.queue.Front(); e != nil; e = e.Next() {
		all = append(all, show(e.Value.(Entry)))
	}
	return all
}

func show(p Entry) string { return fmt.Sprintf("%s%d", p.Topic, p.Number) }

func showAll(list []Entry) (all []string) {
	for _, p := range list {
		all = append(all, show(p))
	}
	return all
}

func TestOutbox(t *testing.T) {
	first := publication(0, "a")
	one := first.size()
	for _, row := range []struct {
		name            string
		messages, bytes int
		push            string // topics, in order; the publications are numbered from 1
		flight          string // how many of these are popped first, and put back at the end
		replaced        string
		dropped         string
		holds           string
	}{
		{"first in, first out", 9, 1000, "a b a", "", "", "", "a1 b2 a3"},
		{"the latest retained of a topic", 9, 1000, "A b A c", "", "A1", "", "b2 A3 c4"},
		{"retained of several topics", 9, 1000, "A B A B", "", "A1 B2", "", "A3 B4"},
		{"plain and retained of one topic", 9, 1000, "1 1", "", "11", "", "12"},
		{"full of messages", 2, 1000, "a b c d", "", "", "a1 b2", "c3 d4"},
		{"full of bytes", 9, 2 * one, "a b c", "", "", "a1", "b2 c3"},
		{"a retained one that replaces needs no room", 2, 1000, "A b A", "", "A1", "", "b2 A3"},
		{"an oversized one goes alone", 9, 2 * one, "a b " + strings.Repeat("x", one+20), "", "", strings.Repeat("x", one+20) + "3", "a1 b2"},
		{"no room at all", 0, 1000, "a", "", "", "a1", ""},
		{"back ahead of the rest, in order", 9, 1000, "a b c d", "2", "", "", "a1 b2 c3 d4"},
		{"back beyond the bound", 2, 1000, "a b c d", "2", "", "", "a1 b2 c3 d4"},
		{"back, and followed by a later one", 9, 1000, "A b A", "2", "A1", "", "b2 A3"},
		{"back, two of one topic", 9, 1000, "A B A", "3", "A1", "", "B2 A3"},
	} {
		t.Run(row.name, func(t *testing.T) {
			o := New(row.messages, row.bytes)
			var flight int
			fmt.Sscan(row.flight, &flight)
			var flying, replaced, dropped []Entry
			for i, topic := range strings.Fields(row.push) {
				r, d := o.Push(publication(uint64(i+1), topic))
				if r != nil {
					replaced = append(replaced, *r)
				}
				dropped = append(dropped, d...)
				if len(flying) < flight {
					flying = append(flying, o.Pop())
				}
			}
			replaced = append(replaced, o.PutBack(flying)...)
			for what, pair := range map[string][2][]string{
				"replaced": {showAll(replaced), strings.Fields(row.replaced)},
				"dropped":  {showAll(dropped), strings.Fields(row.dropped)},
				"holds":    {o.shown(), strings.Fields(row.holds)},
			} {
				if !slices.Equal(pair[0], pair[1]) {
					t.Errorf("%s %q, want %q", what, pair[0], pair[1])
				}
			}
			if n, bytes := o.Size(); n != o.Len() || bytes != o.bytes {
				t.Errorf("size %d and %d bytes, want %d and %d", n, bytes, o.Len(), o.bytes)
			}
		})
	}
}

// TestOutboxWalk uses an outbox as a connection does, at random. Each publication leaves it exactly once; entries stay
// in order, with at most one retained entry for a topic; the sums are right.
func TestOutboxWalk(t *testing.T) {
	for seed := range uint64(50) {
		r := rand.New(rand.NewPCG(seed, 0))
		o := New(20, 4000)
		var (
			flight []Entry
			number uint64
			left   = make(map[uint64]string)
		)
		leave := func(p Entry, how string) {
			if was, ok := left[p.Number]; ok {
				t.Fatalf("seed %d: %s %s, and %s before", seed, show(p), how, was)
			}
			left[p.Number] = how
		}
		for range 5000 {
			switch n := r.IntN(10); {
			case n < 5:
				number++
				p := publication(number, string("abcABC"[r.IntN(6)]))
				p.Payload = strings.Repeat("x", r.IntN(400))
				replaced, dropped := o.Push(p)
				if replaced != nil {
					leave(*replaced, "replaced")
				}
				for _, p := range dropped {
					leave(p, "dropped")
				}
				if o.queue.Len() > 20 || o.bytes > 4000 {
					t.Fatalf("seed %d: %d messages, %d bytes after a push", seed, o.queue.Len(), o.bytes)
				}
			case n < 8 && o.Len() > 0 && len(flight) < 5:
				flight = append(flight, o.Pop())
			case n < 9 && len(flight) > 0:
				leave(flight[0], "sent")
				flight = flight[1:]
			case r.IntN(10) == 0:
				for _, p := range o.PutBack(flight) {
					leave(p, "replaced")
				}
				flight = nil
			}
			check(t, seed, o, flight)
		}
		for o.Len() > 0 {
			leave(o.Pop(), "sent")
		}
		for _, p := range flight {
			leave(p, "sent")
		}
		if len(left) != int(number) || o.bytes != 0 || len(o.retained) != 0 {
			t.Fatalf("seed %d: %d of %d left; at the end %d bytes, %d retained", seed, len(left), number, o.bytes, len(o.retained))
		}
	}
}

func check(t *testing.T, seed uint64, o *Outbox, flight []Entry) {
	t.Helper()
	bytes, last := 0, uint64(0)
	if len(flight) > 0 {
		last = flight[len(flight)-1].Number
	}
	retained := make(map[string]bool)
	for e := o.queue.Front(); e != nil; e = e.Next() {
		p := e.Value.(Entry)
		bytes += p.size()
		if p.Number <= last {
			t.Fatalf("seed %d: order %q behind %q", seed, o.shown(), showAll(flight))
		}
		last = p.Number
		if p.Retain {
			if retained[p.Topic] || o.retained[p.Topic] != e {
				t.Fatalf("seed %d: retained of %s is not the one that is known: %q", seed, p.Topic, o.shown())
			}
			retained[p.Topic] = true
		}
	}
	if bytes != o.bytes || len(retained) != len(o.retained) {
		t.Fatalf("seed %d: %d bytes by its count, %d there; %d retained, %d there", seed, o.bytes, bytes, len(o.retained), len(retained))
	}
}
