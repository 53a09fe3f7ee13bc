package mqtt

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
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
			i.ask(id, typeSuback)
		} else {
			i.add(flight{number: n}, id)
		}
	}
	if _, err := i.identifier(); !errors.Is(err, errNoIdentifier) {
		t.Errorf("one more: %v", err)
	}
	// Of all that there are, those that have come back.
	i.answer(typeSuback, 1, 0)
	i.acknowledge(40_000)
	for _, want := range []uint16{1, 40_000} {
		id, err := i.identifier()
		if id != want || err != nil {
			t.Errorf("got %d, %v; want %d", id, err, want)
		}
		i.ask(id, typeSuback)
	}
}

func TestWhatIsNotInFlight(t *testing.T) {
	i := newInflight()
	i.add(flight{number: 1}, 7)
	r := i.ask(8, typeSuback)
	for what, taken := range map[string]bool{
		"an acknowledgement of nothing":   i.acknowledge(1),
		"an acknowledgement of a request": i.acknowledge(8),
		"an answer to nothing":            i.answer(typeSuback, 1, 0),
		"an answer to a publication":      i.answer(typeSuback, 7, 0),
		"an answer of another type":       i.answer(typeUnsuback, 8, 0),
	} {
		if taken {
			t.Errorf("%s was taken", what)
		}
	}
	if !i.answer(typeSuback, 8, 1) || i.answer(typeSuback, 8, 2) {
		t.Error("a request is to be answered once")
	}
	if code := <-r.answer; code != 1 {
		t.Errorf("answered with %d", code)
	}
	if !i.acknowledge(7) || i.acknowledge(7) {
		t.Error("a publication is to be acknowledged once")
	}
}

// Whatever happens in whatever order, each outcome comes once, in order, and never before its cause.
func TestOutcomesOfARandomWalk(t *testing.T) {
	for seed := range uint64(20) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 0))
			i := newInflight()
			var (
				next, told, end, written uint64
				unacked                  []uint16
				known                    = make(map[uint64]func() bool)
				ids                      = make(map[uint64]uint16)
			)
			for range 20_000 {
				switch random.IntN(4) {
				case 0, 1:
					n, id := next, uint16(0)
					next++
					switch random.IntN(5) {
					case 0:
						i.add(flight{number: n, settled: true, err: errOptions}, 0)
						known[n] = func() bool { return true }
					case 1, 2:
						end += 10
						sent := end
						i.add(flight{number: n, sent: sent}, 0)
						known[n] = func() bool { return sent <= written }
					default:
						var err error
						if id, err = i.identifier(); err != nil {
							t.Fatal(err)
						}
						i.add(flight{number: n}, id)
						unacked = append(unacked, id)
						ids[n] = id
						known[n] = func() bool { return !slices.Contains(unacked, ids[n]) }
					}
				case 2:
					written += random.Uint64N(end - written + 1)
				case 3:
					for range min(3, len(unacked)) {
						at := random.IntN(len(unacked))
						if !i.acknowledge(unacked[at]) {
							t.Fatalf("%d is not in flight", unacked[at])
						}
						unacked = slices.Delete(unacked, at, at+1)
					}
				}
				for _, f := range i.settled(nil, written) {
					if f.number != told || !known[told]() {
						t.Fatalf("outcome of %d, want that of %d, known: %t", f.number, told, known[told]())
					}
					told++
				}
				if told < next && known[told]() {
					t.Fatalf("the outcome of %d is known and was not told", told)
				}
				if i.empty() != (told == next) {
					t.Fatalf("empty: %t, with %d of %d told", i.empty(), told, next)
				}
			}
		})
	}
}
