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
	// mostGreeting bounds CONNECT, the one packet that a stranger may send. mochi makes room for what it announces.
	mostGreeting = 64 << 10

	// A client that does not take a piece within usualPatience has stopped reading.
	usualPatience = 5 * time.Second
	piece         = 16 << 10
)

// Once a guest is to leave, what its client has said may still reach the others, and what is queued for it the client:
// the connection ends when nothing was read or written on it for a while, and at the latest when the time for last words
// is over.
const (
	lastQuiet = 250 * time.Millisecond
	lastWords = 2 * time.Second
)

// guest is a client's connection, as mochi sees it. Write never blocks: mochi writes while it holds a lock that each
// publisher to this client needs, so a client that has stopped reading would stop them all. What mochi writes is queued,
// and deliver hands it to the client. A guest of whom too much is queued, or who takes nothing of it, is cut off.
type guest struct {
	net.Conn
	door *door
	gone chan struct{} // closed by cut

	// What follows is set at sign-in, before others know the client.
	own   bool   // the gateway itself
	id    string // the client's
	keeps bool   // the broker is to remember the session when the client has left

	head      []byte        // what greet has read; Read returns it first
	delivered chan struct{} // closed when deliver has ended

	mu      sync.Mutex
	work    sync.Cond // there is something to deliver, or nothing will be any more
	queue   []byte
	queued  int       // bytes of the queue, and of what is being delivered
	closing bool      // nothing more is queued
	end     time.Time // when it ends at the latest; zero until it is to leave

	left        time.Time // guarded by the door's lock
	held        held
	subscribing atomic.Int64 // subscriptions that were granted, and are not yet among the client's
}

func newGuest(conn net.Conn, d *door) *guest {
	g := &guest{Conn: conn, door: d, gone: make(chan struct{}), delivered: make(chan struct{})}
	g.work.L = &g.mu
	return g
}

// greet reads how the first packet begins, MQTT 3.1.1 section 2.2. Until then a connection costs next to nothing.
func (g *guest) greet() error {
	header := make([]byte, 0, 5)
	length := 0
	for len(header) < 2 || header[len(header)-1] >= 0x80 && len(header) < cap(header) {
		next := header[len(header) : len(header)+1]
		if _, err := io.ReadFull(g.Conn, next); err != nil {
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
	if length > mostGreeting {
		return fmt.Errorf("a CONNECT of %d bytes: want at most %d", length, mostGreeting)
	}
	g.head = header
	return nil
}

func (g *guest) Read(b []byte) (int, error) {
	if len(g.head) > 0 {
		n := copy(b, g.head)
		g.head = g.head[n:]
		return n, nil
	}
	return g.Conn.Read(b)
}

// Write queues one or more packets.
func (g *guest) Write(b []byte) (int, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closing {
		return 0, net.ErrClosed
	}
	if behind := g.queued; g.door.overflows(behind, len(b)) {
		g.cut()
		g.door.complain("embedded broker cut off a client that reads too slowly",
			"client", g.id, "remote", g.RemoteAddr(), "bytes_behind", behind, "option", "embedded.max_queue_size")
		return 0, net.ErrClosed
	}
	g.queue = append(g.queue, b...)
	g.queued += len(b)
	g.door.queued.Add(int64(len(b)))
	g.work.Signal()
	if !g.end.IsZero() {
		return len(b), g.linger()
	}
	return len(b), nil
}

// deliver writes what is queued until the guest is closed and nothing is left, or the client takes no more.
func (g *guest) deliver() {
	defer close(g.delivered)
	defer g.Conn.Close()
	var batch []byte
	for {
		g.mu.Lock()
		for len(g.queue) == 0 && !g.closing {
			g.work.Wait()
		}
		batch, g.queue = g.queue, batch[:0]
		g.mu.Unlock()
		if len(batch) == 0 {
			return
		}
		err := g.hand(batch)
		g.mu.Lock()
		g.settle(len(batch))
		if err != nil {
			stopped := errors.Is(err, os.ErrDeadlineExceeded) && g.end.IsZero() // else it leaves anyhow
			g.cut()
			g.mu.Unlock()
			if stopped {
				g.door.complain("embedded broker cut off a client that has stopped reading", "client", g.id, "remote", g.RemoteAddr())
			}
			return
		}
		g.mu.Unlock()
		if cap(batch) > 4*piece {
			batch = nil
		}
	}
}

func (g *guest) hand(batch []byte) error {
	for len(batch) > 0 {
		g.mu.Lock()
		deadline := time.Now().Add(g.door.readsWithin)
		if !g.end.IsZero() && deadline.After(g.end) {
			deadline = g.end
		}
		_ = g.Conn.SetWriteDeadline(deadline)
		g.mu.Unlock()
		n, err := g.Conn.Write(batch[:min(piece, len(batch))])
		if err != nil {
			return err
		}
		batch = batch[n:]
	}
	return nil
}

// settle takes n bytes off the account. It is called with the lock held.
func (g *guest) settle(n int) {
	g.queued -= n
	g.door.queued.Add(-int64(n))
}

// cut ends the connection at once, and drops what is queued. It is called with the lock held.
func (g *guest) cut() {
	select {
	case <-g.gone:
	default:
		close(g.gone)
	}
	g.settle(len(g.queue))
	g.queue = nil
	g.closing = true
	g.work.Signal()
	g.Conn.Close()
}

// Close is called by mochi, and once more by the door. What is queued is still delivered.
func (g *guest) Close() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closing {
		return nil
	}
	g.closing = true
	if g.end.IsZero() {
		g.end = time.Now().Add(lastWords)
	}
	g.work.Signal()
	_ = g.Conn.SetReadDeadline(time.Unix(1, 0)) // long past
	return g.Conn.SetWriteDeadline(g.end)
}

// SetDeadline is called by mochi with each packet that it reads, and means the reading.
func (g *guest) SetDeadline(t time.Time) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case g.closing:
		return net.ErrClosed
	case g.end.IsZero():
		return g.Conn.SetReadDeadline(t)
	}
	return g.linger()
}

// leave has the connection end. Closed at once, it would lose what has arrived and was not read.
func (g *guest) leave() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closing {
		return
	}
	g.end = time.Now().Add(lastWords)
	_ = g.Conn.SetWriteDeadline(g.end)
	_ = g.linger()
}

// linger puts off the end, for something has moved. It is called with the lock held.
func (g *guest) linger() error {
	deadline := time.Now().Add(lastQuiet)
	if deadline.After(g.end) {
		deadline = g.end
	}
	return g.Conn.SetReadDeadline(deadline)
}
