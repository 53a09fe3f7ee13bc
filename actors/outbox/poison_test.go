package outbox

import (
	"fmt"
	"testing"
	"time"

	"github.com/mqttgateway/mqttgateway/messages"
)

// What was given up is known by topic and payload, for some time, and only so much of it.
func TestPoison(t *testing.T) {
	var p Poison
	of := func(topic, payload string) Entry {
		return Entry{Publication: messages.Publication{Topic: topic, Payload: payload}}
	}
	if p.Has(of("a", "1"), 0) {
		t.Error("the empty one has something")
	}
	p.Add(of("a", "1"), time.Second)
	for _, row := range []struct {
		e    Entry
		now  time.Duration
		want bool
	}{
		{of("a", "1"), time.Minute, true},
		{of("a", "2"), time.Minute, false},
		{of("a1", ""), time.Minute, false},
		{of("a", "1"), poisonTime, true},
		{of("a", "1"), poisonTime + time.Second, false},
	} {
		if got := p.Has(row.e, row.now); got != row.want {
			t.Errorf("%s %s after %v: %t, want %t", row.e.Topic, row.e.Payload, row.now, got, row.want)
		}
	}
	for i := range maxPoison + 1 {
		p.Add(of("a", fmt.Sprint(i)), 0)
	}
	if p.Has(of("a", "0"), 0) || !p.Has(of("a", "1"), 0) || !p.Has(of("a", fmt.Sprint(maxPoison)), 0) {
		t.Error("want the latest of them")
	}
}
