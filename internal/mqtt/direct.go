package mqtt

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
)

// directSession is a [Session] of our own. It has three goroutines: read, writeRest, which is at work only when the
// socket is full, or is none, and watch. A message meets none but read on its way in, and none on its way out.
type directSession struct {
	options  Options
	wire     wire
	in       *reader
	quickAck func() // see there
	present  bool   // set before connected is closed

	connected chan struct{}  // closed by the CONNACK
	done      chan struct{}  // closed when cause is set
	gone      chan struct{}  // closed when nothing of the session runs any more
	running   sync.WaitGroup // read and writeRest

	clock clock
	over  atomic.Bool // Close, Kill or Lost has happened: the other two have nothing to do
	quiet atomic.Bool // nothing is called any more
	odd   sync.Once   // what nobody asked for has been told of

	mu    sync.Mutex // guards what follows; nobody holds it while he calls back or writes
	cause error      // of the end; nil as long as the session lives
	writer
	reporter
	flights inflight
}

// connectDirect is connect without paho's client.
func connectDirect(ctx context.Context, w wire, o Options) (Session, error) {
	s := &directSession{
		options:   o,
		wire:      w,
		quickAck:  quickAck(w.socket),
		connected: make(chan struct{}),
		done:      make(chan struct{}),
		gone:      make(chan struct{}),
		writer:    newWriter(w),
		flights:   newInflight(),
	}
	s.in = newReader(s.wire, o.MaxPacket)
	s.clock.start()
	s.running.Go(s.read)
	s.running.Go(s.writeRest)

	stop := context.AfterFunc(ctx, func() { s.fail(context.Cause(ctx)) })
	s.say(connectPacket(o)...)
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
			err = overConnect(err)
		}
		return nil, err
	}
	go s.watch()
	return s, nil
}

func (s *directSession) Present() bool { return s.present }

func (s *directSession) Publish(number uint64, m Message) {
	f := flight{number: number, err: m.check()}
	qos := min(m.QoS, atLeastOnce)
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
		f.settled = true
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

// acknowledge puts an answer to what the broker has sent.
func (s *directSession) acknowledge(kind byte, id uint16) {
	s.mu.Lock()
	s.put(kind<<4, 2, byte(id>>8), byte(id))
	if kind == typePubrec {
		s.flights.add(pending{kind: typePubrec, id: id, end: s.end})
	}
	s.acks = true
	s.mu.Unlock()
}

func (s *directSession) Close(ctx context.Context) {
	if !s.over.Swap(true) {
		early, cancel := beforeEnd(ctx)
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

func (s *directSession) Kill(cause error) {
	if cause == nil {
		cause = errors.New("session killed")
	}
	s.over.Store(true)
	s.quiet.Store(true)
	s.fail(cause)
}

// fail ends the session with its cause, which must not be nil; the first one counts.
func (s *directSession) fail(cause error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.endBy(cause)
}

// endBy is fail with mu held.
func (s *directSession) endBy(cause error) {
	if s.cause != nil {
		return
	}
	s.cause = cause
	close(s.done)
	_ = s.wire.Close() // wakes the goroutines that read and write
}

func (s *directSession) failure() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.cause
}
