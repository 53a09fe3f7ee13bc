package service

import (
	"bufio"
	"context"
	"net"
	"net/http"
	"sync"
	"time"
)

// listened is a connection of which something has been read already.
type listened struct {
	net.Conn
	in *bufio.Reader
}

// Read implements net.Conn.
func (l *listened) Read(b []byte) (int, error) { return l.in.Read(b) }

// speaksHTTP reports whether a client begins with a request of HTTP: with the capital of its method. The words of requests are in lower
// case. speaksHTTP waits for requestPatience at most.
func (l *listened) speaksHTTP(ctx context.Context) bool {
	defer context.AfterFunc(ctx, func() { _ = l.SetReadDeadline(time.Now()) })()
	_ = l.SetReadDeadline(time.Now().Add(requestPatience))
	first, err := l.in.Peek(1)
	_ = l.SetReadDeadline(time.Time{})
	return err == nil && 'A' <= first[0] && first[0] <= 'Z'
}

// maxHanded is how many clients may speak HTTP at the same time.
const maxHanded = 32

// handed is a listener of those connections that are handed to it.
type handed struct {
	waiting chan net.Conn
	places  chan struct{} // has a token for each connection
	once    sync.Once
	ended   chan struct{}
}

func newHanded() *handed {
	return &handed{waiting: make(chan net.Conn), places: make(chan struct{}, maxHanded), ended: make(chan struct{})}
}

// serve answers until ctx is done. Then it hangs up.
func (h *handed) serve(ctx context.Context, by http.Handler) {
	server := &http.Server{Handler: by, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: time.Minute, MaxHeaderBytes: 16 << 10}
	done := make(chan struct{})
	stop := context.AfterFunc(ctx, func() { defer close(done); _ = server.Close() })
	_ = server.Serve(h) // ends with the listener
	if !stop() {
		<-done
	}
}

// take hands over a connection. If there are too many, take hangs up.
func (h *handed) take(conn net.Conn) {
	select {
	case h.places <- struct{}{}:
	default:
		conn.Close()
		return
	}
	held := &place{Conn: conn, free: func() { <-h.places }}
	select {
	case h.waiting <- held:
	case <-h.ended:
		_ = held.Close()
	}
}

// place is a connection that takes a place until it is closed.
type place struct {
	net.Conn
	once sync.Once
	free func()
}

// Close implements net.Conn.
func (p *place) Close() error {
	defer p.once.Do(p.free)
	return p.Conn.Close()
}

// Accept implements net.Listener.
func (h *handed) Accept() (net.Conn, error) {
	select {
	case conn := <-h.waiting:
		return conn, nil
	case <-h.ended:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener.
func (h *handed) Close() error {
	h.once.Do(func() { close(h.ended) })
	return nil
}

// Addr implements net.Listener.
func (h *handed) Addr() net.Addr { return &net.UnixAddr{Net: "unix"} }
