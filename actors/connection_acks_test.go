package actors

import (
	"testing"

	"github.com/mqttgateway/mqttgateway/actors/link"
	"github.com/mqttgateway/mqttgateway/internal/mqtt"
	"github.com/mqttgateway/mqttgateway/messages"
)

func TestDeliveries(t *testing.T) {
	d := newDeliveries(7)
	for number, qos := range []byte{0, 1, 2, 0, 1} {
		got := d.arrived(mqtt.Message{Topic: "t", Payload: "p", QoS: qos})
		if want := (messages.Delivery{Epoch: 7, Number: uint64(number + 1)}); got != want {
			t.Errorf("delivery %v, want %v", got, want)
		}
	}
	if len(d.open) != 3 {
		t.Errorf("%d deliveries are open, want those of QoS 1 and 2", len(d.open))
	}
	for number, m := range d.open {
		if m.Topic != "" || m.Payload != "" {
			t.Errorf("delivery %d holds on to %q and %q", number, m.Topic, m.Payload)
		}
	}
	for _, number := range []uint64{3, 3, 1, 99} {
		d.acknowledge(number)
	}
	if _, there := d.open[3]; there || len(d.open) != 2 {
		t.Errorf("open %v, want 2 and 5", d.open)
	}
}

// A delivery is acknowledged when everything is kept that its devices had emitted when they answered, and not what came
// later.
func TestAcknowledgementWaitsForWhatWasEmitted(t *testing.T) {
	c := &connection{connectionMemory: &connectionMemory{}, state: link.State{Epoch: 1}}
	c.deliveries = newDeliveries(1)
	d := c.deliveries.arrived(mqtt.Message{QoS: 1})
	order := &c.awaiting.order
	before, emitted := order.Next(), order.Next()
	c.acknowledge(messages.Acknowledge{Delivery: d})
	later := order.Next()
	for _, step := range []struct {
		name  string
		done  uint64
		waits bool
	}{
		{"its own is kept, an earlier one is not", emitted, true},
		{"a later one", later, true},
		{"the earlier one too", before, false},
	} {
		order.Done(step.done)
		c.release()
		if waits := len(c.deliveries.open) == 1; waits != step.waits {
			t.Errorf("%s: the delivery waits %t, want %t", step.name, waits, step.waits)
		}
	}
	c.acknowledge(messages.Acknowledge{Delivery: messages.Delivery{Epoch: 2, Number: 1}})
	if c.awaiting.deliveries.Len() != 0 {
		t.Error("a delivery of another session waits")
	}
}

// A delivery that a device keeps on disk is acknowledged when its record is written; a record is released when what its
// device had emitted is kept.
func TestAcknowledgementWaitsForTheDisk(t *testing.T) {
	var a acknowledgements
	emitted := a.order.Next()
	a.addRecord(5)
	a.addDelivery(1, 7)
	a.order.Next()
	if _, ok := a.nextRecord(); ok {
		t.Error("the record is released before what was emitted is kept")
	}
	a.order.Done(emitted)
	if n, ok := a.nextRecord(); !ok || n != 5 {
		t.Errorf("record %d, %t; want 5 released", n, ok)
	}
	a.written = 6
	if _, ok := a.nextDelivery(); ok {
		t.Error("acknowledged before record 7 is written")
	}
	a.written = 7
	if n, ok := a.nextDelivery(); !ok || n != 1 {
		t.Errorf("delivery %d, %t; want 1 acknowledged", n, ok)
	}
	a.addDelivery(2, 0)
	a.newSession()
	if _, ok := a.nextDelivery(); ok {
		t.Error("a delivery outlives its session")
	}
}
