package paho

import (
	"fmt"
	"runtime/debug"
	"sync"

	paho "github.com/eclipse/paho.mqtt.golang"

	"github.com/mqttgateway/mqttgateway/internal/mqtt"
)

// publisher takes publications without blocking, hands them over to paho, which may block, and reports their outcomes
// in order, for each QoS by itself. One goroutine hands publications over and reports the outcomes at QoS 0. Another
// reports those at QoS 1, which come from the broker. Both end with the conn.
type publisher struct {
	conn      *conn
	client    paho.Client
	published func(number uint64, err error)

	taken   *queue[publication]
	unacked *queue[publication] // handed over at QoS 1, without an outcome

	calling sync.Mutex // held while published is called
}

type publication struct {
	number  uint64
	message mqtt.Message
	err     error      // why the message cannot be sent
	token   paho.Token // nil if paho has not got the message

	// Not nil: no publication, but a mark; gets a value when the outcomes before it are reported.
	reported chan<- struct{}
}

func newPublisher(c *conn, client paho.Client, published func(uint64, error)) *publisher {
	return &publisher{conn: c, client: client, published: published, taken: newQueue[publication](), unacked: newQueue[publication]()}
}

// publish takes a message. The message may stay in taken until flush is called.
func (p *publisher) publish(number uint64, m mqtt.Message) {
	err := m.Check()
	m.QoS = min(m.QoS, mqtt.MaxQoS)
	p.taken.put(publication{number: number, message: m, err: err})
}

// flush makes the goroutine of handOver hand over what was taken.
func (p *publisher) flush() { p.taken.wake() }

// reported returns a channel that gets two values, one for each QoS, when the outcomes of everything taken so far have
// been reported.
func (p *publisher) reported() <-chan struct{} {
	reported := make(chan struct{}, 2)
	p.taken.put(publication{reported: reported})
	p.taken.wake()
	return reported
}

// handOver hands publications over to paho, and reports the outcomes at QoS 0.
func (p *publisher) handOver() {
	defer p.recovered()
	for batch := p.taken.take(nil, p.conn.done); batch != nil; batch = p.taken.take(batch, p.conn.done) {
		sendable := 0
		for i := range batch {
			if batch[i].reported == nil && batch[i].err == nil {
				sendable++
			}
		}
		p.conn.announce(sendable)
		for i := range batch {
			pub := &batch[i]
			if pub.reported == nil && pub.err == nil && !p.conn.call(func() {
				pub.token = p.client.Publish(pub.message.Topic, pub.message.QoS, pub.message.Retained, pub.message.Payload)
			}) {
				return
			}
			if pub.reported != nil || pub.message.QoS > 0 {
				p.unacked.put(*pub)
			}
		}
		p.unacked.wake()
		for _, pub := range batch {
			if (pub.reported != nil || pub.message.QoS == 0) && !p.report(pub) {
				return
			}
		}
	}
}

// awaitAcks reports the outcomes at QoS 1.
func (p *publisher) awaitAcks() {
	defer p.recovered()
	for batch := p.unacked.take(nil, p.conn.done); batch != nil; batch = p.unacked.take(batch, p.conn.done) {
		for _, pub := range batch {
			if !p.report(pub) {
				return
			}
		}
	}
}

// report waits for the outcome of pub and reports it. If the session ends meanwhile, report returns false. An error of
// paho's for a message that has passed its check is the session's fault, not the message's: it ends the session, and
// the message gets no outcome.
func (p *publisher) report(pub publication) bool {
	if pub.reported != nil {
		pub.reported <- struct{}{}
		return true
	}
	if pub.token != nil {
		select {
		case <-pub.token.Done():
		case <-p.conn.done: // paho never completes some tokens.
		}
		if p.conn.ended() {
			return false
		}
		if err := pub.token.Error(); err != nil {
			p.conn.fail(fmt.Errorf("publish: %w", err))
			return false
		}
	}
	p.call(pub)
	return true
}

// call calls published, on one goroutine at a time.
func (p *publisher) call(pub publication) {
	p.calling.Lock()
	defer p.calling.Unlock()
	p.published(pub.number, pub.err)
}

func (p *publisher) recovered() {
	if v := recover(); v != nil {
		p.conn.fail(&mqtt.PanicError{Value: v, Stack: debug.Stack()})
	}
}
