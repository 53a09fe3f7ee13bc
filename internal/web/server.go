package web

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"path"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"github.com/mqttgateway/mqttgateway/internal/librarylog"
)

// The bounds of what clients can cost.
const (
	MaxBody        = 1 << 20 // bytes of a request
	maxHeader      = 16 << 10
	maxConnections = 256
	idlePatience   = time.Minute // for the next request on a connection
)

// patience is how long a client may take for its request, and for the answer.
const patience = 10 * time.Second

// Options are what Start and Serve need.
type Options struct {
	Listen      string        // host and port; Serve has a listener instead
	TLS         *tls.Config   // nil: nothing is encrypted
	Base        string        // what all paths begin with: /gateway; "": nothing
	Handler     http.Handler  // sees paths without Base
	Connections int           // at the same time; 0: maxConnections
	Grace       time.Duration // for the requests that are under way at the end
	Log         *slog.Logger

	patience time.Duration // 0: patience
}

// Server is a server that listens.
type Server struct {
	address *net.TCPAddr
	base    string
	secure  bool
	tasks   sync.WaitGroup
}

// Start listens, and serves until ctx is done. Then the server takes no more requests, and those that are under way have the grace to
// end in. The error says what is wrong with the address.
func Start(ctx context.Context, o Options) (*Server, error) {
	listener, err := listen(o.Listen)
	if err != nil {
		return nil, err
	}
	s := &Server{address: listener.Addr().(*net.TCPAddr), base: o.Base, secure: o.TLS != nil}
	s.tasks.Go(func() { Serve(ctx, listener, o) })
	o.Log.Info("http listening", "url", s.URL())
	return s, nil
}

// Serve serves those that connect to a listener, as Start does, and returns when the server has ended.
func Serve(ctx context.Context, l net.Listener, o Options) {
	server := o.server()
	ended := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(ended)
		within, cancel := context.WithTimeout(context.WithoutCancel(ctx), o.Grace)
		defer cancel()
		if server.Shutdown(within) != nil {
			_ = server.Close()
		}
	})
	var err error
	if o.TLS != nil {
		err = server.ServeTLS(l, "", "")
	} else {
		err = server.Serve(l)
	}
	if !errors.Is(err, http.ErrServerClosed) {
		o.Log.Error("http server has ended", "err", err)
	}
	if stop() { // nobody can connect any more
		_ = server.Close()
		return
	}
	<-ended
}

// server returns a server that has not begun. Its log is for debugging: what package http logs is the doing of clients.
func (o Options) server() *http.Server {
	patience := cmp.Or(o.patience, patience)
	all := newConnections(cmp.Or(o.Connections, maxConnections))
	s := &http.Server{
		Handler:                      all.handler(below(o.Base, guarded(o.Handler, o.Log))),
		TLSConfig:                    o.TLS,
		ReadHeaderTimeout:            patience,
		ReadTimeout:                  2 * patience,
		WriteTimeout:                 3 * patience, // it begins before the body has been read
		IdleTimeout:                  idlePatience,
		Protocols:                    protocols(),
		MaxHeaderBytes:               maxHeader - 4<<10, // package http adds these
		DisableGeneralOptionsHandler: true,              // it asks nobody
		ErrorLog:                     slog.NewLogLogger(librarylog.New(o.Log.Handler(), nil), slog.LevelDebug),
		ConnState:                    all.changed,
		ConnContext:                  all.context,
	}
	s.RegisterOnShutdown(all.hangUpWaiting) // Shutdown would wait for those that have never sent anything
	return s
}

// protocols are those that the server speaks: HTTP/1.1 alone. A client that speaks HTTP/2 can have hundreds of thousands of requests begun
// and taken back in a second on few connections, without credentials, and messages then take seconds.
func protocols() *http.Protocols {
	p := new(http.Protocols)
	p.SetHTTP1(true)
	return p
}

// Wait waits until the server has ended, after the end of the context that Start was given.
func (s *Server) Wait() { s.tasks.Wait() }

// URL returns the address of the server, with the base of all paths and no / at its end. The host of a server that listens on all
// addresses is that of the unspecified address.
func (s *Server) URL() string {
	scheme := "http"
	if s.secure {
		scheme = "https"
	}
	return scheme + "://" + s.address.String() + s.base
}

// below hides the base of all paths from a handler, and refuses those that don't begin with it or are not clean.
func below(base string, h http.Handler) http.Handler {
	inner := http.StripPrefix(base, h)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Set("X-Content-Type-Options", "nosniff")
		header.Set("Referrer-Policy", "no-referrer") // a path may hold a secret
		header.Set("Cache-Control", "no-store")
		if r.ProtoMajor == 1 && len(r.TransferEncoding) > 0 {
			header.Set("Connection", "close") // the request may have a length, too: a proxy could disagree about where it ends (RFC 9112, section 6.1)
		}
		if base != "" && r.URL.Path == base {
			http.Redirect(w, r, (&url.URL{Path: base + "/"}).String(), http.StatusPermanentRedirect)
			return
		}
		rest, ok := strings.CutPrefix(r.URL.Path, base)
		if !ok || !strings.HasPrefix(r.URL.EscapedPath(), base+"/") || !isClean(rest) {
			Refuse(w, http.StatusNotFound, "there is nothing at this path")
			return
		}
		inner.ServeHTTP(w, r)
	})
}

// isClean reports whether a path has no "..", no "//" and the like.
func isClean(p string) bool {
	clean := path.Clean(p)
	return p == clean || p == clean+"/"
}

// guarded bounds the bodies of requests, and logs panics of a handler, without paths, which may hold secrets.
func guarded(h http.Handler, log *slog.Logger) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			cause := recover()
			if cause == nil {
				return
			}
			if err, ok := cause.(error); !ok || !errors.Is(err, http.ErrAbortHandler) {
				log.Error("http handler panics", "method", r.Method, "err", cause, "stack", string(debug.Stack()))
			}
			panic(http.ErrAbortHandler) // ends the connection
		}()
		r.Body = http.MaxBytesReader(w, r.Body, MaxBody)
		h.ServeHTTP(w, r)
	})
}

// listen listens on an address. Its errors say what to do.
func listen(address string) (net.Listener, error) {
	network := "tcp"
	if at, err := net.ResolveTCPAddr("tcp", address); err == nil && at.IP.To4() != nil {
		network = "tcp4" // with "tcp", 0.0.0.0 would mean IPv6 as well
	}
	l, err := net.Listen(network, address)
	if err == nil {
		return l, nil
	}
	return nil, fmt.Errorf("%q: %w", address, explained(err))
}

// explained returns why nobody can listen at an address, and what would be right.
func explained(err error) error {
	lookup := (*net.DNSError)(nil)
	switch {
	case isTaken(err):
		return errors.New("another program listens there: want another port")
	case isForeign(err):
		return errors.New("is no address of this machine: want one of its own, or 127.0.0.1")
	case isForbidden(err):
		return errors.New("this user may not listen there: want a port from 1024 on")
	case errors.As(err, &lookup):
		return fmt.Errorf("no host %q: want an address of this machine, or 127.0.0.1", lookup.Name)
	}
	return err
}
