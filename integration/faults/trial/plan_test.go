package trial

import (
	"fmt"
	"testing"

	"github.com/mqttgateway/mqttgateway/integration/faults"
)

// take returns the first n strikes.
func take(seed uint64, n int) []Strike {
	var strikes []Strike
	for s := range Plan(seed) {
		if strikes = append(strikes, s); len(strikes) == n {
			break
		}
	}
	return strikes
}

func TestPlan(t *testing.T) {
	const count = 1000
	for seed := range uint64(20) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			came := make(map[Kind]int)
			ends := 0
			for i, s := range take(seed, count) {
				came[s.Kind]++
				switch {
				case s.Kind == GatewayKill:
					ends = 0
				case s.mayEnd():
					ends++
				}
				if ends > 2 {
					t.Fatalf("strike %d, %v, may be the third end of file in the life of a gateway", i, s)
				}
				if injects := s.Fault != (faults.Fault{}); injects && s.For <= 0 {
					t.Errorf("strike %d, %v, lasts %v", i, s, s.For)
				}
				// With the kills of the gateway in between, a round has fewer than twice as many strikes as there are
				// kinds.
				if rounds := i / (2 * len(Kinds)); i%(2*len(Kinds)) == 0 {
					for _, kind := range Kinds {
						if came[kind] < rounds {
							t.Fatalf("%s came %d times in the first %d strikes, want %d at least", kind, came[kind], i+1, rounds)
						}
					}
				}
			}
		})
	}
}

func TestPlanIsTheSeeds(t *testing.T) {
	one, again, other := fmt.Sprint(take(7, 100)), fmt.Sprint(take(7, 100)), fmt.Sprint(take(8, 100))
	if one != again {
		t.Error("one seed gave two plans")
	}
	if one == other {
		t.Error("two seeds gave one plan")
	}
}
