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
		m.Topic, m.Payload = "", nil // only the acknowledgement is kept
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
