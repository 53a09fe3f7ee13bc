package service

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"time"
)

const (
	healthPatience = time.Second // for the gateway's answer; who asks should wait somewhat longer
	acceptRetry    = time.Second // after an error, such as too many open files
)

// maxAskers is how many are answered at once. Others wait for one of them.
const maxAskers = 16

// answerAll answers whoever connects. It ends with ctx, and the listener with it.
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
			places <- struct{}{} // soon: nobody is waited for long
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

// answer says how the gateway is, and what is asked for then. What becomes of the answers is the asker's business.
func (s *Service) answer(ctx context.Context, conn net.Conn) {
	defer conn.Close()
	if !say(conn, s.examine(ctx)) {
		return
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.SetReadDeadline(time.Now()) })
	defer stop()
	if r, ok := request(conn); ok {
		say(conn, s.respond(ctx, r))
	}
}

// say writes an answer, and reports whether anybody takes it.
func say(conn net.Conn, answer any) bool {
	_ = conn.SetWriteDeadline(time.Now().Add(healthPatience))
	return json.NewEncoder(conn).Encode(answer) == nil
}

func (s *Service) examine(ctx context.Context) Health {
	state := s.options.State()
	h := Health{OK: true, Status: state.String(), State: state}
	if err := s.ask(ctx, healthPatience); err != nil {
		h.OK, h.Status = false, "gateway does not answer: "+err.Error()
	}
	return h
}
