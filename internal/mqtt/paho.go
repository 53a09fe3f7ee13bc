package mqtt

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"
)

// never is later than any clock here goes.
const never = time.Duration(math.MaxInt64)

const typePingreq = 12 // a control packet type, beside those in frames.go, that only we send

// stuck is how long after the end the callbacks may take for what paho had read.
const stuck = 2 * time.Second

// session is a [Session] on a paho client.
type session struct {
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
func (s *session) begin() {
	var publishing sync.WaitGroup
	publishing.Go(s.publisher.hand)
	publishing.Go(s.publisher.report)
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
	if s.quiet.Load() {
		return
	}
	defer func() {
		if v := recover(); v != nil {
			s.quiet.Store(true)
			s.conn.fail(&PanicError{v, debug.Stack()})
		}
	}()
	msg := Message{
		Topic:     m.Topic(),
		Payload:   m.Payload(),
		QoS:       m.Qos(),
		Retained:  m.Retained(),
		Duplicate: m.Duplicate(),
	}
	if msg.QoS > 0 {
		msg.receipt = &receipt{conn: s.conn, id: m.MessageID(), qos: msg.QoS}
	}
	s.options.Arrived(msg)
}

// quitted is called by paho when all its goroutines have ended.
func (s *session) quitted(_ paho.Client, err error) {
	s.why = err
	close(s.quit)
}

// watch waits for the end and tells of it. It brings the end about itself when the broker, though
// pinged, has sent nothing for too long. Nothing being read is the measure, not a missing answer to a ping,
// so that callbacks that are stuck count as well.
func (s *session) watch() {
	timer := time.NewTimer(s.pingAfter())
	defer timer.Stop()
	for !s.conn.ended() {
		select {
		case <-s.conn.done:
		case <-timer.C:
			switch silence := s.conn.silence(); {
			case silence >= s.patience():
				s.conn.fail(fmt.Errorf("nothing from the broker for %s", s.patience()))
			case silence >= s.pingAfter():
				s.conn.post([]byte{typePingreq << 4, 0})
				timer.Reset(s.patience() - silence)
			default:
				timer.Reset(s.pingAfter() - silence)
			}
		}
	}

	cause := s.conn.failure()
	if s.handedOn() && errors.Is(cause, errGivenUp) {
		cause = fmt.Errorf("ended by paho: %v", s.why) // %v: whatever it says, it is no EOF of the broker's.
	}
	s.quiet.Store(true)
	if !s.over.Swap(true) {
		s.options.Lost(cause)
	}
}

// handedOn waits, after the end, for paho to hand on what it had read, and to quit. It reports false if
// a callback that is stuck keeps it from that.
func (s *session) handedOn() bool {
	select {
	case <-s.quit:
		return true
	case <-time.After(stuck):
		return false
	}
}

// patience is how long the broker may send nothing: as long as it lets us (MQTT 3.1.1, section 3.1.2.10).
func (s *session) patience() time.Duration {
	k := s.options.KeepAlive
	if k == 0 {
		return never
	}
	return k + k/2
}

// pingAfter is how long the broker may send nothing before it is asked to; its answer has as long again. paho
// pings as well, for the broker's sake: too late, by up to 5 s or a quarter of KeepAlive, to judge anybody by.
func (s *session) pingAfter() time.Duration {
	if s.options.KeepAlive == 0 {
		return never
	}
	return s.patience() / 2
}

func (s *session) Subscribe(ctx context.Context, filters []Filter) ([]Grant, error) {
	var faults []error
	for _, f := range filters {
		faults = append(faults, checkFilter(f.Topic))
		if f.QoS > 2 {
			faults = append(faults, fmt.Errorf("filter %q: QoS %d, want 0, 1 or 2", f.Topic, f.QoS))
		}
	}
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}
	// Each in a packet of its own: frames relies on that. paho would also lose their order.
	tokens, err := s.send(ctx, len(filters), func(i int) paho.Token {
		return s.client.Subscribe(filters[i].Topic, filters[i].QoS, nil)
	})
	if err != nil {
		return nil, fmt.Errorf("subscribe: %w", err)
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

func (s *session) Unsubscribe(ctx context.Context, filters []string) error {
	var faults []error
	for _, f := range filters {
		faults = append(faults, checkFilter(f))
	}
	if err := errors.Join(faults...); err != nil || len(filters) == 0 {
		return err
	}
	_, err := s.send(ctx, 1, func(int) paho.Token { return s.client.Unsubscribe(filters...) })
	if err != nil {
		return fmt.Errorf("unsubscribe: %w", err)
	}
	return nil
}

// send makes n of paho's calls, in order, and waits for their tokens. The calls may outlast ctx, though not
// the session, nor WriteTimeout by much.
func (s *session) send(ctx context.Context, n int, call func(i int) paho.Token) ([]paho.Token, error) {
	tokens := make([]paho.Token, n)
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		for i := range tokens {
			if ctx.Err() != nil || !s.conn.call(func() { tokens[i] = call(i) }) {
				return
			}
		}
	}()
	wait := func(done <-chan struct{}) error {
		select {
		case <-done:
			return s.conn.failure() // paho completes tokens when it ends, too.
		case <-s.conn.done:
			return s.conn.failure()
		case <-ctx.Done():
			return fmt.Errorf("no answer from the broker: %w", context.Cause(ctx))
		}
	}
	if err := wait(sent); err != nil {
		return nil, err
	}
	for _, t := range tokens {
		if t == nil {
			return nil, fmt.Errorf("not sent: %w", context.Cause(ctx))
		}
		if err := wait(t.Done()); err != nil {
			return nil, err
		}
		if err := t.Error(); err != nil {
			return nil, err
		}
	}
	return tokens, nil
}

func (s *session) Publish(number uint64, m Message) {
	if !s.over.Load() {
		s.publisher.taken.put(publication{number: number, message: m})
	}
}

func (s *session) Close(ctx context.Context) {
	if !s.over.Swap(true) {
		early, cancel := beforeEnd(ctx)
		select {
		case <-s.publisher.settled():
		case <-s.conn.done:
		case <-early.Done():
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

// beforeEnd returns a context that leaves a quarter of ctx's time, at most lastWords.
func beforeEnd(ctx context.Context) (context.Context, context.CancelFunc) {
	deadline, ok := ctx.Deadline()
	if !ok {
		return context.WithCancel(ctx)
	}
	return context.WithDeadline(ctx, deadline.Add(-min(time.Until(deadline)/4, lastWords)))
}

func (s *session) Kill(cause error) {
	if cause == nil {
		cause = errors.New("session killed")
	}
	s.over.Store(true)
	s.quiet.Store(true)
	s.conn.fail(cause)
}
