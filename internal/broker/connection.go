package broker

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// longestConnect is the largest CONNECT in bytes. CONNECT is the only packet that a client may send before it has
	// signed in, and mochi allocates the length that a packet announces.
	longestConnect = 64 << 10

	// A client that does not take a piece, in bytes, within usualPatience has stopped reading.
	usualPatience = 5 * time.Second
	piece         = 16 << 10
)

// A connection that is to end still reads what its client has sent, and writes what is queued. It ends when nothing was
// read or written for endsIdle, and after endsWithin at the latest.
const (
	endsIdle   = 250 * time.Millisecond
	endsWithin = 2 * time.Second
)

// connection is a client's connection, as mochi sees it. Write never blocks: mochi writes while it holds a lock that each
// publisher to this client needs, so a client that has stopped reading would stop all of them. Write queues the bytes, and
// writeQueue writes them to the client. A connection with too many bytes queued, or whose client takes none, is cut off.
type connection struct {
	net.Conn
	listener *listener
	gone     chan struct{} // closed by cut

	// The fields below are set at sign-in, before other goroutines know the client.
	own   bool   // the client is the gateway
	id    string // the client's id
	keeps bool   // the broker keeps the session when the client has left

	head    []byte        // bytes that readHeader has read; Read returns them first
	written chan struct{} // closed when writeQueue has ended

	mu      sync.Mutex
	work    sync.Cond // signalled when the queue has grown, or the connection is closing
	queue   []byte
	queued  int       // bytes of the queue, and of the batch that is being written
	closing bool      // Write returns an error
	end     time.Time // when the connection ends at the latest; zero until it is to end

	left        time.Time // when the connection ended; guarded by the listener's lock
	held        held
	subscribing atomic.Int64 // subscriptions that OnSubscribe has granted and mochi has not yet added to the client's
}

func newConnection(socket net.Conn, l *listener) *connection {
	conn := &connection{Conn: socket, listener: l, gone: make(chan struct{}), written: make(chan struct{})}
	conn.work.L = &conn.mu
	return conn
}

// readHeader reads the fixed header of the first packet (MQTT 3.1.1, section 2.2), and returns an error unless the
// packet is a CONNECT. A connection costs next to nothing until then.
func (conn *connection) readHeader() error {
	header := make([]byte, 0, 5)
	length := 0
	for len(header) < 2 || header[len(header)-1] >= 0x80 && len(header) < cap(header) {
		next := header[len(header) : len(header)+1]
		if _, err := io.ReadFull(conn.Conn, next); err != nil {
			return err
		}
		if len(header) > 0 {
			length |= int(next[0]&0x7f) << (7 * (len(header) - 1))
		}
		header = header[:len(header)+1]
	}
	if header[0] != 0x10 || header[len(header)-1] >= 0x80 {
		return fmt.Errorf("% x is no CONNECT", header)
	}
	if length > longestConnect {
		return fmt.Errorf("a CONNECT of %d bytes: want at most %d", length, longestConnect)
	}
	conn.head = header
	return nil
}

func (conn *connection) Read(b []byte) (int, error) {
	if len(conn.head) > 0 {
		n := copy(b, conn.head)
		conn.head = conn.head[n:]
		return n, nil
	}
	return conn.Conn.Read(b)
}

// Write queues one or more packets.
func (conn *connection) Write(b []byte) (int, error) {
	conn.mu.Lock()
	defer conn.mu.Unlock()
	if conn.closing {
		return 0, net.ErrClosed
	}
	if behind := conn.queued; conn.listener.overflows(behind, len(b)) {
		conn.cut()
		conn.listener.complain("embedded broker cut off a client that reads too slowly",
			"client", conn.id, "remote", conn.RemoteAddr(), "bytes_behind", behind, "option", "embedded.max_queue_size")
		return 0, net.ErrClosed
	}
	conn.queue = append(conn.queue, b...)
	conn.queued += len(b)
	conn.listener.queued.Add(int64(len(b)))
	conn.work.Signal()
	if !conn.end.IsZero() {
		return len(b), conn.putOff()
	}
	return len(b), nil
}

