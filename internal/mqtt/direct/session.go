package direct

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"

	"github.com/mqttgateway/mqttgateway/internal/mqtt"
	"github.com/mqttgateway/mqttgateway/internal/mqtt/liveness"
	"github.com/mqttgateway/mqttgateway/internal/mqtt/packet"
	"github.com/mqttgateway/mqttgateway/internal/mqtt/wire"
)

// session is a [mqtt.Session] with three goroutines: read; writeRest, which works only when the socket is full or
// cannot be written to without waiting; and watch. A message is handled by read on its way in, and by none of the three
// on its way out.
type session struct {
	options  mqtt.Options
	wire     wire.Conn
	in       *packet.Reader
	quickAck func() // see wire.QuickAck
	present  bool   // set before connected is closed

	connected chan struct{}  // closed by the CONNACK
	done      chan struct{}  // closed when cause is set
	gone      chan struct{}  // closed when all goroutines of the session have ended
	running   sync.WaitGroup // read and writeRest

	clock       liveness.Clock
	over        atomic.Bool // Close, Kill or Lost has happened, and the other two must do nothing
	quiet       atomic.Bool // no callback may be called any more
	tellUnasked sync.Once   // bounds the calls of Unasked

	mu    sync.Mutex // guards the fields below; not held during a callback or a write
	cause error      // of the session's end; nil as long as the session lives
	writer
	reporter
	flights inflight
}

// Dial connects to a broker; it is an [mqtt.Dial].
func Dial(ctx context.Context, o mqtt.Options) (mqtt.Session, error) {
	return wire.Dial(ctx, o, connect)
}

// connect begins a session on w; it is a [wire.Connect].
func connect(ctx context.Context, w wire.Conn, o mqtt.Options) (mqtt.Session, error) {
	s := &session{
		options:   o,
		wire:      w,
		quickAck:  wire.QuickAck(w.Socket),
		connected: make(chan struct{}),
		done:      make(chan struct{}),
		gone:      make(chan struct{}),
		writer:    newWriter(w),
		flights:   newInflight(),
	}
	s.in = packet.NewReader(s.wire, o.MaxPacket)
	s.clock.Start()
	s.running.Go(s.read)
	s.running.Go(s.writeRest)

	stop := context.AfterFunc(ctx, func() { s.fail(context.Cause(ctx)) })
	s.say(appendConnect(nil, o)...)
	accepted := false
	select {
	case <-s.connected:
		accepted = true
	case <-s.done:
	}
	stop()
	if ctx.Err() != nil {
		s.fail(context.Cause(ctx))
	}
	if err := s.failure(); err != nil {
		s.handedOn()
		if !accepted {
			err = mqtt.BeforeConnack(err)
		}
		return nil, err
	}
	go s.watch()
	return s, nil
}

func (s *session) Present() bool { return s.present }

func (s *session) Publish(number uint64, m mqtt.Message) {
	f := flight{number: number, err: m.Check()}
	qos := min(m.QoS, mqtt.MaxQoS)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over.Load() || s.cause != nil {
		return
	}
	var id uint16
	if qos > 0 && f.err == nil {
		id, f.err = s.flights.identifier()
	}
	if f.err != nil {
		f.known = true
		s.flights.lanes[qos].add(f)
		return
	}
	before := len(s.out)
	s.out = appendPublish(s.out, m, qos, id)
	s.end += uint64(len(s.out) - before)
	if qos == 0 {
		f.sent = s.end
		s.flights.lanes[0].add(f)
		return
	}
	s.flights.publish(f, id, m.Topic, s.end)
}

// Acknowledge is called by the Ack of a message that has come by s.
func (s *session) Acknowledge(qos byte, id uint16) {
	kind := byte(packet.Puback)
	if qos == 2 {
		kind = packet.Pubrec
	}
	s.answer(kind, id)
}

// answer puts the answer to a packet from the broker, a packet that holds nothing but the identifier.
func (s *session) answer(kind byte, id uint16) {
	s.mu.Lock()
	s.put(kind<<4, 2, byte(id>>8), byte(id))
	if kind == packet.Pubrec {
		s.flights.unanswered.Add(liveness.Pending{Kind: packet.Pubrec, ID: id, End: s.end})
	}
	s.acks = true
	s.mu.Unlock()
}

func (s *session) Close(ctx context.Context) {
	if !s.over.Swap(true) {
		early, cancel := wire.BeforeLastWords(ctx)
		select {
		case <-s.allTold():
		case <-s.done:
		case <-early.Done():
		}
		cancel()
		s.seal(ctx)
		s.quiet.Store(true)
		s.fail(errors.New("session closed"))
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
	s.fail(cause)
}

// fail ends the session with a cause, which must not be nil. The first cause counts.
func (s *session) fail(cause error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.endBy(cause)
}

// endBy is fail for a caller that holds mu.
func (s *session) endBy(cause error) {
	if s.cause != nil {
		return
	}
	s.cause = cause
	close(s.done)
	_ = s.wire.Close() // ends the reads and writes that are under way
}

// isConnected reports whether the CONNACK has come.
func (s *session) isConnected() bool {
	select {
	case <-s.connected:
		return true
	default:
		return false
	}
}

func (s *session) failure() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.cause
}
