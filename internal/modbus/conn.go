package modbus

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Why a request has no answer, beside an [Exception] and the error of a context. Errors of Do wrap one of them.
var (
	// ErrTimeout says that nothing came in time. The connection can be used.
	ErrTimeout = errors.New("no answer")
	// ErrNonsense says that something came in time, which was no answer. The connection can be used.
	ErrNonsense = errors.New("no valid answer")
	// ErrBroken says that the connection can't be used any more: each later request fails with the same error.
	ErrBroken = errors.New("connection broken")
)

// Options say how a Conn behaves. What is zero has a default.
type Options struct {
	// Timeout is how long an answer may be coming, beside the time that its bytes and those of the request take on the wire; by default 1 s.
	Timeout time.Duration
	// Guard is how long, after a request without an answer, all that comes over RTU is thrown away; by default 300 ms. It should be as long
	// as answers are ever late, for what comes behind it may garble the answer of another unit.
	Guard time.Duration
	// Pause is how long RTU rests between an answer and the next request, if that is longer than the silence between two frames. There is
	// equipment that is deaf for a while after it has spoken.
	Pause time.Duration
	// Wire is the serial line, if there is one.
	Wire Wire
}

// Conn sends requests to slaves, one at a time, and brings back the answers. Close what is below it, for it has nothing of its own.
type Conn struct {
	turn    chan struct{} // holds an element while a request is under way
	port    port
	frames  frames
	timeout time.Duration
	broken  error // why, if it is
}

// frames asks by one kind of frame.
type frames interface {
	// exchange sends a request and waits for its answer, which may be coming for so long.
	exchange(ctx context.Context, timeout time.Duration, unit uint8, r Request) (Response, error)
}

// NewTCP returns a client over a TCP connection.
func NewTCP(rw ReadWriter, o Options) *Conn {
	c := newConn(rw, o)
	c.frames = &mbap{port: &c.port}
	return c
}

// NewRTU returns a client over a serial port, or over a TCP connection with equipment that passes on what it gets to a serial line.
func NewRTU(rw ReadWriter, o Options) *Conn {
	c := newConn(rw, o)
	c.frames = &rtu{port: &c.port, options: o.defaults()}
	return c
}

func newConn(rw ReadWriter, o Options) *Conn {
	return &Conn{turn: make(chan struct{}, 1), port: port{rw: rw}, timeout: o.defaults().Timeout}
}

func (o Options) defaults() Options {
	if o.Timeout <= 0 {
		o.Timeout = time.Second
	}
	if o.Guard <= 0 {
		o.Guard = 300 * time.Millisecond
	}
	return o
}

// Do sends a request to a unit and returns the answer: [Bits] or [Registers] as many as the request wants, [Written] or an
// [Identification]. It may be called from several goroutines, which take turns in no order. The error names unit and request, and
// wraps ErrTimeout, ErrNonsense, ErrBroken, an Exception (also that of a request that Check refuses, which isn't sent), or the error of ctx.
func (c *Conn) Do(ctx context.Context, unit uint8, r Request) (Response, error) {
	return c.DoWithin(ctx, c.timeout, unit, r)
}

// DoWithin is Do with a time-out that is not that of the Options, for a unit that takes longer than others, or is known to be quick.
func (c *Conn) DoWithin(ctx context.Context, timeout time.Duration, unit uint8, r Request) (Response, error) {
	response, err := c.do(ctx, timeout, unit, r)
	if err != nil {
		return nil, fmt.Errorf("unit %d: %v: %w", unit, r, err)
	}
	return response, nil
}

func (c *Conn) do(ctx context.Context, timeout time.Duration, unit uint8, r Request) (Response, error) {
	if err := r.Check(); err != nil {
		return nil, err
	}
	select {
	case c.turn <- struct{}{}:
		defer func() { <-c.turn }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if c.broken != nil {
		return nil, c.broken
	}
	defer c.port.watch(ctx)()
	response, err := c.frames.exchange(ctx, timeout, unit, r)
	if errors.Is(err, ErrBroken) {
		c.broken = err
	}
	return response, err
}

// shown is how bytes stand in an error: not all of them.
func shown(b []byte) string {
	const most = 32
	if len(b) > most {
		return fmt.Sprintf("% X and %d bytes more", b[:most], len(b)-most)
	}
	return fmt.Sprintf("% X", b)
}