// writeQueue writes the queue to the client until the connection is closed and the queue empty, or until the client
// takes no more.
func (conn *connection) writeQueue() {
	defer close(conn.written)
	defer conn.Conn.Close()
	var batch []byte
	for {
		conn.mu.Lock()
		for len(conn.queue) == 0 && !conn.closing {
			conn.work.Wait()
		}
		batch, conn.queue = conn.queue, batch[:0]
		conn.mu.Unlock()
		if len(batch) == 0 {
			return
		}
		err := conn.writeBatch(batch)
		conn.mu.Lock()
		conn.unqueue(len(batch))
		if err != nil {
			// Otherwise the connection is ending anyway.
			stopped := errors.Is(err, os.ErrDeadlineExceeded) && conn.end.IsZero()
			conn.cut()
			conn.mu.Unlock()
			if stopped {
				conn.listener.complain("embedded broker cut off a client that has stopped reading", "client", conn.id, "remote", conn.RemoteAddr())
			}
			return
		}
		conn.mu.Unlock()
		if cap(batch) > 4*piece {
			batch = nil
		}
	}
}

// writeBatch writes a batch piece by piece, each of which the client must take within readsWithin.
func (conn *connection) writeBatch(batch []byte) error {
	for len(batch) > 0 {
		conn.mu.Lock()
		deadline := time.Now().Add(conn.listener.readsWithin)
		if !conn.end.IsZero() && deadline.After(conn.end) {
			deadline = conn.end
		}
		_ = conn.Conn.SetWriteDeadline(deadline)
		conn.mu.Unlock()
		n, err := conn.Conn.Write(batch[:min(piece, len(batch))])
		if err != nil {
			return err
		}
		batch = batch[n:]
	}
	return nil
}

// unqueue subtracts n bytes from those that are queued. The caller holds mu.
func (conn *connection) unqueue(n int) {
	conn.queued -= n
	conn.listener.queued.Add(-int64(n))
}

// cut ends the connection at once, and drops the queue. The caller holds mu.
func (conn *connection) cut() {
	select {
	case <-conn.gone:
	default:
		close(conn.gone)
	}
	conn.unqueue(len(conn.queue))
	conn.queue = nil
	conn.closing = true
	conn.work.Signal()
	conn.Conn.Close()
}

// Close is called by mochi, and by the listener. writeQueue still writes what is queued.
func (conn *connection) Close() error {
	conn.mu.Lock()
	defer conn.mu.Unlock()
	if conn.closing {
		return nil
	}
	conn.closing = true
	if conn.end.IsZero() {
		conn.end = time.Now().Add(endsWithin)
	}
	conn.work.Signal()
	_ = conn.Conn.SetReadDeadline(time.Unix(1, 0)) // long past
	return conn.Conn.SetWriteDeadline(conn.end)
}

// SetDeadline sets the deadline for reading. mochi calls it for each packet that it reads.
func (conn *connection) SetDeadline(t time.Time) error {
	conn.mu.Lock()
	defer conn.mu.Unlock()
	switch {
	case conn.closing:
		return net.ErrClosed
	case conn.end.IsZero():
		return conn.Conn.SetReadDeadline(t)
	}
	return conn.putOff()
}

// finish makes the connection end soon. Closing it at once would lose bytes that have arrived and were not read.
func (conn *connection) finish() {
	conn.mu.Lock()
	defer conn.mu.Unlock()
	if conn.closing {
		return
	}
	conn.end = time.Now().Add(endsWithin)
	_ = conn.Conn.SetWriteDeadline(conn.end)
	_ = conn.putOff()
}

// putOff moves the end of the connection to a later time, since bytes were just read or written. The caller holds mu.
func (conn *connection) putOff() error {
	deadline := time.Now().Add(endsIdle)
	if deadline.After(conn.end) {
		deadline = conn.end
	}
	return conn.Conn.SetReadDeadline(deadline)
}
