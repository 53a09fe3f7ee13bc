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
