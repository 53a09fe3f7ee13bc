package modbus

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"
)

// ReadWriter is what a Conn speaks over: a net.Conn, or a serial port whose Read ends at a deadline with os.ErrDeadlineExceeded.
type ReadWriter interface {
	io.ReadWriter
	SetReadDeadline(time.Time) error
	SetWriteDeadline(time.Time) error
}

// port reads and writes with deadlines, and keeps what has come in buf.
type port struct {
	rw  ReadWriter
	buf []byte
}

// errDeadline says that nothing has come until the deadline.
var errDeadline = errors.New("deadline")

// watch makes what waits end when ctx does. The caller calls what watch returns before anyone uses the port with another context.
func (p *port) watch(ctx context.Context) (end func()) {
	done := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(done)
		past := time.Unix(1, 0)
		_ = p.rw.SetReadDeadline(past) // if it fails, so does the next read
		_ = p.rw.SetWriteDeadline(past)
	})
	return func() {
		if !stop() {
			<-done
		}
	}
}

// read appends to buf what comes first. It returns errDeadline if nothing came, the error of ctx if ctx is done, and else an error that
// wraps ErrBroken. watch must watch ctx.
func (p *port) read(ctx context.Context, deadline time.Time) error {
	if err := p.rw.SetReadDeadline(deadline); err != nil {
		return fmt.Errorf("%w: %w", ErrBroken, err)
	}
	// If ctx ends behind this line, watch sets a deadline behind the one above.
	if err := ctx.Err(); err != nil {
		return err
	}
	var chunk [512]byte
	n, err := p.rw.Read(chunk[:])
	p.buf = append(p.buf, chunk[:n]...)
	switch {
	case n > 0:
		return nil // an error comes again
	case err != nil && !errors.Is(err, os.ErrDeadlineExceeded):
		return fmt.Errorf("%w: %w", ErrBroken, err)
	case ctx.Err() != nil:
		return ctx.Err()
	case err == nil && time.Now().Before(deadline):
		return nil
	}
	return errDeadline
}

// write writes a frame. A frame that isn't written whole until the deadline breaks the connection.
func (p *port) write(ctx context.Context, deadline time.Time, frame []byte) error {
	if err := p.rw.SetWriteDeadline(deadline); err != nil {
		return fmt.Errorf("%w: %w", ErrBroken, err)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if _, err := p.rw.Write(frame); err != nil {
		return fmt.Errorf("%w: %w", ErrBroken, err)
	}
	return nil
}
