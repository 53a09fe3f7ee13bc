package paho

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"

	"github.com/mqttgateway/mqttgateway/internal/mqtt"
	"github.com/mqttgateway/mqttgateway/internal/mqtt/liveness"
	"github.com/mqttgateway/mqttgateway/internal/mqtt/packet"
	"github.com/mqttgateway/mqttgateway/internal/mqtt/wire"
)

// session is a [mqtt.Session] on a paho client.
type session struct {
	options   mqtt.Options
	conn      *conn
	client    paho.Client
	publisher *publisher
	present   bool

	over  atomic.Bool   // Close, Kill or Lost has happened: the other two have nothing to do
	quiet atomic.Bool   // Arrived is called no more
	quit  chan struct{} // closed when paho's goroutines have ended
	gone  chan struct{} // closed when ours have, too
	why   error         // of paho's, set before quit is closed
}

// begin starts what runs beside paho. All of it ends with the conn.
func (s *session) begin() {
	var publishing sync.WaitGroup
	publishing.Go(s.publisher.hand)
	publishing.Go(s.publisher.awaitAcks)
	go func() {
		defer close(s.gone)
		s.watch()
		publishing.Wait()
		<-s.conn.flushed
		<-s.quit
	}()
}

func (s *session) Present() bool { return s.present }

// arrived is called by paho, for one message after the other.
func (s *session) arrived(_ paho.Client, m paho.Message) {
	msg := mqtt.Message{
		Topic:     m.Topic(),
		Payload:   string(m.Payload()),
		QoS:       m.Qos(),
		Retained:  m.Retained(),
		Duplicate: m.Duplicate(),
	}.AcknowledgedBy(s, m.MessageID())
	s.call(func() { s.options.Arrived(msg) })
}

// call makes one of the calls of the session's user, on whose panic the session ends.
func (s *session) call(back func()) {
	defer func() {
		if v := recover(); v != nil {
			s.quiet.Store(true)
			s.conn.fail(&mqtt.PanicError{Value: v, Stack: debug.Stack()})
		}
	}()
	if !s.quiet.Load() {
		back()
	}
}

// quitted is called by paho when all its goroutines have ended.
func (s *session) quitted(_ paho.Client, err error) {
	s.why = err
	close(s.quit)
}

// watch waits for the end, which it may bring about itself, and tells of it.
func (s *session) watch() {
	s.judgeBroker()
	cause := s.conn.failure()
	if s.handedOn() && errors.Is(cause, errGivenUp) {
		cause = fmt.Errorf("ended by paho: %v", s.why) // %v: whatever it says, it is no EOF of the broker's.
	}
	s.quiet.Store(true)
	if !s.over.Swap(true) {
		s.options.Lost(cause)
	}
}

// judgeBroker pings the broker, and ends the session when the broker is there no more or does not answer. It returns when the
// session has ended. (paho pings as well: up to 5 s, or a quarter of the keep-alive, too late to judge anybody by.)
func (s *session) judgeBroker() {
	judge := liveness.NewJudge(s.options.KeepAlive, s.options.AckTimeout)
	for timer := time.NewTimer(0); ; {
		select {
		case <-s.conn.done:
			timer.Stop()
			return
		case <-timer.C:
		}
		v := s.conn.judge(judge)
		if v.End != nil {
			s.conn.fail(v.End)
			return
		}
		if v.Ping {
			s.conn.post([]byte{packet.Pingreq << 4, 0})
		}
		if v.Changed {
			s.call(func() { s.options.Unanswered(v.Overdue) })
		}
		timer.Reset(v.Next)
	}
}

// handedOn waits, after the end, for paho to hand on what it had read, and to quit. It reports false if
// a callback that is stuck keeps it from that.
func (s *session) handedOn() bool {
	select {
	case <-s.quit:
		return true
	case <-time.After(mqtt.StuckAfter):
		return false
	}
}

