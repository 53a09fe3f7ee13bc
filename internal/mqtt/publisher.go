package mqtt

import (
	"fmt"
	"runtime/debug"

	paho "github.com/eclipse/paho.mqtt.golang"
)

// atLeastOnce is the most that is published with. Of more than 20 messages at QoS 2 that are under way
// mosquitto acknowledges all and delivers some; and paho does not keep to exactly once either.
const atLeastOnce = 1

// publisher takes publications without blocking, hands them to paho, which may block, and reports what
// became of them, in order. A goroutine does each of the two; both end with the conn.
type publisher struct {
	conn      *conn
	client    paho.Client
	published func(number uint64, err error)

	taken  *queue[publication]
	handed *queue[delivery]
}

type publication struct {
	number  uint64
	message Message
	settled chan struct{} // not nil: no publication, but to be closed when those before are settled
}

type delivery struct {
	number  uint64
	token   paho.Token // nil: none needed
	err     error      // why it cannot be sent
	settled chan struct{}
}

func newPublisher(c *conn, client paho.Client, published func(uint64, error)) *publisher {
	return &publisher{c, client, published, newQueue[publication](), newQueue[delivery]()}
}

// settled returns a channel that is closed when all that was taken has been reported.
func (p *publisher) settled() <-chan struct{} {
	done := make(chan struct{})
	p.taken.put(publication{settled: done})
	return done
}

// hand feeds paho.
func (p *publisher) hand() {
	for batch := p.taken.take(nil, p.conn.done); batch != nil; batch = p.taken.take(batch, p.conn.done) {
		for _, pub := range batch {
			d := delivery{number: pub.number, settled: pub.settled}
			if m := pub.message; d.settled == nil {
				if d.err = m.check(); d.err == nil && !p.conn.call(func() {
					d.token = p.client.Publish(m.Topic, min(m.QoS, atLeastOnce), m.Retained, m.Payload)
				}) {
					return
				}
			}
			p.handed.put(d)
		}
	}
}

// report waits for each outcome in turn. Whatever paho has against a message that was well-formed has to
// do with the session, not with the message: it ends the session, and the message has no outcome.
func (p *publisher) report() {
	defer p.recovered()
	for batch := p.handed.take(nil, p.conn.done); batch != nil; batch = p.handed.take(batch, p.conn.done) {
		for _, d := range batch {
			if d.settled != nil {
				close(d.settled)
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
			p.published(d.number, d.err)
		}
	}
}

func (p *publisher) recovered() {
	if v := recover(); v != nil {
		p.conn.fail(&PanicError{v, debug.Stack()})
	}
}
