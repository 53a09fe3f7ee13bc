package service

import (
	"bufio"
	"context"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/mqttgateway/mqttgateway/internal/web"
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
	once    sync.Once
	ended   chan struct{}
}

func newHanded() *handed { return &handed{waiting: make(chan net.Conn), ended: make(chan struct{})} }

// serve answers until ctx is done, within the bounds of the web server. Then serve hangs up.
func (h *handed) serve(ctx context.Context, by http.Handler, log *slog.Logger) {
	web.Serve(ctx, h, web.Options{Handler: by, Connections: maxHanded, Log: log})
}

// take hands over a connection.
func (h *handed) take(conn net.Conn) {
	select {
	case h.waiting <- conn:
	case <-h.ended:
		conn.Close()
	}
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
