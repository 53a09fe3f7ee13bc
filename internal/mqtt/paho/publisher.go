package paho

import (
	"fmt"
	"runtime/debug"
	"sync"

	paho "github.com/eclipse/paho.mqtt.golang"

	"github.com/mqttgateway/mqttgateway/internal/mqtt"
)

// publisher takes publications without blocking, hands them to paho, which may block, and tells what became of them, in the order
// of those with the same QoS. One goroutine hands them over and tells the outcomes at QoS 0, another tells those at QoS 1, which
// wait for the broker; both end with the conn.
type publisher struct {
	conn      *conn
	client    paho.Client
	published func(number uint64, err error)

	taken   *queue[publication]
	unacked *queue[publication] // at QoS 1, handed over

	telling sync.Mutex // is held by who calls published
}

type publication struct {
	number  uint64
	message mqtt.Message
	err     error      // why the message cannot be sent
	token   paho.Token // nil: not handed over

	settled chan<- struct{} // not nil: no publication; gets a value when those before are settled, at either QoS
}

func newPublisher(c *conn, client paho.Client, published func(uint64, error)) *publisher {
	return &publisher{conn: c, client: client, published: published, taken: newQueue[publication](), unacked: newQueue[publication]()}
}

// publish takes a message. Nothing need happen to it before flush.
func (p *publisher) publish(number uint64, m mqtt.Message) {
	err := m.Check()
	m.QoS = min(m.QoS, mqtt.MaxQoS)
	p.taken.put(publication{number: number, message: m, err: err})
}

// flush has what was taken handed over.
func (p *publisher) flush() { p.taken.wake() }

// settled returns a channel that gets two values, one for each QoS, when all that was taken has been told of.
func (p *publisher) settled() <-chan struct{} {
	settled := make(chan struct{}, 2)
	p.taken.put(publication{settled: settled})
	p.taken.wake()
	return settled
}

// hand feeds paho, and tells the outcomes at QoS 0.
func (p *publisher) hand() {
	defer p.recovered()
	for batch := p.taken.take(nil, p.conn.done); batch != nil; batch = p.taken.take(batch, p.conn.done) {
		sendable := 0
		for i := range batch {
			if batch[i].settled == nil && batch[i].err == nil {
				sendable++
			}
		}
		p.conn.announce(sendable)
		for i := range batch {
			pub := &batch[i]
			if pub.settled == nil && pub.err == nil && !p.conn.call(func() {
				pub.token = p.client.Publish(pub.message.Topic, pub.message.QoS, pub.message.Retained, pub.message.Payload)
			}) {
				return
			}
			if pub.settled != nil || pub.message.QoS > 0 {
				p.unacked.put(*pub)
			}
		}
		p.unacked.wake()
		for _, pub := range batch {
			if (pub.settled != nil || pub.message.QoS == 0) && !p.settle(pub) {
				return
			}
		}
	}
}

// awaitAcks tells the outcomes at QoS 1.
func (p *publisher) awaitAcks() {
	defer p.recovered()
	for batch := p.unacked.take(nil, p.conn.done); batch != nil; batch = p.unacked.take(batch, p.conn.done) {
		for _, pub := range batch {
			if !p.settle(pub) {
				return
			}
		}
	}
}

// settle waits for an outcome and tells it; after the session's end it reports false. Whatever paho has against a message that was
// well-formed has to do with the session, not with the message: it ends the session, and the message has no outcome.
func (p *publisher) settle(pub publication) bool {
	if pub.settled != nil {
		pub.settled <- struct{}{}
		return true
	}
	if pub.token != nil {
		select {
		case <-pub.token.Done():
		case <-p.conn.done: // paho leaves some tokens for ever.
		}
		if p.conn.ended() {
			return false
		}
		if err := pub.token.Error(); err != nil {
			p.conn.fail(fmt.Errorf("publish: %w", err))
			return false
		}
	}
	p.tell(pub)
	return true
}

// tell makes one call after the other.
func (p *publisher) tell(pub publication) {
	p.telling.Lock()
	defer p.telling.Unlock()
	p.published(pub.number, pub.err)
}

func (p *publisher) recovered() {
	if v := recover(); v != nil {
		p.conn.fail(&mqtt.PanicError{Value: v, Stack: debug.Stack()})
	}
}
