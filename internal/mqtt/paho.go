package mqtt

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"
)

// pahoSession is a [Session] on a paho client.
type pahoSession struct {
	options   Options
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
func (s *pahoSession) begin() {
	var publishing sync.WaitGroup
	publishing.Go(s.publisher.hand)
	for _, handed := range s.publisher.handed {
		publishing.Go(func() { s.publisher.report(handed) })
	}
	go func() {
		defer close(s.gone)
		s.watch()
		publishing.Wait()
		<-s.conn.flushed
		<-s.quit
	}()
}

func (s *pahoSession) Present() bool { return s.present }

// arrived is called by paho, for one message after the other.
func (s *pahoSession) arrived(_ paho.Client, m paho.Message) {
	msg := Message{
		Topic:     m.Topic(),
		Payload:   string(m.Payload()),
		QoS:       m.Qos(),
		Retained:  m.Retained(),
		Duplicate: m.Duplicate(),
	}
	if msg.QoS > 0 {
		msg.receipt = &receipt{session: s, id: m.MessageID(), qos: msg.QoS}
	}
	s.call(func() { s.options.Arrived(msg) })
}

// call makes one of the calls of the session's user, on whose panic the session ends.
func (s *pahoSession) call(back func()) {
	defer func() {
		if v := recover(); v != nil {
			s.quiet.Store(true)
			s.conn.fail(&PanicError{v, debug.Stack()})
		}
	}()
	if !s.quiet.Load() {
		back()
	}
}

// quitted is called by paho when all its goroutines have ended.
func (s *pahoSession) quitted(_ paho.Client, err error) {
	s.why = err
	close(s.quit)
}

// watch waits for the end and tells of it. It may bring the end about itself: see vigil. (paho pings as well: too late, by
// up to 5 s or a quarter of KeepAlive, to judge anybody by.)
func (s *pahoSession) watch() {
	s.keepVigil()
	cause := s.conn.failure()
	if s.handedOn() && errors.Is(cause, errGivenUp) {
		cause = fmt.Errorf("ended by paho: %v", s.why) // %v: whatever it says, it is no EOF of the broker's.
	}
	s.quiet.Store(true)
	if !s.over.Swap(true) {
		s.options.Lost(cause)
	}
}

// keepVigil pings, and ends the session when the broker is there no more or does not answer, until the end.
func (s *pahoSession) keepVigil() {
	v, teller := newVigil(s.options), unansweredTeller{tell: s.options.Unanswered}
	for timer := time.NewTimer(0); ; {
		select {
		case <-s.conn.done:
			timer.Stop()
			return
		case <-timer.C:
		}
		found := s.conn.look(&v)
		if found.end != nil {
			s.conn.fail(found.end)
			return
		}
		if found.ping {
			s.conn.post([]byte{typePingreq << 4, 0})
		}
		s.call(func() { teller.note(found, s.conn.clock.born) })
		timer.Reset(found.next)
	}
}

// handedOn waits, after the end, for paho to hand on what it had read, and to quit. It reports false if
// a callback that is stuck keeps it from that.
func (s *pahoSession) handedOn() bool {
	select {
	case <-s.quit:
		return true
	case <-time.After(stuck):
		return false
	}
}

func (s *pahoSession) Subscribe(ctx context.Context, filters []Filter) ([]Grant, error) {
	if err := checkFilters(filters); err != nil {
		return nil, err
	}
	// Each in a packet of its own: the reader relies on that. paho would also lose their order.
	asked := make([]pending, len(filters))
	for i, f := range filters {
		asked[i] = pending{kind: typeSubscribe, what: f.Topic}
	}
	tokens, err := s.send(ctx, asked, func(i int) paho.Token {
		return s.client.Subscribe(filters[i].Topic, filters[i].QoS, nil)
	})
	if err != nil {
		return nil, err
	}
	grants := make([]Grant, len(filters))
	for i, f := range filters {
		grants[i] = Grant{f.Topic, Refused}
		// One entry at most, under the filter or, if it is shared, a part of it.
		for _, qos := range tokens[i].(*paho.SubscribeToken).Result() {
			if qos <= 2 {
				grants[i].QoS = qos
			}
		}
	}
	return grants, nil
}

func (s *pahoSession) Unsubscribe(ctx context.Context, filters []string) error {
	if err := checkFilterNames(filters); err != nil || len(filters) == 0 {
		return err
	}
	asked := []pending{{kind: typeUnsubscribe, what: filters[0]}}
	_, err := s.send(ctx, asked, func(int) paho.Token { return s.client.Unsubscribe(filters...) })
	return err
}

// send makes paho's calls for what is asked, in order, and waits for their tokens. The calls may outlast ctx, though not
// the session, nor WriteTimeout by much.
func (s *pahoSession) send(ctx context.Context, asked []pending, call func(i int) paho.Token) ([]paho.Token, error) {
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
		if err := wait(t.Done(), asked[i].missing()); err != nil {
			return nil, err
		}
		if err := t.Error(); err != nil {
			return nil, err
		}
	}
	return tokens, nil
}

func (s *pahoSession) Publish(number uint64, m Message) {
	if !s.over.Load() {
		s.publisher.taken.put(publication{number: number, message: m})
	}
}

// Flush does nothing: the conn sends what it has.
func (s *pahoSession) Flush() {}

// acknowledge is put straight to the conn: paho's way may block.
func (s *pahoSession) acknowledge(kind byte, id uint16) {
	s.conn.post([]byte{kind << 4, 2, byte(id >> 8), byte(id)})
}

func (s *pahoSession) Close(ctx context.Context) {
	if !s.over.Swap(true) {
		early, cancel := beforeEnd(ctx)
		settled := s.publisher.settled()
		for range s.publisher.handed {
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

func (s *pahoSession) Kill(cause error) {
	if cause == nil {
		cause = errors.New("session killed")
	}
	s.over.Store(true)
	s.quiet.Store(true)
	s.conn.fail(cause)
}
