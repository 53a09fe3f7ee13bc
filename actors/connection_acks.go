package actors

import (
	"sync"

	"github.com/mqttgateway/mqttgateway/internal/mqtt"
	"github.com/mqttgateway/mqttgateway/messages"
)

// acks holds the acknowledgements that one session owes the broker, so that the others can speak of deliveries by
// number. Open is called by the session, settle by the connection.
type acks struct {
	epoch uint64

	mu   sync.Mutex
	last uint64
	owed map[uint64]mqtt.Message
}

func newAcks(epoch uint64) *acks { return &acks{epoch: epoch, owed: make(map[uint64]mqtt.Message)} }

// open gives an arriving message its delivery.
func (a *acks) open(m mqtt.Message) messages.Delivery {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.last++
	if m.QoS > 0 {
		m.Topic, m.Payload = "", "" // only the acknowledgement is kept
		a.owed[a.last] = m
	}
	return messages.Delivery{Epoch: a.epoch, Number: a.last}
}

// settle acknowledges a delivery, once.
func (a *acks) settle(number uint64) {
	a.mu.Lock()
	m, ok := a.owed[number]
	delete(a.owed, number)
	a.mu.Unlock()
	if ok {
		m.Ack()
	}
}

// ordered numbers publications as they come, and knows up to which all of them have been settled. They mostly are in
// order; those that are settled before earlier ones wait in beyond.
type ordered struct {
	last   uint64
	upTo   uint64 // all up to this one are settled
	beyond map[uint64]bool
}

func (o *ordered) next() uint64 {
	o.last++
	return o.last
}

// settle may be called again for the same publication.
func (o *ordered) settle(n uint64) {
	if n <= o.upTo {
		return
	}
	if n != o.upTo+1 {
		if o.beyond == nil {
			o.beyond = make(map[uint64]bool)
		}
		o.beyond[n] = true
		return
	}
	for o.upTo = n; o.beyond[o.upTo+1]; {
		o.upTo++
		delete(o.beyond, o.upTo)
	}
}

// unacked is a delivery that all devices have answered or keep, and that is acknowledged when what they had emitted by then
// is kept: all publications up to after; and what they keep is on disk: all records up to record.
type unacked struct {
	number uint64
	after  uint64
	record uint64
}

// spent is a record of a message that its device has handled, which is released when what the device had emitted by then
// is kept: all publications up to after.
type spent struct {
	record uint64
	after  uint64
}

// settled acknowledges a delivery as soon as everything is settled that came to the outbox before this word of it.
func (c *connection) settled(m messages.Acknowledge) {
	if m.Delivery.Epoch != c.state.Epoch {
		return // its session is gone, and the acknowledgement with it
	}
	c.unacked = append(c.unacked, unacked{m.Delivery.Number, c.ordered.last, m.Record})
	c.acknowledge()
}

// spend releases a record as soon as everything is settled that came to the outbox before this word of it.
func (c *connection) spend(m messages.Spent) {
	c.spent = append(c.spent, spent{m.Record, c.ordered.last})
	c.acknowledge()
}

// acknowledge sends what acknowledgements need not wait any longer, and releases what records need not.
func (c *connection) acknowledge() {
	for len(c.unacked) > 0 && c.unacked[0].after <= c.ordered.upTo && c.unacked[0].record <= c.stored {
		c.acks.settle(c.unacked[0].number)
		c.unacked = c.unacked[1:]
		c.unsent = c.session
	}
	for len(c.spent) > 0 && c.spent[0].after <= c.ordered.upTo {
		c.spool.Release(c.spent[0].record)
		c.spent = c.spent[1:]
	}
}
