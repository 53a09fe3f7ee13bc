package probe

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"
)

// Conn is what a Stream hears: a serial port, a connection, a socket.
type Conn interface {
	io.ReadWriteCloser
	SetReadDeadline(time.Time) error
	SetWriteDeadline(time.Time) error
}

// Stream says how equipment is heard, and what it is asked.
type Stream struct {
	Cut       Cut
	Datagrams bool          // each read is a frame
	Send      []byte        // sent at the beginning, if it isn't empty
	Every     time.Duration // between two times that Send is sent; 0: it is sent once
}

// patience is how long equipment may take to take what it is sent.
const patience = 5 * time.Second

// Listen calls show with each frame until ctx ends, which is no error, or the connection does. It closes the connection.
func (s Stream) Listen(ctx context.Context, conn Conn, show func(Frame)) error {
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer func() {
		if stop() {
			conn.Close()
		}
	}()
	err := s.listen(conn, show)
	switch {
	case ctx.Err() != nil:
		return nil
	case errors.Is(err, io.EOF):
		return errors.New("the other end has hung up")
	}
	return err
}

func (s Stream) listen(conn Conn, show func(Frame)) error {
	cut := cutter{Cut: s.Cut}
	next := time.Time{} // when Send is sent; far away: never again
	if len(s.Send) == 0 {
		next = never
	}
	for buf := make([]byte, 64<<10); ; {
		if now := time.Now(); !now.Before(next) {
			if err := s.send(conn, now, show); err != nil {
				return err
			}
			if next = never; s.Every > 0 {
				next = now.Add(s.Every)
			}
		}
		deadline := next
		if due := cut.due(); !due.IsZero() && due.Before(deadline) {
			deadline = due
		}
		if deadline.Equal(never) {
			deadline = time.Time{}
		}
		if err := conn.SetReadDeadline(deadline); err != nil {
			return err
		}
		n, err := conn.Read(buf)
		now := time.Now()
		frames := cut.feed(now, buf[:n])
		late := errors.Is(err, os.ErrDeadlineExceeded)
		if due := cut.due(); !due.IsZero() && (s.Datagrams || err != nil && !late || !now.Before(due)) {
			frames = append(frames, cut.flush())
		}
		for _, f := range frames {
			show(f)
		}
		if err != nil && !late {
			return err
		}
	}
}

// never is a time that no probe lives to see.
var never = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)

func (s Stream) send(conn Conn, now time.Time, show func(Frame)) error {
	if err := conn.SetWriteDeadline(now.Add(patience)); err != nil {
		return err
	}
	if _, err := conn.Write(s.Send); err != nil {
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return fmt.Errorf("nobody has taken what was sent within %s", patience)
		}
		return err
	}
	show(Frame{Sent: true, At: now, Bytes: s.Send})
	return nil
}
