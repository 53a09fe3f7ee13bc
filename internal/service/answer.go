package service

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"net"
	"time"
)

const (
	healthPatience = time.Second // how long the gateway may take to answer; a client should wait somewhat longer
	acceptRetry    = time.Second // how long answerAll waits after an error of Accept, such as too many open files
)

// maxAskers is how many clients of the health socket are answered at the same time. The other clients wait until one of
// them has been answered.
const maxAskers = 16

// answerAll answers each client that connects to l. answerAll ends, and closes l, when ctx is done.
func (s *Service) answerAll(ctx context.Context, l net.Listener) {
	stop := context.AfterFunc(ctx, func() { l.Close() })
	defer stop()
	failing := false
	places := make(chan struct{}, maxAskers)
	for {
		conn, err := l.Accept()
		switch {
		case err == nil:
			failing = false
			places <- struct{}{} // waits for 3 s at most: answer has a deadline for each of its steps
			s.tasks.Go(func() {
				defer func() { <-places }()
				s.answer(ctx, conn)
			})
		case errors.Is(err, net.ErrClosed) || !wait(ctx, acceptRetry):
			return
		case !failing:
			failing = true
			s.options.Log.Warn("nobody can ask for the gateway's health", "err", err)
		}
	}
}

// answer writes the gateway's health to a client, reads a request, and writes the answer to the request. An error in
// writing is dropped: the client has gone. A client that begins with a request of HTTP is handed on; one that says nothing
// gets the health when it could have said something.
func (s *Service) answer(ctx context.Context, from net.Conn) {
	conn := &listened{from, bufio.NewReader(from)}
	if s.web != nil && conn.speaksHTTP(ctx) {
		s.web.take(conn)
		return
	}
	defer conn.Close()
	if !say(conn, s.examine(ctx)) {
		return
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.SetReadDeadline(time.Now()) })
	defer stop()
	if r, ok := request(conn); ok && r != health {
		say(conn, s.options.Requests.Do(ctx, r))
	}
}

// say writes an answer as a line of JSON, and reports whether the write succeeded.
func say(conn net.Conn, answer any) bool {
	_ = conn.SetWriteDeadline(time.Now().Add(healthPatience))
	return json.NewEncoder(conn).Encode(answer) == nil
}

// Health returns what a client of the health socket is answered.
func (s *Service) Health(ctx context.Context) Health { return s.examine(ctx) }

func (s *Service) examine(ctx context.Context) Health {
	state := s.options.State()
	h := Health{OK: true, Status: state.String(), State: state}
	if err := s.ask(ctx, healthPatience); err != nil {
		h.OK, h.Status = false, "gateway does not answer: "+err.Error()
	}
	return h
}
