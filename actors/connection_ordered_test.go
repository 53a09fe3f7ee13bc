package actors

import (
	"math/rand/v2"
	"testing"

	"github.com/mqttgateway/mqttgateway/actors/link"
	"github.com/mqttgateway/mqttgateway/internal/mqtt"
	"github.com/mqttgateway/mqttgateway/messages"
)

// Whatever the order in which publications are settled, upTo is the last of those before which none is left.
func TestOrderedWalk(t *testing.T) {
	const seed = 3
	random := rand.New(rand.NewPCG(seed, seed))
	var o ordered
	var open []uint64
	for step := range 20_000 {
		if len(open) == 0 || random.IntN(2) == 0 {
			open = append(open, o.next())
		} else {
			i := random.IntN(min(len(open), 30))
			o.settle(open[i])
			open = append(open[:i], open[i+1:]...)
		}
		want := o.last
		if len(open) > 0 {
			want = open[0] - 1
		}
		if o.upTo != want {
			t.Fatalf("seed %d, step %d: settled up to %d, want %d", seed, step, o.upTo, want)
		}
	}
	if len(o.beyond) > len(open)+30 {
		t.Errorf("%d settled ones are remembered", len(o.beyond))
	}
}

// A delivery is acknowledged when everything is kept that its devices had emitted when they answered, and not what came
// later.
func TestAcknowledgementWaitsForWhatWasEmitted(t *testing.T) {
	c := &connection{lasting: &lasting{}, state: link.State{Epoch: 1}, acks: newAcks(1)}
	d := c.acks.open(mqtt.Message{QoS: 1})
	owed := func() bool { return len(c.acks.owed) == 1 }
	before, emitted := c.ordered.next(), c.ordered.next()
	c.settled(messages.Acknowledge{Delivery: d})
	later := c.ordered.next()
	for _, step := range []struct {
		name   string
		settle uint64
		want   bool
	}{
		{"its own is kept, an earlier one is not", emitted, true},
		{"a later one", later, true},
		{"the earlier one too", before, false},
	} {
		c.ordered.settle(step.settle)
		c.acknowledge()
		if owed() != step.want {
			t.Errorf("%s: acknowledgement owed %t, want %t", step.name, owed(), step.want)
		}
	}
	c.settled(messages.Acknowledge{Delivery: messages.Delivery{Epoch: 2, Number: 1}})
	if len(c.unacked) != 0 {
		t.Error("a delivery of another session waits")
	}
}
