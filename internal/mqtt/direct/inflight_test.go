package direct

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/mqttgateway/mqttgateway/internal/mqtt/packet"
)

func TestIdentifiersAreNeverInUse(t *testing.T) {
	i := newInflight()
	seen := make(map[uint16]bool)
	for n := range uint64(65535) {
		id, err := i.identifier()
		if err != nil || id == 0 || seen[id] {
			t.Fatalf("identifier %d is %d, seen %t, %v", n, id, seen[id], err)
		}
		seen[id] = true
		if n%5 == 0 {
			i.ask(packet.Subscribe, id, "a", 0)
		} else {
			i.publish(flight{number: n}, id, "a", 0)
		}
	}
	if _, err := i.identifier(); !errors.Is(err, errNoIdentifier) {
		t.Errorf("one more: %v", err)
	}
	// All identifiers are in use but those whose answers have come.
	i.take(packet.Suback, 1, 0)
	i.take(packet.Puback, 40_000, 0)
	for _, want := range []uint16{1, 40_000} {
		id, err := i.identifier()
		if id != want || err != nil {
			t.Errorf("got %d, %v; want %d", id, err, want)
		}
		i.ask(packet.Subscribe, id, "a", 0)
	}
}

func TestWhatIsNotInFlight(t *testing.T) {
	i := newInflight()
	i.publish(flight{number: 1}, 7, "a", 0)
	r := i.ask(packet.Subscribe, 8, "a", 0)
	for what, taken := range map[string]bool{
		"an acknowledgement of nothing":   i.take(packet.Puback, 1, 0),
		"an acknowledgement of a request": i.take(packet.Puback, 8, 0),
		"an answer to nothing":            i.take(packet.Suback, 1, 0),
		"an answer to a publication":      i.take(packet.Suback, 7, 0),
		"an answer of another type":       i.take(packet.Unsuback, 8, 0),
	} {
		if taken {
			t.Errorf("%s was taken", what)
		}
	}
	if !i.take(packet.Suback, 8, 1) || i.take(packet.Suback, 8, 2) {
		t.Error("a request is to be answered once")
	}
	if code := <-r.answer; code != 1 {
		t.Errorf("answered with %d", code)
	}
	if !i.take(packet.Puback, 7, 0) || i.take(packet.Puback, 7, 0) {
		t.Error("a publication is to be acknowledged once")
	}
}

// Whatever happens in whatever order, each outcome is reported once, in the order of its QoS, and neither before its
// cause nor later.
func TestOutcomesOfARandomWalk(t *testing.T) {
	for seed := range uint64(20) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 0))
			i := newInflight()
			var (
				next, told   [2]uint64 // by QoS
				end, written uint64
				unacked      []uint16
				known        [2][]func() bool
			)
			for range 20_000 {
				qos := random.IntN(2)
				n := next[qos]
				switch random.IntN(4) {
				case 0, 1:
					next[qos]++
					switch {
					case random.IntN(5) == 0:
						i.lanes[qos].add(flight{number: n, known: true, err: errNoIdentifier})
						known[qos] = append(known[qos], func() bool { return true })
					case qos == 0:
						end += 10
						sent := end
						i.lanes[0].add(flight{number: n, sent: sent})
						known[0] = append(known[0], func() bool { return sent <= written })
					default:
						id, err := i.identifier()
						if err != nil {
							t.Fatal(err)
						}
						end += 10
						i.publish(flight{number: n}, id, "a", end)
						unacked = append(unacked, id)
						known[1] = append(known[1], func() bool { return !slices.Contains(unacked, id) })
					}
				case 2:
					written += random.Uint64N(end - written + 1)
					i.unanswered.Wrote(written, 0)
				case 3:
					for range min(3, len(unacked)) {
						at := random.IntN(len(unacked))
						if !i.take(packet.Puback, unacked[at], 0) {
							t.Fatalf("%d is not in flight", unacked[at])
						}
						unacked = slices.Delete(unacked, at, at+1)
					}
				}
				for qos := range i.lanes {
					for _, f := range i.lanes[qos].popKnown(nil, written) {
						if f.number != told[qos] || !known[qos][told[qos]]() {
							t.Fatalf("QoS %d: outcome of %d, want that of %d", qos, f.number, told[qos])
						}
						told[qos]++
					}
					if told[qos] < next[qos] && known[qos][told[qos]]() {
						t.Fatalf("QoS %d: the outcome of %d is known and was not told", qos, told[qos])
					}
				}
				if i.empty() != (told == next) {
					t.Fatalf("empty: %t, with %d of %d told", i.empty(), told, next)
				}
			}
		})
	}
}
