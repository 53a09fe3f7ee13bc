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

// answerAll answers whoever connects, one after the other: there are never more questions on their way to the actors
// than one. It ends with ctx, and the listener with it.
func (s *Service) answerAll(ctx context.Context, l net.Listener) {
	stop := context.AfterFunc(ctx, func() { l.Close() })
	defer stop()
	failing := false
	for {
		conn, err := l.Accept()
		switch {
		case err == nil:
			failing = false
			s.answer(ctx, conn)
		case errors.Is(err, net.ErrClosed) || !wait(ctx, acceptRetry):
			return
		case !failing:
			failing = true
			s.options.Log.Warn("nobody can ask for the gateway's health", "err", err)
		}
	}
}

// answer says how the gateway is, and hangs up. What becomes of the answer is the asker's business.
func (s *Service) answer(ctx context.Context, conn net.Conn) {
	defer conn.Close()
	h := s.examine(ctx)
	_ = conn.SetDeadline(time.Now().Add(healthPatience))
	_ = json.NewEncoder(conn).Encode(h)
}

func (s *Service) examine(ctx context.Context) Health {
	state := s.options.State()
	h := Health{OK: true, Status: state.String(), State: state}
	if err := s.ask(ctx, healthPatience); err != nil {
		h.OK, h.Status = false, "gateway does not answer: "+err.Error()
	}
	return h
}
