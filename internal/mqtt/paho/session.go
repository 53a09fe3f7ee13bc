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

	over      atomic.Bool   // Close, Kill or Lost has happened, and the other two must do nothing
	quiet     atomic.Bool   // no callback may be called any more
	pahoEnded chan struct{} // closed when paho's goroutines have ended
	gone      chan struct{} // closed when the goroutines of begin have ended, too
	pahoError error         // why paho has ended; set before pahoEnded is closed
}

// begin starts the goroutines that run beside paho's. All of them end after the conn has ended.
func (s *session) begin() {
	var publishing sync.WaitGroup
	publishing.Go(s.publisher.handOver)
	publishing.Go(s.publisher.awaitAcks)
	go func() {
		defer close(s.gone)
		s.watch()
		publishing.Wait()
		<-s.conn.writerEnded
		<-s.pahoEnded
	}()
}

func (s *session) Present() bool { return s.present }

// arrived is called by paho, on one goroutine, for each message that has arrived.
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

// call calls a callback of the session's user. A panic of the callback ends the session.
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

// pahoStopped is called by paho when all of paho's goroutines have ended.
func (s *session) pahoStopped(_ paho.Client, err error) {
	s.pahoError = err
	close(s.pahoEnded)
}

// watch waits for the end of the session, which judgeBroker may bring about, and calls Lost.
func (s *session) watch() {
	s.judgeBroker()
	cause := s.conn.failure()
	if s.handedOn() && errors.Is(cause, errGivenUp) {
		// %v: whatever paho's error wraps, it is not the broker's EOF.
		cause = fmt.Errorf("ended by paho: %v", s.pahoError)
	}
	s.quiet.Store(true)
	if !s.over.Swap(true) {
		s.options.Lost(cause)
	}
}

// judgeBroker pings the broker, and ends the session when the broker is gone or does not answer. It returns when the
// session has ended. (paho's own pings come up to 5 s or a quarter of the keep-alive late, too late to judge a broker
// by.)
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

// handedOn waits, after the end of the session, until paho has handed on what it had read, and has ended. It returns
// false if a callback that does not return prevents that.
func (s *session) handedOn() bool {
	select {
	case <-s.pahoEnded:
		return true
	case <-time.After(mqtt.StuckAfter):
		return false
	}
}

func (s *session) Subscribe(ctx context.Context, filters []mqtt.Filter) ([]mqtt.Grant, error) {
	if err := mqtt.CheckFilters(filters); err != nil {
		return nil, err
	}
	// Each filter gets a SUBSCRIBE of its own: packet.Reader expects one code in a SUBACK, and paho would lose the
	// order of several.
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
		// The result has at most one entry, under the filter or, if the filter is shared, under a part of it.
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

// send makes paho's call for each packet in asked, in order, and waits for the tokens. A call of paho's may end later
// than ctx, but no later than the session, and not much later than WriteTimeout.
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
			return s.conn.failure() // paho completes tokens also when it ends.
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

// Flush makes the publisher's goroutine hand over what was published. Acknowledgements are sent without Flush.
func (s *session) Flush() { s.publisher.flush() }

// Acknowledge is called by the Ack of a message that has come by s.
func (s *session) Acknowledge(qos byte, id uint16) { s.conn.acknowledge(qos, id) }

func (s *session) Close(ctx context.Context) {
	if !s.over.Swap(true) {
		early, cancel := wire.BeforeLastWords(ctx)
		reported := s.publisher.reported()
		for range cap(reported) {
			select {
			case <-reported:
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
