package direct

import (
	"context"
	"time"

	"github.com/mqttgateway/mqttgateway/internal/mqtt"
	"github.com/mqttgateway/mqttgateway/internal/mqtt/packet"
	"github.com/mqttgateway/mqttgateway/internal/mqtt/wire"
)

// chunkSize is how many bytes are written with one deadline at most.
const chunkSize = 64 << 10

// writer is the part of a session that writes. The session's mu guards its fields, and is not held while bytes are
// written: writing is true then, and no other goroutine may write.
//
//	put ──► out ──► the socket, by whoever calls Flush ──► what it has no room for: rest ──► the socket, by writeRest
type writer struct {
	socket *socket       // nil: every write may wait, and writeRest writes everything
	work   chan struct{} // has a token when writeRest is to write

	out     []byte // bytes that were put, and are not being written
	spare   []byte // becomes out when take takes out
	rest    []byte // bytes of out that take has taken, and that are not written yet; written before out
	writing bool

	// Positions in the stream of all bytes that the session writes, counted from its beginning:
	end     uint64 // the end of what was put
	asked   uint64 // Flush has asked for everything before it to be written
	written uint64 // everything before it has been written

	acks    bool          // an acknowledgement was put behind asked
	sealed  bool          // a DISCONNECT was put, and nothing may follow it
	drained chan struct{} // closed when the DISCONNECT has been written
}

func newWriter(w wire.Conn) writer {
	return writer{socket: newSocket(w.Conn), work: make(chan struct{}, 1), drained: make(chan struct{})}
}

// put appends p to out. It drops p if nothing may be sent any more. The caller holds mu.
func (s *session) put(p ...byte) {
	if s.cause == nil && !s.sealed {
		s.out = append(s.out, p...)
		s.end += uint64(len(p))
	}
}

func (s *session) Flush() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cause != nil {
		return
	}
	s.asked, s.acks = s.end, false
	if !s.writing {
		s.write()
	}
	s.report()
}

// hasten makes writeRest write what was put, and report the outcomes, so that no callback delays its caller. The caller
// holds mu.
func (s *session) hasten() {
	s.asked, s.acks = s.end, false
	if !s.writing {
		s.writing = true
		s.wake()
	}
}

func (s *session) wake() {
	select {
	case s.work <- struct{}{}:
	default:
	}
}

// unwritten reports whether there is something left to write for which Flush was called.
func (w *writer) unwritten() bool { return len(w.rest) > 0 || w.written < w.asked }

// take returns the bytes that are to be written next.
func (w *writer) take() []byte {
	if len(w.rest) == 0 {
		w.rest, w.out, w.spare = w.out, w.spare[:0], nil
	}
	return w.rest
}

// wrote notes that the first n bytes of what take has returned are written. The caller holds mu.
func (s *session) wrote(n int) {
	s.written += uint64(n)
	s.flights.unanswered.Wrote(s.written, s.clock.Sent.At())
	if n < len(s.rest) {
		s.rest = s.rest[n:]
		return
	}
	if cap(s.rest) <= 4*chunkSize { // One large packet must not cost memory for good.
		s.spare = s.rest
	}
	s.rest = nil
}

// write writes until the socket is full, and leaves the rest to writeRest. No other goroutine is writing. The caller
// holds mu, which write releases while bytes are written.
func (s *session) write() {
	s.writing = true
	for full := s.socket == nil; !full && s.unwritten() && s.cause == nil; {
		batch := s.take()
		s.mu.Unlock()
		s.clock.Sent.Set(s.clock.Now()) // set before the write, which also acknowledges by TCP what was heard so far
		n := s.socket.offer(batch)
		s.mu.Lock()
		s.wrote(n)
		full = n < len(batch)
	}
	if s.unwritten() || s.sealed {
		s.wake()
		return // writing stays true, for writeRest
	}
	s.writing = false
}

// writeRest writes, on a goroutine of its own, what cannot be written without waiting. It ends with the session, or
// when the DISCONNECT is written.
func (s *session) writeRest() {
	for {
		select {
		case <-s.work:
		case <-s.done:
			return
		}
		s.mu.Lock()
		for s.unwritten() && s.cause == nil {
			s.writeChunk()
			s.report()
		}
		s.report()
		if s.sealed && s.cause == nil {
			s.mu.Unlock()
			s.wire.CloseWrite()
			close(s.drained)
			return
		}
		if s.socket != nil {
			_ = s.wire.SetWriteDeadline(time.Time{}) // Otherwise this deadline would end a later write by Flush.
		}
		s.writing = false
		s.mu.Unlock()
	}
}

// writeChunk writes a part of what was put, with a deadline of its own: a slow broker has enough time, and a frozen one
// is noticed soon. The caller holds mu, which writeChunk releases while bytes are written.
func (s *session) writeChunk() {
	batch := s.take()
	n := min(len(batch), chunkSize)
	s.mu.Unlock()
	s.clock.Sent.Set(s.clock.Now())
	err := s.wire.Send(batch[:n], s.options.WriteTimeout)
	if err != nil && !s.isConnected() && mqtt.HungUp(err) {
		<-s.done // read ends the session: a broker that hangs up over the CONNECT may have said why before
	}
	s.mu.Lock()
	if err != nil {
		s.endBy(err)
		return
	}
	s.wrote(n)
}

// seal makes a DISCONNECT the last packet, and waits until it is written and the broker has closed the connection, or
// until ctx is done.
func (s *session) seal(ctx context.Context) {
	s.mu.Lock()
	s.put(packet.Disconnect<<4, 0)
	s.sealed = true
	s.hasten()
	s.mu.Unlock()
	wire.AwaitEnd(ctx, s.drained, s.done)
}
