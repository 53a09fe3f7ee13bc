package direct

import (
	"context"
	"time"

	"github.com/mqttgateway/mqttgateway/internal/mqtt/packet"
	"github.com/mqttgateway/mqttgateway/internal/mqtt/wire"
)

// chunkSize is the most that is written with one deadline, in bytes.
const chunkSize = 64 << 10

// writer is the part of a session that sends. The session's mu guards its fields, and is free while bytes are being written:
// writing says that a goroutine writes, and no other may meanwhile.
//
//	put ──► out ──► the socket, by whoever calls Flush ──► what it has no room for: rest ──► the socket, by writeRest
type writer struct {
	socket *socket       // nil: the connection cannot be written to without waiting, and writeRest writes everything
	work   chan struct{} // holds a token when writeRest is to write

	out     []byte // was put, and is not being written yet
	spare   []byte // takes the place of out when take takes out
	rest    []byte // what take took and the socket has not; goes before out
	writing bool

	// Positions in the stream of all that the session writes, in bytes from its beginning:
	end     uint64 // what was put ends here
	asked   uint64 // Flush wants everything before to be written
	written uint64 // everything before has been

	acks    bool          // an acknowledgement was put beyond asked
	sealed  bool          // the last packet that was put is a DISCONNECT
	drained chan struct{} // closed when the DISCONNECT has been written
}

func newWriter(w wire.Conn) writer {
	return writer{socket: newSocket(w.Conn), work: make(chan struct{}, 1), drained: make(chan struct{})}
}

// put appends p to what is to be sent, or drops p when nothing may be sent any more. The caller holds mu.
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

// hasten has writeRest send what was put, and tell the outcomes, for a caller that no callback may hold up. The caller holds mu.
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

// unwritten reports whether something remains that Flush wants to be written.
func (w *writer) unwritten() bool { return len(w.rest) > 0 || w.written < w.asked }

// take returns the bytes that are to be written next.
func (w *writer) take() []byte {
	if len(w.rest) == 0 {
		w.rest, w.out, w.spare = w.out, w.spare[:0], nil
	}
	return w.rest
}

// wrote notes that the first n bytes of what take returned have been written. The caller holds mu.
func (s *session) wrote(n int) {
	s.written += uint64(n)
	s.flights.unanswered.Wrote(s.written, s.clock.Sent.At())
	if n < len(s.rest) {
		s.rest = s.rest[n:]
		return
	}
	if cap(s.rest) <= 4*chunkSize { // One large packet shall not cost memory for good.
		s.spare = s.rest
	}
	s.rest = nil
}

// write writes until the socket is full, and leaves the rest to writeRest. The caller holds mu, which write gives up while bytes
// are written; no goroutine is writing.
func (s *session) write() {
	s.writing = true
	for full := s.socket == nil; !full && s.unwritten() && s.cause == nil; {
		batch := s.take()
		s.mu.Unlock()
		s.clock.Sent.Set(s.clock.Now()) // before the write: TCP acknowledges with it all that was heard until now
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

// writeRest is the goroutine that may wait for the socket. It ends with the session, or when the DISCONNECT is written.
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
			_ = s.wire.SetWriteDeadline(time.Time{}) // Otherwise a later write by Flush would fail by this deadline.
		}
		s.writing = false
		s.mu.Unlock()
	}
}

// writeChunk writes a part of what was put, with a deadline of its own: a slow broker has time and a frozen one has not. The caller
// holds mu, which writeChunk gives up while bytes are written.
func (s *session) writeChunk() {
	batch := s.take()
	n := min(len(batch), chunkSize)
	s.mu.Unlock()
	s.clock.Sent.Set(s.clock.Now())
	err := s.wire.Send(batch[:n], s.options.WriteTimeout)
	s.mu.Lock()
	if err != nil {
		s.endBy(err)
		return
	}
	s.wrote(n)
}

// seal makes a DISCONNECT the last packet, and waits until it is written and the broker has closed the connection for it,
// or ctx ends.
func (s *session) seal(ctx context.Context) {
	s.mu.Lock()
	s.put(packet.Disconnect<<4, 0)
	s.sealed = true
	s.hasten()
	s.mu.Unlock()
	wire.AwaitEnd(ctx, s.drained, s.done)
}
