package broker

import (
	"log/slog"
	"net"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/mochi-mqtt/server/v2/listeners"
)

// patience is how long a client may take to sign in. mochi itself would wait for ever.
const patience = 10 * time.Second

// listener accepts the connections of clients, and knows all of them, so that it can end them.
type listener struct {
	socket   net.Listener
	limits   Limits
	log      *slog.Logger
	complain func(message string, attrs ...any)

	readsWithin time.Duration // a client that takes longer for a piece has stopped reading

	closed  chan struct{}
	serving sync.WaitGroup // connections being served
	queued  atomic.Int64   // bytes that are to be written on all connections

	mu          sync.Mutex
	connections map[*connection]struct{} // nil: the listener is closed
	waiting     []*connection            // connections that have not signed in; the one that has waited longest is first
	signedIn    map[*connection]struct{}
}

var _ listeners.Listener = (*listener)(nil)

func newListener(ln net.Listener, limits Limits, log *slog.Logger, complain func(string, ...any)) *listener {
	return &listener{
		socket: ln, limits: limits, log: log, complain: complain,
		closed: make(chan struct{}), connections: make(map[*connection]struct{}), signedIn: make(map[*connection]struct{}),
	}
}

func (l *listener) ID() string              { return "listener" }
func (l *listener) Address() string         { return l.socket.Addr().String() }
func (l *listener) Protocol() string        { return "tcp" }
func (l *listener) Init(*slog.Logger) error { return nil }

// Serve is called by mochi on a goroutine of its own. establish serves a connection to its end.
func (l *listener) Serve(establish listeners.EstablishFn) {
	for {
		socket, err := l.socket.Accept()
		if err != nil {
			select {
			case <-l.closed:
				return
			case <-time.After(100 * time.Millisecond): // most likely too many files are open
				continue
			}
		}
		conn := newConnection(socket, l)
		if !l.add(conn) {
			socket.Close()
			return
		}
		go func() {
			defer l.remove(conn)
			if err := conn.readHeader(); err != nil {
				l.log.Debug("embedded broker refused a connection", "remote", conn.RemoteAddr(), "err", err)
				close(conn.written)
				return
			}
			go conn.writeQueue()
			l.serve(conn, establish)
		}()
	}
}

// serve lets mochi read the client's packets, and recovers from a panic that a packet causes in mochi.
func (l *listener) serve(conn *connection, establish listeners.EstablishFn) {
	defer func() {
		if p := recover(); p != nil {
			l.log.Error("embedded broker: a client's packet made it panic", "remote", conn.RemoteAddr(), "panic", p, "stack", string(debug.Stack()))
		}
	}()
	_ = establish(l.ID(), conn) // mochi has logged the error
}

// add adds a new connection. It returns false if the listener is closed. If more than limits.Silent connections have
// not signed in, add ends the one that has waited longest: a client that means to sign in does so at once.
func (l *listener) add(conn *connection) bool {
	l.mu.Lock()
	if l.connections == nil {
		l.mu.Unlock()
		return false
	}
	l.connections[conn] = struct{}{}
	l.serving.Add(1)
	_ = conn.Conn.SetDeadline(time.Now().Add(patience)) // mochi sets a new deadline after CONNECT.
	l.waiting = append(l.waiting, conn)
	var longest *connection
	if len(l.waiting) > l.limits.Silent {
		longest = l.waiting[0]
		l.waiting = slices.Delete(l.waiting, 0, 1)
	}
	l.mu.Unlock()
	if longest != nil {
		longest.mu.Lock()
		longest.cut()
		longest.mu.Unlock()
		l.complain("embedded broker cut off a connection that had not signed in, for too many have not",
			"remote", longest.RemoteAddr(), "limit", l.limits.Silent, "option", "embedded.max_silent")
	}
	return true
}

// signIn marks conn, whose fields are set, as signed in, unless admit returns an error. admit gets the other
// connections that have signed in; none is added or removed during the call.
func (l *listener) signIn(conn *connection, admit func(others map[*connection]struct{}) error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	place := slices.Index(l.waiting, conn)
	if place < 0 {
		return net.ErrClosed
	}
	if err := admit(l.signedIn); err != nil {
		return err
	}
	l.waiting = slices.Delete(l.waiting, place, place+1)
	l.signedIn[conn] = struct{}{}
	return nil
}

// remove forgets a connection when everything queued for its client has been written.
func (l *listener) remove(conn *connection) {
	_ = conn.Close()
	<-conn.written
	conn.Conn.Close()
	l.mu.Lock()
	delete(l.connections, conn)
	delete(l.signedIn, conn)
	conn.left = time.Now()
	if place := slices.Index(l.waiting, conn); place >= 0 {
		l.waiting = slices.Delete(l.waiting, place, place+1)
	}
	l.mu.Unlock()
	l.serving.Done()
}

// overflows reports whether a connection with queued bytes in its queue may not queue more bytes. All connections
// together may queue limits.QueueSize bytes. Beyond that, only connections with more than half of an equal share are
// cut off, so that clients that read are not.
func (l *listener) overflows(queued, more int) bool {
	limit := l.limits.QueueSize
	return queued > limit/(2*(l.limits.Clients+1)) && l.queued.Load()+int64(more) > int64(limit)
}

// Close is called by mochi, after close.
func (l *listener) Close(listeners.CloseFn) {}

// close closes the socket, ends all connections, and returns when no connection is served any more. Packets that
// clients have already sent still reach other clients. close is called once.
func (l *listener) close() {
	close(l.closed)
	l.socket.Close()
	l.mu.Lock()
	for conn := range l.connections {
		conn.finish()
	}
	l.connections = nil
	l.mu.Unlock()
	l.serving.Wait()
}
