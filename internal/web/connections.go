package web

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"sync"
	"time"
)

// connections bounds how many there are. When there are more, the one is closed that has waited for a request for longest, or, if
// there is a request under way on each, the newest.
type connections struct {
	most int

	mu  sync.Mutex // guards what follows, and what it points to
	all map[net.Conn]*connection
}

// connection is one connection.
type connection struct {
	since    time.Time          // when it began to wait for a request
	requests int                // under way
	cancel   context.CancelFunc // ends the context of the connection, and so a handshake that waits for its turn
}

func newConnections(most int) *connections {
	return &connections{most: most, all: make(map[net.Conn]*connection)}
}

type placeKey struct{}

// place is a connection among the others.
type place struct {
	among *connections
	conn  net.Conn
}

// context is http.Server.ConnContext, which adds a new connection: requests know their connection, and all that is done for the connection
// ends when the server hangs up.
func (c *connections) context(ctx context.Context, conn net.Conn) context.Context {
	ctx, cancel := context.WithCancel(context.WithValue(ctx, placeKey{}, place{c, conn}))
	c.add(conn, &connection{since: time.Now(), cancel: cancel})
	return ctx
}

func (c *connections) add(conn net.Conn, of *connection) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.all) >= c.most {
		longest := c.idlest()
		if longest == nil {
			of.hangUp(conn)
			return
		}
		c.all[longest].hangUp(longest)
		delete(c.all, longest)
	}
	c.all[conn] = of
}

// changed is http.Server.ConnState.
func (c *connections) changed(conn net.Conn, state http.ConnState) {
	if state != http.StateClosed && state != http.StateHijacked {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if of := c.all[conn]; of != nil && state == http.StateClosed {
		of.cancel()
	}
	delete(c.all, conn)
}

// idlest returns the connection that has waited for a request for longest; nil if none waits.
func (c *connections) idlest() (found net.Conn) {
	var since time.Time
	for conn, of := range c.all {
		if of.requests == 0 && (found == nil || of.since.Before(since)) {
			found, since = conn, of.since
		}
	}
	return found
}

// hangUpWaiting closes all connections that wait for a request.
func (c *connections) hangUpWaiting() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for conn, of := range c.all {
		if of.requests == 0 {
			of.hangUp(conn)
		}
	}
}

// hangUp closes the connection without a farewell, which could block.
func (of *connection) hangUp(conn net.Conn) {
	of.cancel()
	if secure, ok := conn.(*tls.Conn); ok {
		conn = secure.NetConn()
	}
	conn.Close()
}

// count adds to the requests that are under way on the connection.
func (p place) count(change int) {
	p.among.mu.Lock()
	defer p.among.mu.Unlock()
	if of := p.among.all[p.conn]; of != nil {
		of.requests += change
		of.since = time.Now()
	}
}

// handler counts the requests that are under way on each connection.
func (c *connections) handler(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p := r.Context().Value(placeKey{}).(place)
		p.count(1)
		defer p.count(-1)
		h.ServeHTTP(w, r)
	})
}

// stranger has a request not count as under way until known is called: clients that have not been let in make room for others, however
// slowly they say who they are.
func stranger(r *http.Request) (known func()) {
	p, ok := r.Context().Value(placeKey{}).(place)
	if !ok { // the handler has no server of this package
		return func() {}
	}
	p.count(-1)
	return func() { p.count(1) }
}