func (s *session) Subscribe(ctx context.Context, filters []mqtt.Filter) ([]mqtt.Grant, error) {
	if err := mqtt.CheckFilters(filters); err != nil {
		return nil, err
	}
	// Each in a packet of its own: the reader relies on that. paho would also lose their order.
	asked := make([]liveness.Pending, len(filters))
	for i, f := range filters {
		asked[i] = liveness.Pending{Kind: packet.Subscribe, What: f.Topic}
	}
	tokens, err := s.send(ctx, asked, func(i int) paho.Token {
		return s.client.Subscribe(filters[i].Topic, filters[i].QoS, nil)
	})
	if err != nil {
		return nil, err
	}
	grants := make([]mqtt.Grant, len(filters))
	for i, f := range filters {
		grants[i] = mqtt.Grant{Filter: f.Topic, QoS: mqtt.Refused}
		// One entry at most, under the filter or, if it is shared, a part of it.
		for _, qos := range tokens[i].(*paho.SubscribeToken).Result() {
			if qos <= 2 {
				grants[i].QoS = qos
			}
		}
	}
	return grants, nil
}

func (s *session) Unsubscribe(ctx context.Context, filters []string) error {
	if err := mqtt.CheckFilterNames(filters); err != nil || len(filters) == 0 {
		return err
	}
	asked := []liveness.Pending{{Kind: packet.Unsubscribe, What: filters[0]}}
	_, err := s.send(ctx, asked, func(int) paho.Token { return s.client.Unsubscribe(filters...) })
	return err
}

// send makes paho's calls for what is asked, in order, and waits for their tokens. The calls may outlast ctx, though not
// the session, nor WriteTimeout by much.
func (s *session) send(ctx context.Context, asked []liveness.Pending, call func(i int) paho.Token) ([]paho.Token, error) {
	tokens := make([]paho.Token, len(asked))
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		for i := range tokens {
			if ctx.Err() != nil || !s.conn.call(func() { tokens[i] = call(i) }) {
				return
			}
		}
	}()
	wait := func(done <-chan struct{}, missing error) error {
		select {
		case <-done:
			return s.conn.failure() // paho completes tokens when it ends, too.
		case <-s.conn.done:
			return s.conn.failure()
		case <-ctx.Done():
			return fmt.Errorf("%w: %w", missing, context.Cause(ctx))
		}
	}
	errNotSent := errors.New("not sent")
	if err := wait(sent, errNotSent); err != nil {
		return nil, err
	}
	for i, t := range tokens {
		if t == nil {
			return nil, fmt.Errorf("%w: %w", errNotSent, context.Cause(ctx))
		}
		if err := wait(t.Done(), asked[i].Missing()); err != nil {
			return nil, err
		}
		if err := t.Error(); err != nil {
			return nil, err
		}
	}
	return tokens, nil
}

func (s *session) Publish(number uint64, m mqtt.Message) {
	if !s.over.Load() {
		s.publisher.publish(number, m)
	}
}

// Flush has the publisher's goroutine hand over what was published. Acknowledgements are on their way already.
func (s *session) Flush() { s.publisher.flush() }

// Acknowledge is called by Ack of a message that has come by s.
func (s *session) Acknowledge(qos byte, id uint16) { s.conn.acknowledge(qos, id) }

func (s *session) Close(ctx context.Context) {
	if !s.over.Swap(true) {
		early, cancel := wire.BeforeLastWords(ctx)
		settled := s.publisher.settled()
		for range cap(settled) {
			select {
			case <-settled:
			case <-s.conn.done:
			case <-early.Done():
			}
		}
		cancel()
		s.conn.seal(ctx)
		s.quiet.Store(true)
		s.conn.fail(errors.New("session closed"))
	}
	select {
	case <-s.gone:
	case <-ctx.Done():
	}
}

func (s *session) Kill(cause error) {
	if cause == nil {
		cause = errors.New("session killed")
	}
	s.over.Store(true)
	s.quiet.Store(true)
	s.conn.fail(cause)
}
