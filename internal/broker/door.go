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

// Once the door is being shut, what clients have said may still reach the others: a connection ends when nothing was
// read or written on it for a while, and at the latest when the time for last words is over.
const (
	lastQuiet = 250 * time.Millisecond
	lastWords = 2 * time.Second
)

// door lets clients in, and knows them all, so that it can put them out.
type door struct {
	listener net.Listener
	closed   chan struct{}
	serving  sync.WaitGroup // connections being served

	mu    sync.Mutex
	conns map[*guest]struct{} // nil: shut
}

var _ listeners.Listener = (*door)(nil)

func newDoor(ln net.Listener) *door {
	return &door{listener: ln, closed: make(chan struct{}), conns: make(map[*guest]struct{})}
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
		g := &guest{Conn: conn}
		if !d.admit(g) {
			conn.Close()
			return
		}
		go func() {
			defer d.dismiss(g)
			_ = establish(d.ID(), g) // mochi logs what matters.
		}()
	}
}

func (d *door) admit(g *guest) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.conns == nil {
		return false
	}
	d.conns[g] = struct{}{}
	d.serving.Add(1)
	_ = g.SetDeadline(time.Now().Add(patience)) // mochi sets it anew from CONNECT on.
	return true
}

func (d *door) dismiss(g *guest) {
	g.Close()
	d.mu.Lock()
	delete(d.conns, g)
	d.mu.Unlock()
	d.serving.Done()
}

// Close is called by mochi, after shut.
func (d *door) Close(listeners.CloseFn) {}

// shut closes the listener and has all connections end, and waits until none is served any more. What their clients
// have said by now still reaches the others. It is called once.
func (d *door) shut() {
	close(d.closed)
	d.listener.Close()
	d.mu.Lock()
	for g := range d.conns {
		g.leave()
	}
	d.conns = nil
	d.mu.Unlock()
	d.serving.Wait()
}

// guest is a connection that can be told to end.
type guest struct {
	net.Conn
	mu  sync.Mutex
	end time.Time // when it ends at the latest; zero until it is to leave
}

// SetDeadline is called by mochi with each packet that it reads.
func (g *guest) SetDeadline(t time.Time) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.end.IsZero() {
		return g.Conn.SetDeadline(t)
	}
	return g.linger()
}

// Write is called by mochi with one or more packets.
func (g *guest) Write(b []byte) (int, error) {
	n, err := g.Conn.Write(b)
	g.mu.Lock()
	defer g.mu.Unlock()
	if err == nil && !g.end.IsZero() {
		err = g.linger()
	}
	return n, err
}

// leave has the connection end. Closed at once, it would lose what has arrived and was not read, and what mochi has
// queued to be written.
func (g *guest) leave() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.end = time.Now().Add(lastWords)
	_ = g.linger()
}

// linger puts off the end, for something has moved. It is called with the lock held.
func (g *guest) linger() error {
	deadline := time.Now().Add(lastQuiet)
	if deadline.After(g.end) {
		deadline = g.end
	}
	return g.Conn.SetDeadline(deadline)
}
