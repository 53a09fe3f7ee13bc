package actors

import (
	"testing"

	"github.com/mqttgateway/mqttgateway/internal/mqtt"
	"github.com/mqttgateway/mqttgateway/messages"
)

func TestAcks(t *testing.T) {
	a := newAcks(7)
	for number, qos := range []byte{0, 1, 2, 0, 1} {
		got := a.open(mqtt.Message{Topic: "t", Payload: "p", QoS: qos})
		if want := (messages.Delivery{Epoch: 7, Number: uint64(number + 1)}); got != want {
			t.Errorf("delivery %v, want %v", got, want)
		}
	}
	if len(a.owed) != 3 {
		t.Errorf("%d acknowledgements owed, want those of QoS 1 and 2", len(a.owed))
	}
	for number, m := range a.owed {
		if m.Topic != "" || m.Payload != "" {
			t.Errorf("delivery %d holds on to %q and %q", number, m.Topic, m.Payload)
		}
	}
	for _, number := range []uint64{3, 3, 1, 99} {
		a.settle(number)
	}
	if _, there := a.owed[3]; there || len(a.owed) != 2 {
		t.Errorf("owed %v, want 2 and 5", a.owed)
	}
}

// The mapper keeps account of what the session of the moment waits for, and not of those before.
func TestLedgerForgetsOldSessions(t *testing.T) {
	l := newLedger(nil)
	delivery := func(epoch, number uint64) messages.Delivery {
		return messages.Delivery{Epoch: epoch, Number: number}
	}
	l.expect(delivery(1, 1), &owed{left: 2, awaited: 2})
	l.expect(delivery(1, 2), &owed{left: 1, awaited: 1})
	l.expect(delivery(2, 1), &owed{left: 3, awaited: 3})
	l.expect(delivery(1, 3), &owed{left: 1, awaited: 1}) // it was on its way
	if len(l.open) != 1 || l.open[delivery(2, 1)].left != 3 {
		t.Errorf("open %v, want the one of the second session", l.open)
	}
}
