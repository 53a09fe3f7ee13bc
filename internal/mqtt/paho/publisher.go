package paho

import (
	"fmt"
	"runtime/debug"
	"sync"

	paho "github.com/eclipse/paho.mqtt.golang"

	"github.com/mqttgateway/mqttgateway/internal/mqtt"
)

// publisher takes publications without blocking, hands them to paho, which may block, and reports what
// became of them, in the order of those with the same QoS. A goroutine hands them over, and one for each QoS reports;
// all end with the conn.
type publisher struct {
	conn      *conn
	client    paho.Client
	published func(number uint64, err error)

	taken  *queue[publication]
	handed [1 + mqtt.MaxQoS]*queue[delivery] // by QoS

	telling sync.Mutex // is held by who calls published
}

type publication struct {
	number  uint64
	message mqtt.Message
	settled chan<- struct{} // not nil: no publication; gets a value for each QoS when those before are settled
}

type delivery struct {
	number  uint64
	token   paho.Token // nil: none needed
	err     error      // why it cannot be sent
	settled chan<- struct{}
}

func newPublisher(c *conn, client paho.Client, published func(uint64, error)) *publisher {
	p := &publisher{conn: c, client: client, published: published, taken: newQueue[publication]()}
	for qos := range p.handed {
		p.handed[qos] = newQueue[delivery]()
	}
	return p
}

// settled returns a channel that gets a value for each QoS when all that was taken has been reported.
func (p *publisher) settled() <-chan struct{} {
	settled := make(chan struct{}, len(p.handed))
	p.taken.put(publication{settled: settled})
	return settled
}

// hand feeds paho.
func (p *publisher) hand() {
	for batch := p.taken.take(nil, p.conn.done); batch != nil; batch = p.taken.take(batch, p.conn.done) {
		for _, pub := range batch {
			if pub.settled != nil {
				for _, handed := range p.handed {
					handed.put(delivery{settled: pub.settled})
				}
				continue
			}
			d, m, qos := delivery{number: pub.number}, pub.message, min(pub.message.QoS, mqtt.MaxQoS)
			if d.err = m.Check(); d.err == nil && !p.conn.call(func() {
				d.token = p.client.Publish(m.Topic, qos, m.Retained, m.Payload)
			}) {
				return
			}
			p.handed[qos].put(d)
		}
	}
}

// report waits for each outcome in turn. Whatever paho has against a message that was well-formed has to
// do with the session, not with the message: it ends the session, and the message has no outcome.
func (p *publisher) report(handed *queue[delivery]) {
	defer p.recovered()
	for batch := handed.take(nil, p.conn.done); batch != nil; batch = handed.take(batch, p.conn.done) {
		for _, d := range batch {
			if d.settled != nil {
				d.settled <- struct{}{}
				continue
			}
			if d.token != nil {
				select {
				case <-d.token.Done():
				case <-p.conn.done: // paho leaves some tokens for ever.
				}
				if p.conn.ended() {
					return
				}
				if err := d.token.Error(); err != nil {
					p.conn.fail(fmt.Errorf("publish: %w", err))
					return
				}
			}
			p.tell(d)
		}
	}
}

// tell makes one call after the other.
func (p *publisher) tell(d delivery) {
	p.telling.Lock()
	defer p.telling.Unlock()
	p.published(d.number, d.err)
}

func (p *publisher) recovered() {
	if v := recover(); v != nil {
		p.conn.fail(&mqtt.PanicError{Value: v, Stack: debug.Stack()})
	}
}
