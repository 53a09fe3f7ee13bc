package actors

import (
	"sync"

	"github.com/mqttgateway/mqttgateway/actors/outbox"
	"github.com/mqttgateway/mqttgateway/internal/fifo"
	"github.com/mqttgateway/mqttgateway/internal/mqtt"
	"github.com/mqttgateway/mqttgateway/messages"
)

// deliveries holds the acknowledgements that are due in one session, so that actors can name a delivery by its number.
// A goroutine of the session adds a delivery, and the connection acknowledges it.
type deliveries struct {
	epoch uint64

	mu   sync.Mutex
	last uint64
	open map[uint64]mqtt.Message // by number; without topic and payload
}

func newDeliveries(epoch uint64) *deliveries {
	return &deliveries{epoch: epoch, open: make(map[uint64]mqtt.Message)}
}

// arrived makes the delivery of a message that has arrived.
func (d *deliveries) arrived(m mqtt.Message) messages.Delivery {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.last++
	if m.QoS > 0 {
		m.Topic, m.Payload = "", ""
		d.open[d.last] = m
	}
	return messages.Delivery{Epoch: d.epoch, Number: d.last}
}

// acknowledge acknowledges a delivery to the broker. A second call has no effect.
func (d *deliveries) acknowledge(number uint64) {
	d.mu.Lock()
	m, ok := d.open[number]
	delete(d.open, number)
	d.mu.Unlock()
	if ok {
		m.Ack()
	}
}

// acknowledgements decides when deliveries may be acknowledged, and records of the spool released: when everything is
// kept that their devices had emitted before they were done. What a device emits reaches the connection before the word
// that the device is done. So these are the publications that the outbox has got by then.
type acknowledgements struct {
	order      outbox.Order // of publications
	written    uint64       // records up to this one are on disk, or could not be written
	deliveries fifo.Queue[waitingDelivery]
	records    fifo.Queue[waitingRecord]
}

// waitingDelivery is a delivery that each of its devices has handled, refused or kept.
type waitingDelivery struct {
	number uint64
	after  uint64 // publications up to this one must be done first
	record uint64 // records up to this one must be written first
}

// waitingRecord is a record of a message that its device has handled.
type waitingRecord struct {
	number uint64
	after  uint64 // publications up to this one must be done first
}

// newSession drops the deliveries of the session before: their acknowledgements can't be sent any more.
func (a *acknowledgements) newSession() { a.deliveries = fifo.Queue[waitingDelivery]{} }

func (a *acknowledgements) addDelivery(number, record uint64) {
	a.deliveries.Push(waitingDelivery{number, a.order.Last(), record})
}

func (a *acknowledgements) addRecord(number uint64) {
	a.records.Push(waitingRecord{number, a.order.Last()})
}

// nextDelivery removes and returns a delivery that may be acknowledged; ok is false if there is none.
func (a *acknowledgements) nextDelivery() (number uint64, ok bool) {
	if a.deliveries.Len() == 0 {
		return 0, false
	}
	if first := a.deliveries.First(); first.after > a.order.UpTo() || first.record > a.written {
		return 0, false
	}
	return a.deliveries.Pop().number, true
}

// nextRecord removes and returns a record that may be released; ok is false if there is none.
func (a *acknowledgements) nextRecord() (number uint64, ok bool) {
	if a.records.Len() == 0 || a.records.First().after > a.order.UpTo() {
		return 0, false
	}
	return a.records.Pop().number, true
}

// acknowledge acknowledges a delivery as soon as that is allowed.
func (c *connection) acknowledge(m messages.Acknowledge) {
	if m.Delivery.Epoch != c.state.Epoch {
		return // its session has ended
	}
	c.awaiting.addDelivery(m.Delivery.Number, m.Record)
	c.release()
}

// spend releases a record as soon as that is allowed.
func (c *connection) spend(m messages.Spent) {
	c.awaiting.addRecord(m.Record)
	c.release()
}

// release acknowledges all deliveries, and releases all records, for which that is allowed.
func (c *connection) release() {
	for {
		number, ok := c.awaiting.nextDelivery()
		if !ok {
			break
		}
		c.deliveries.acknowledge(number)
		c.unflushed = c.session
	}
	for {
		number, ok := c.awaiting.nextRecord()
		if !ok {
			return
		}
		c.spool.Release(number)
	}
}
