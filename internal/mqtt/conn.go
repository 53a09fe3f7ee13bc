package mqtt

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"runtime"
	"sync"
	"time"
)

const chunk = 64 << 10 // bytes read or written in one go

// conn is the net.Conn that paho speaks through. It gathers what is written, buffers what is read, and
// judges it; it alone says whether and why the session has ended.
//
// paho writes each packet with one call of Write, and reads three times for each. Without the gathering
// and buffering here a system call for each of those is most of what a message costs.
type conn struct {
	wire
	writeTimeout time.Duration
	acknowledge  func() // see quickAck

	// Of the goroutine that reads.
	in      []byte
	unread  []byte // part of in
	frames  frames
	verdict error // of frames, on what follows unread

	heard clock // when bytes came last

	mu      sync.Mutex // guards out, sealed and cause
	work    sync.Cond  // for flush: there is something to write, or the end
	room    sync.Cond  // for Write: there is room, or the end
	out     []byte
	sealed  bool // a DISCONNECT is, or was, the last in out
	cause   error
	done    chan struct{} // closed when cause is set
	drained chan struct{} // closed when the DISCONNECT has been written
	flushed chan struct{} // closed when flush has returned

	// calls is held for reading around each of paho's calls that can block, and for writing before
	// paho hears of the end: after that, such a call waits for its time limit, and then fails.
	calls sync.RWMutex
}

// newConn takes w over. The goroutine that it starts ends with fail or seal.
func newConn(w wire, o Options) *conn {
	c := &conn{
		wire:         w,
		writeTimeout: o.WriteTimeout,
		acknowledge:  quickAck(w.socket),
		in:           make([]byte, chunk),
		frames:       frames{max: o.MaxPacket},
		done:         make(chan struct{}),
		drained:      make(chan struct{}),
		flushed:      make(chan struct{}),
	}
	c.heard.start()
	c.work.L, c.room.L = &c.mu, &c.mu
	go c.flush()
	return c
}

// fail ends the session with its cause, which must not be nil; the first one counts.
func (c *conn) fail(cause error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.cause != nil {
		return
	}
	c.cause = cause
	close(c.done)
	c.work.Broadcast()
	c.room.Broadcast()
	_ = c.wire.Close() // wakes the goroutines that read and write
}

// failure is the cause of the end, or nil as long as the session lives.
func (c *conn) failure() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.cause
}

func (c *conn) ended() bool {
	select {
	case <-c.done:
		return true
	default:
		return false
	}
}

// call runs f, one of paho's calls that can block, and reports whether it did; after the end it does not.
func (c *conn) call(f func()) bool {
	c.calls.RLock()
	defer c.calls.RUnlock()
	if c.ended() {
		return false
	}
	f()
	return true
}

// errEnded is all that paho gets to know. By the text of net.ErrClosed it would take the end for its own
// doing, and keep it to itself.
var errEnded = errors.New("session ended")

// Read serves paho's reading goroutine.
func (c *conn) Read(p []byte) (int, error) {
	for len(c.unread) == 0 {
		if err := c.fill(); err != nil {
			c.fail(err)
			c.calls.Lock()
			defer c.calls.Unlock()
			return 0, errEnded
		}
	}
	n := copy(p, c.unread)
	c.unread = c.unread[n:]
	return n, nil
}

// fill reads what there is. An error that comes along with bytes comes again at the next call.
func (c *conn) fill() error {
	if c.verdict != nil {
		return c.verdict
	}
	n, err := c.wire.Read(c.in)
	if n == 0 {
		if errors.Is(err, io.EOF) {
			err = fmt.Errorf("connection closed by the broker: %w", err)
		}
		return err
	}
	c.heard.beat()
	c.acknowledge()
	n, c.verdict = c.frames.follow(c.in[:n])
	c.unread = c.in[:n]
	return nil
}

// Write takes a whole packet of paho's. It waits for room, never longer than flush's deadline lets it,
// and never fails: paho hears of the end through Read, and only there.
func (c *conn) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for len(c.out) >= chunk && c.cause == nil {
		c.room.Wait()
	}
	c.put(p)
	return len(p), nil
}

// post is Write without waiting, for small packets that the broker bounds the number of.
func (c *conn) post(p []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.put(p)
}

// put drops p when nothing may be sent any more.
func (c *conn) put(p []byte) {
	if c.cause != nil || c.sealed {
		return
	}
	c.out = append(c.out, p...)
	c.work.Signal()
}

// seal makes a DISCONNECT the last packet, and waits until it is written and the broker has closed
// the connection for it, or ctx ends. (Closing first, with something unread, would be a reset, which may
// overtake the DISCONNECT.)
func (c *conn) seal(ctx context.Context) {
	c.mu.Lock()
	c.put([]byte{typeDisconnect << 4, 0})
	c.sealed = true
	c.mu.Unlock()

	hangUp(ctx, c.drained, c.done)
}

// flush writes what was put, until the end.
func (c *conn) flush() {
	defer close(c.flushed)
	var batch []byte
	for {
		var ok bool
		if batch, ok = c.gather(batch); !ok {
			return
		}
		if len(batch) == 0 {
			c.wire.CloseWrite()
			close(c.drained)
			return
		}
		if err := c.send(batch); err != nil {
			c.fail(err)
			return
		}
		if cap(batch) > 4*chunk {
			batch = nil // One large packet shall not cost memory for good.
		}
	}
}

// gather waits for something to write and takes all of it, leaving spare in its place. It returns nothing
// after the last packet, and false at the end.
func (c *conn) gather(spare []byte) ([]byte, bool) {
	c.mu.Lock()
	for len(c.out) == 0 && !c.sealed && c.cause == nil {
		c.work.Wait()
	}
	c.mu.Unlock()
	runtime.Gosched() // Whoever is about to write may do so first: four times fewer writes, no later.

	c.mu.Lock()
	defer c.mu.Unlock()
	batch := c.out
	c.out = spare[:0]
	c.room.Broadcast()
	return batch, c.cause == nil
}

// send writes b in chunks, each with a deadline of its own, so that a slow broker has time and a
// frozen one has not.
func (c *conn) send(b []byte) error {
	for len(b) > 0 {
		n := min(len(b), chunk)
		if err := c.wire.send(b[:n], c.writeTimeout); err != nil {
			return err
		}
		b = b[n:]
	}
	return nil
}

// Close is paho's, and paho closes only what has failed or what it cannot go on with.
func (c *conn) Close() error {
	c.fail(errGivenUp)
	return nil
}

// errGivenUp says that paho ended the session for a reason that it tells elsewhere.
var errGivenUp = errors.New("given up")

// paho's deadlines do not count: Dial's context bounds the connecting, send each write.

func (c *conn) SetDeadline(time.Time) error      { return nil }
func (c *conn) SetReadDeadline(time.Time) error  { return nil }
func (c *conn) SetWriteDeadline(time.Time) error { return nil }

var _ net.Conn = (*conn)(nil)
