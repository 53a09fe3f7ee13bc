package actors_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mqttgateway/mqttgateway/actors"
	"github.com/mqttgateway/mqttgateway/config"
)

// What waits is told while the gateway works, and afterwards.
func TestQueues(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &bench{t: t, broker: &fakeBroker{down: errors.New("refused")}, log: &lines{t: t}, done: make(chan struct{})}
		b.run([]config.Device{{Name: "b", Type: "lamp"}, {Name: "a", Type: "lamp"}}, func(o *actors.Options) { o.Spool.Dir = t.TempDir() })
		b.publish("a", "home/A////gw/S", "ON")
		b.publish("b", "home/B////gw/S", "ON")
		time.Sleep(time.Second)
		q := b.gateway.Queues()
		if q.Outbox != 2 || q.OutboxBytes == 0 || q.OutboxRoom.Messages != 100 || q.Spool != 2 || q.SpoolBytes == 0 || q.SpoolRoom != 4<<20 {
			t.Errorf("without a broker: %+v", q)
		}
		if n, ok := q.Mailboxes["mapper"]; len(q.Mailboxes) != 4 || !ok || n != 0 {
			t.Errorf("mailboxes: %v", q.Mailboxes)
		}
		var names []string
		for f := range b.gateway.Figures() {
			names = append(names, f.Name)
		}
		if len(names) != 2 || names[0] != "b" {
			t.Errorf("devices: %q, want the oldest first", names)
		}
		b.broker.locked(func() { b.broker.down = nil })
		time.Sleep(time.Minute)
		if q := b.gateway.Queues(); q.Outbox != 0 || q.OutboxBytes != 0 || q.Spool != 0 || q.SpoolBytes != 0 {
			t.Errorf("with the broker: %+v", q)
		}
		b.end()
		if q := b.gateway.Queues(); q.Mailboxes != nil {
			t.Errorf("afterwards: %+v", q)
		}
	})
}

func TestDurations(t *testing.T) {
	var d actors.Durations
	for _, took := range []time.Duration{0, 100 * time.Microsecond, 101 * time.Microsecond, time.Minute} {
		d.Add(took)
	}
	buckets, sum := d.Buckets()
	first, second, last := buckets[0], buckets[1], buckets[len(buckets)-1]
	if first.Count != 2 || second.Count != 1 || last.Count != 1 || last.Most != 0 || sum != time.Minute+201*time.Microsecond {
		t.Errorf("%v, %v", buckets, sum)
	}
}
