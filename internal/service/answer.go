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

// The clients of the health socket that are served at the same time. Those whose requests wait take no place from those that ask for the
// health, however long a reload takes.
const (
	maxAskers  = 16 // are told the health; the other clients wait until one of them has been told
	maxWaiting = 16 // wait until their requests have been carried out; the requests of other clients are refused
)

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
			places <- struct{}{} // waits for 4 s at most: there is a deadline for each step until the place is free
			s.tasks.Go(func() { s.answer(ctx, conn, func() { <-places }) })
		case errors.Is(err, net.ErrClosed) || !wait(ctx, acceptRetry):
			return
		case !failing:
			failing = true
			s.options.Log.Warn("nobody can ask for the gateway's health", "err", err)
		}
	}
}

// answer tells a client the health, and calls told; then answer has the client's request carried out, if there is one. A client that begins
// with a request of HTTP is handed on; one that says nothing is told the health when it could have said something.
func (s *Service) answer(ctx context.Context, from net.Conn, told func()) {
	conn := &listened{from, bufio.NewReader(from)}
	if s.web != nil && conn.speaksHTTP(ctx) {
		told()
		s.web.take(conn)
		return
	}
	defer conn.Close()
	r := s.tell(ctx, conn)
	told()
	if r != health {
		s.carryOut(ctx, conn, r)
	}
}

// tell writes the gateway's health to a client, and returns the client's request: health if there is no other. An error in writing is
// dropped: the client has gone.
func (s *Service) tell(ctx context.Context, conn net.Conn) Request {
	if !say(conn, s.examine(ctx)) {
		return health
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.SetReadDeadline(time.Now()) })
	defer stop()
	return request(conn)
}

// carryOut has a client's request carried out, and writes the answer. The request of a client that hangs up is carried out, too: one that has
// closed its side of the connection may want the answer, and nothing tells the two apart.
func (s *Service) carryOut(ctx context.Context, conn net.Conn, r Request) {
	select {
	case s.waiting <- struct{}{}:
		defer func() { <-s.waiting }()
	default:
		say(conn, Difference{Faults: []string{"too many requests wait until the gateway has carried them out: ask again later"}})
		return
	}
	say(conn, s.options.Requests.Do(ctx, r))
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
