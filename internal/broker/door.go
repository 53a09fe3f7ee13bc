package broker

import (
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/mochi-mqtt/server/v2/listeners"
)

// patience is how long a connection may take to say CONNECT; mochi would wait for ever.
const patience = 10 * time.Second

// door lets clients in, and knows them all, so that it can put them out.
type door struct {
	listener net.Listener
	closed   chan struct{}
	serving  sync.WaitGroup // connections being served

	mu    sync.Mutex
	conns map[net.Conn]struct{} // nil: shut
}

var _ listeners.Listener = (*door)(nil)

func newDoor(ln net.Listener) *door {
	return &door{listener: ln, closed: make(chan struct{}), conns: make(map[net.Conn]struct{})}
}

func (d *door) ID() string              { return "door" }
func (d *door) Address() string         { return d.listener.Addr().String() }
func (d *door) Protocol() string        { return "tcp" }
func (d *door) Init(*slog.Logger) error { return nil }

// Serve is called by mochi on a goroutine of its own. establish serves a connection to its end.
func (d *door) Serve(establish listeners.EstablishFn) {
	for {
		conn, err := d.listener.Accept()
		if err != nil {
			select {
			case <-d.closed:
				return
			case <-time.After(100 * time.Millisecond): // Too many files are open, most likely.
				continue
			}
		}
		if !d.admit(conn) {
			conn.Close()
			return
		}
		go func() {
			defer d.dismiss(conn)
			_ = establish(d.ID(), conn) // mochi logs what matters.
		}()
	}
}

func (d *door) admit(conn net.Conn) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.conns == nil {
		return false
	}
	d.conns[conn] = struct{}{}
	d.serving.Add(1)
	_ = conn.SetDeadline(time.Now().Add(patience)) // mochi sets it anew from CONNECT on.
	return true
}

func (d *door) dismiss(conn net.Conn) {
	conn.Close()
	d.mu.Lock()
	delete(d.conns, conn)
	d.mu.Unlock()
	d.serving.Done()
}

// Close is called by mochi, after shut.
func (d *door) Close(listeners.CloseFn) {}

// shut closes the listener and all connections, and waits until none is served any more. It is called once.
func (d *door) shut() {
	close(d.closed)
	d.listener.Close()
	d.mu.Lock()
	for conn := range d.conns {
		conn.Close()
	}
	d.conns = nil
	d.mu.Unlock()
	d.serving.Wait()
}
