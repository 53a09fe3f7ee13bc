package tcp

import (
	"log/slog"
	"net"
	"os"
	"sync"
	"time"

	"github.com/mqttgateway/mqttgateway/devices/kit/stream"
)

// calls is a connection to whoever has called last. Its goroutine, which accepts, ends with Close.
type calls struct {
	listener net.Listener
	log      *slog.Logger
	accepted sync.WaitGroup

	mu            sync.Mutex    // guards what follows
	changed       chan struct{} // closed, and made anew, when anything of the following has changed
	conn          net.Conn      // the caller; nil: there is none
	fresh         bool          // Read has not told of the caller yet
	reads, writes time.Time     // deadlines
	failed        error         // why nobody can call any more
}

func answerCalls(listener net.Listener, log *slog.Logger) *calls {
	c := &calls{listener: listener, log: log, changed: make(chan struct{})}
	c.accepted.Go(c.accept)
	return c
}

func (c *calls) accept() {
	for {
		conn, err := c.listener.Accept()
		c.mu.Lock()
		if err != nil || c.failed != nil {
			if c.failed == nil {
				c.failed = err
			}
			if conn != nil {
				conn.Close()
			}
			c.news()
			c.mu.Unlock()
			return
		}
		c.hangUp()
		c.conn, c.fresh = conn, true
		_ = conn.SetReadDeadline(c.reads)
		_ = conn.SetWriteDeadline(c.writes)
		c.news()
		c.mu.Unlock()
		c.log.Info("box has called", "from", conn.RemoteAddr().String())
	}
}

// news wakes a Read that waits. The caller holds the lock.
func (c *calls) news() {
	close(c.changed)
	c.changed = make(chan struct{})
}

// hangUp ends the connection that there is. The caller holds the lock.
func (c *calls) hangUp() {
	if c.conn != nil {
		c.conn.Close()
		c.conn = nil
	}
}

// Read implements stream.Conn. It is for one goroutine at a time.
func (c *calls) Read(b []byte) (int, error) {
	for {
		c.mu.Lock()
		conn, fresh, changed, deadline, failed := c.conn, c.fresh, c.changed, c.reads, c.failed
		c.fresh = false
		c.mu.Unlock()
		switch {
		case failed != nil:
			return 0, failed
		case fresh:
			return 0, stream.ErrCame
		case conn == nil:
			if !wait(changed, deadline) {
				return 0, os.ErrDeadlineExceeded
			}
			continue
		}
		n, err := conn.Read(b)
		if n > 0 || err == nil || os.IsTimeout(err) {
			return n, err
		}
		if c.gone(conn) {
			c.log.Info("box has hung up", "err", err)
			return 0, stream.ErrAway
		}
	}
}

// gone notes that a caller has hung up, and reports whether nobody has taken its place.
func (c *calls) gone(conn net.Conn) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.conn != conn {
		return false
	}
	c.hangUp()
	return c.failed == nil
}

// wait waits for news until a deadline; the zero time is none. It returns false when that is over.
func wait(changed <-chan struct{}, deadline time.Time) bool {
	if deadline.IsZero() {
		<-changed
		return true
	}
	late := time.NewTimer(time.Until(deadline))
	defer late.Stop()
	select {
	case <-changed:
		return true
	case <-late.C:
		return false
	}
}

func (c *calls) Write(b []byte) (int, error) {
	c.mu.Lock()
	conn := c.conn
	c.mu.Unlock()
	if conn == nil {
		return 0, stream.ErrAway
	}
	n, err := conn.Write(b)
	if err != nil && !os.IsTimeout(err) {
		err = stream.ErrAway // Read finds out
	}
	return n, err
}

// SetReadDeadline also holds for who calls later.
func (c *calls) SetReadDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.reads = t
	c.news()
	if c.conn == nil {
		return nil
	}
	return c.conn.SetReadDeadline(t)
}

// SetWriteDeadline also holds for who calls later.
func (c *calls) SetWriteDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.writes = t
	if c.conn == nil {
		return nil
	}
	return c.conn.SetWriteDeadline(t)
}

// Close hangs up, and takes no further calls.
func (c *calls) Close() error {
	c.mu.Lock()
	c.failed = net.ErrClosed
	c.hangUp()
	c.news()
	c.mu.Unlock()
	err := c.listener.Close()
	c.accepted.Wait()
	return err
}
