package outbox

import (
	"slices"
	"strings"
	"testing"

	"github.com/mqttgateway/mqttgateway/messages"
)

// fill adds entries like e until there is no room for another one, and returns their number.
func (f *Flight) fill(e Entry) (n int) {
	for ; f.Room(e.QoS, e.Losses) && n < 1000; n++ {
		f.Push(e)
	}
	return n
}

func TestFlightRoom(t *testing.T) {
	large := messages.Publication{Payload: strings.Repeat("x", maxBytes/4-overhead)}
	for _, row := range []struct {
		name  string
		first []Entry // entries that are in flight already
		entry Entry
		want  int
	}{
		{"QoS 0", nil, Entry{}, maxUnwritten},
		{"QoS 1", nil, Entry{QoS: 1}, maxUnacknowledged},
		{"QoS 1 beside QoS 0", make([]Entry, maxUnwritten), Entry{QoS: 1}, maxUnacknowledged},
		{"large ones", nil, Entry{QoS: 1, Publication: large}, 4},
		{"after one loss", nil, Entry{QoS: 1, Losses: 1}, maxUnacknowledged},
		{"a suspicious one goes alone", nil, Entry{QoS: 1, Losses: 2}, 1},
		{"a suspicious one waits for others", []Entry{{QoS: 1}}, Entry{QoS: 1, Losses: 2}, 0},
		{"others wait for a suspicious one", []Entry{{QoS: 1, Losses: 2}}, Entry{QoS: 1}, 0},
		{"at another QoS they don't", []Entry{{QoS: 1, Losses: 2}}, Entry{}, maxUnwritten},
	} {
		t.Run(row.name, func(t *testing.T) {
			var f Flight
			for _, e := range row.first {
				f.Push(e)
			}
			if n := f.fill(row.entry); n != row.want {
				t.Errorf("room for %d, want %d", n, row.want)
			}
		})
	}
}

// Results come in order at each QoS; any other result changes nothing.
func TestFlightLands(t *testing.T) {
	var f Flight
	entry := func(topic string, qos byte) Entry {
		return Entry{QoS: qos, Publication: messages.Publication{Topic: topic}}
	}
	for number, e := range []Entry{entry("a", 1), entry("b", 0), entry("c", 1), entry("d", 1), entry("e", 0)} {
		if got := f.Push(e); got != uint64(number+1) {
			t.Errorf("number %d, want %d", got, number+1)
		}
	}
	for _, step := range []struct {
		number uint64
		want   string // "": no entry
	}{{5, ""}, {2, "b"}, {2, ""}, {3, ""}, {1, "a"}, {3, "c"}, {99, ""}, {0, ""}} {
		e, ok := f.Land(step.number)
		if ok != (step.want != "") || e.Topic != step.want {
			t.Errorf("number %d: %q, %t; want %q", step.number, e.Topic, ok, step.want)
		}
	}
	unwritten, unacknowledged := f.Take()
	if len(unwritten) != 1 || unwritten[0].Topic != "e" || len(unacknowledged) != 1 || unacknowledged[0].Topic != "d" {
		t.Errorf("taken %v and %v, want e and d", unwritten, unacknowledged)
	}
	if !f.Empty() || f.fill(large(1)) != 4 {
		t.Error("something is left in flight")
	}
}

func large(qos byte) Entry {
	return Entry{QoS: qos, Publication: messages.Publication{Topic: strings.Repeat("x", maxBytes/4-overhead)}}
}

// An entry that has landed makes room for another one.
func TestFlightMakesRoom(t *testing.T) {
	var f Flight
	for range 10 {
		var numbers []uint64
		for f.Room(1, 0) {
			numbers = append(numbers, f.Push(large(1)))
		}
		if len(numbers) != 4 || !slices.IsSorted(numbers) {
			t.Fatalf("numbers %v, want four in order", numbers)
		}
		for _, n := range numbers {
			f.Land(n)
		}
	}
	if !f.Empty() {
		t.Error("something is left in flight")
	}
}
