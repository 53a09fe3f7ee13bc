package backoff_test

import (
	"math"
	"testing"
	"time"

	"github.com/mqttgateway/mqttgateway/actors/backoff"
)

func TestLongestDoublesUpToMax(t *testing.T) {
	for _, row := range []struct {
		name     string
		policy   backoff.Policy
		failures int
		want     time.Duration
	}{
		{"first", backoff.Policy{Min: time.Second, Max: 30 * time.Second}, 1, time.Second},
		{"no failure counts as one", backoff.Policy{Min: time.Second, Max: 30 * time.Second}, 0, time.Second},
		{"third", backoff.Policy{Min: time.Second, Max: 30 * time.Second}, 3, 4 * time.Second},
		{"sixth is capped", backoff.Policy{Min: time.Second, Max: 30 * time.Second}, 6, 30 * time.Second},
		{"for ever", backoff.Policy{Min: time.Second, Max: 30 * time.Second}, math.MaxInt, 30 * time.Second},
		{"min above max", backoff.Policy{Min: time.Minute, Max: time.Second}, 9, time.Second},
		{"no overflow", backoff.Policy{Min: 1, Max: math.MaxInt64}, 1000, math.MaxInt64},
		{"no wait at all", backoff.Policy{}, 5, 0},
	} {
		t.Run(row.name, func(t *testing.T) {
			if got := row.policy.Full(row.failures); got != (backoff.Range{Max: row.want}) {
				t.Errorf("Full(%d) = %v, want 0 to %v", row.failures, got, row.want)
			}
			if got := row.policy.Half(row.failures); got != (backoff.Range{Min: row.want / 2, Max: row.want}) {
				t.Errorf("Half(%d) = %v, want the upper half of %v", row.failures, got, row.want)
			}
		})
	}
}

func TestDrawStaysInRange(t *testing.T) {
	r := backoff.Range{Min: time.Second, Max: 3 * time.Second}
	for random, want := range map[float64]time.Duration{0: time.Second, 0.5: 2 * time.Second} {
		if got := r.Draw(random); got != want {
			t.Errorf("Draw(%v) = %v, want %v", random, got, want)
		}
	}
	if got := r.Draw(math.Nextafter(1, 0)); got > r.Max {
		t.Errorf("the largest draw is %v, above %v", got, r.Max)
	}
}
