package web

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const patienceOfTests = 10 * time.Second

// lines is a log that tests read.
type lines struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// serve starts a server on a free port until the test ends, or end is called.
func serve(t *testing.T, o Options) (s *Server, said *lines, end func()) {
	t.Helper()
	said = &lines{}
	o.Listen, o.Grace = "127.0.0.1:0", patienceOfTests
	o.Log = slog.New(slog.NewTextHandler(said, &slog.HandlerOptions{Level: slog.LevelDebug}))
	ctx, cancel := context.WithCancel(t.Context())
	s, err := Start(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	end = func() { cancel(); s.Wait() }
	t.Cleanup(end)
	return s, said, end
}

// get returns the status and the body at a path, on a connection of its own.
func get(t *testing.T, s *Server, path string) (int, string) {
	t.Helper()
	return exchange(t, s, "GET "+path+" HTTP/1.1\r\nHost: anything\r\nConnection: close\r\n\r\n")
}

// exchange sends a request as it stands.
func exchange(t *testing.T, s *Server, request string) (int, string) {
	t.Helper()
	conn := dial(t, s)
	defer conn.Close()
	io.WriteString(conn, request)
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatalf("%.60q: %v", request, err)
	}
	defer res.Body.Close()
	body, _ := io.ReadAll(res.Body)
	return res.StatusCode, string(body)
}

func dial(t *testing.T, s *Server) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", s.address.String())
	if err != nil {
		t.Fatal(err)
	}
	_ = conn.SetDeadline(time.Now().Add(patienceOfTests))
	t.Cleanup(func() { conn.Close() })
	return conn
}

// ended waits until the server hangs up.
func ended(t *testing.T, conn net.Conn, what string) {
	t.Helper()
	if _, err := io.Copy(io.Discard, conn); errors.Is(err, context.DeadlineExceeded) || isTimeout(err) {
		t.Errorf("%s: the server does not hang up", what)
	}
}

func isTimeout(err error) bool {
	timeout := net.Error(nil)
	return errors.As(err, &timeout) && timeout.Timeout()
}

// tells answers with the path that the handler sees.
var tells = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, r.URL.Path) })

func TestPaths(t *testing.T) {
	plain, said, _ := serve(t, Options{Handler: tells})
	based, _, _ := serve(t, Options{Handler: tells, Base: "/gate.way"})
	for _, row := range []struct {
		server *Server
		path   string
		status int
		sees   string
	}{
		{plain, "/", 200, "/"},
		{plain, "/a/b", 200, "/a/b"},
		{plain, "/a/", 200, "/a/"},
		{plain, "/a%2Fb%20c", 200, "/a/b c"},
		{plain, "/a/../b", 404, ""},
		{plain, "/a/%2e%2e/b", 404, ""},
		{plain, "/a/%2e%2e%2fb", 404, ""},
		{plain, "//a", 404, ""},
		{plain, "/a/.", 404, ""},
		{based, "/gate.way/", 200, "/"},
		{based, "/gate.way/a", 200, "/a"},
		{based, "/gate.way", 308, ""}, // to the one with a slash, below which a page finds its files
		{based, "/gate.wayside", 404, ""},
		{based, "/a", 404, ""},
		{based, "/gate.way/../a", 404, ""},
		{based, "/gate.way%2fa", 404, ""},
	} {
		status, body := get(t, row.server, row.path)
		if status != row.status || status == 200 && body != row.sees {
			t.Errorf("%s: %d %q, want %d %q", row.path, status, body, row.status, row.sees)
		}
	}
	if n := strings.Count(said.String(), "msg=\"http listening\" url="+plain.URL()); n != 1 {
		t.Errorf("the address is told %d times:\n%s", n, said)
	}
}

func TestBounds(t *testing.T) {
	s, said, _ := serve(t, Options{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/panics" {
			panic("by its handler")
		}
		_, err := io.Copy(io.Discard, r.Body)
		if large := (*http.MaxBytesError)(nil); errors.As(err, &large) {
			w.WriteHeader(http.StatusRequestEntityTooLarge)
		}
	})})
	if status, _ := exchange(t, s, "GET / HTTP/1.1\r\nHost: x\r\nX: "+strings.Repeat("x", 20<<10)+"\r\n\r\n"); status != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("large headers: %d", status)
	}
	if status, _ := exchange(t, s, fmt.Sprintf("POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s", 1<<30, strings.Repeat("x", MaxBody+1))); status != http.StatusRequestEntityTooLarge {
		t.Errorf("a body of 1 GB: %d", status)
	}
	conn := dial(t, s)
	io.WriteString(conn, "GET /panics?secret HTTP/1.1\r\nHost: x\r\n\r\n")
	ended(t, conn, "a panic")
	if text := said.String(); !strings.Contains(text, `level=ERROR msg="http handler panics" method=GET err="by its handler" stack=`) || strings.Contains(text, "secret") {
		t.Errorf("the log of a panic:\n%s", text)
	}
	if status, _ := get(t, s, "/"); status != 200 {
		t.Errorf("after a panic: %d", status)
	}
}

// What stands behind a request whose end is in doubt is no request.
func TestSmuggling(t *testing.T) {
	s, _, _ := serve(t, Options{Handler: tells})
	const behind = "GET /smuggled HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
	for what, request := range map[string]string{
		"length and chunks": "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"two lengths":       "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nContent-Length: 10\r\n\r\n",
		"two encodings":     "POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
		"a strange one":     "POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: \vchunked\r\n\r\n0\r\n\r\n",
	} {
		conn := dial(t, s)
		io.WriteString(conn, request+behind)
		answers, err := io.ReadAll(conn)
		if n := strings.Count(string(answers), "HTTP/1.1 "); n != 1 || strings.Contains(string(answers), "smuggled") || isTimeout(err) {
			t.Errorf("%s: %d answers:\n%s", what, n, answers)
		}
	}
}

// A client that does not end its headers, its body, or its reading is cut off.
func TestSlowClients(t *testing.T) {
	s, _, _ := serve(t, Options{patience: 50 * time.Millisecond, Connections: 10, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			return
		}
		piece := make([]byte, 64<<10)
		for r.URL.Path == "/endless" {
			if _, err := w.Write(piece); err != nil {
				return
			}
		}
	})}) // the end of the test waits for the handlers
	for what, request := range map[string]string{
		"silence": "", "half a line": "GET / HT", "half the headers": "GET / HTTP/1.1\r\nHost: x\r\n", "half a body": "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhalf",
	} {
		conn := dial(t, s)
		io.WriteString(conn, request)
		ended(t, conn, what)
	}
	conn := dial(t, s)
	io.WriteString(conn, "GET /endless HTTP/1.1\r\nHost: x\r\n\r\n")
	t.Cleanup(func() { ended(t, conn, "nothing is read") })
}

// Those that wait make room for those that ask.
func TestConnections(t *testing.T) {
	busy, free := make(chan struct{}), make(chan struct{})
	s, _, _ := serve(t, Options{Connections: 2, Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		busy <- struct{}{}
		<-free
	})})
	silent := dial(t, s)
	asks := func() net.Conn {
		conn := dial(t, s)
		io.WriteString(conn, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
		return conn
	}
	first := asks()
	<-busy
	second := asks()
	<-busy
	ended(t, silent, "who waits for longest")
	ended(t, asks(), "the newest, when there is a request on each other")
	close(free)
	for _, conn := range []net.Conn{first, second} {
		if res, err := http.ReadResponse(bufio.NewReader(conn), nil); err != nil || res.StatusCode != 200 {
			t.Errorf("a request that was under way: %v", err)
		}
	}
}

// A handshake that waits, as for its turn to sign, ends when the server hangs up: to make room for others, or at the end.
func TestHandshakesEndWithTheirConnections(t *testing.T) {
	waits := make(chan context.Context)
	s, _, end := serve(t, Options{Connections: 1, Handler: tells, TLS: &tls.Config{GetCertificate: func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
		waits <- hello.Context()
		<-hello.Context().Done()
		return nil, hello.Context().Err()
	}}})
	var clients sync.WaitGroup
	begin := func() (of context.Context) {
		conn := tls.Client(dial(t, s), &tls.Config{InsecureSkipVerify: true})
		clients.Go(func() { _ = conn.Handshake() })
		return <-waits
	}
	ends := func(of context.Context, what string) {
		select {
		case <-of.Done():
		case <-time.After(patienceOfTests):
			t.Errorf("%s: the handshake goes on", what)
		}
	}
	first := begin()
	second := begin()
	ends(first, "who made room")
	if second.Err() != nil {
		t.Error("the newest does not stay")
	}
	end()
	ends(second, "at the end")
	clients.Wait()
}

// Clients that have not been let in make room, too, while they sign in at their leisure.
func TestConnectionsOfStrangers(t *testing.T) {
	s, _, _ := serve(t, Options{Connections: 2, Handler: Guard{Users: listed(t), Token: rightToken}.Handler(tells)})
	var strangers []net.Conn
	for range 3 {
		conn := dial(t, s)
		io.WriteString(conn, "POST / HTTP/1.1\r\nHost: localhost\r\nOrigin: http://localhost\r\nContent-Type: application/x-www-form-urlencoded\r\nExpect: 100-continue\r\nContent-Length: 1000\r\n\r\n")
		if _, err := io.ReadFull(conn, make([]byte, len("HTTP/1.1 100 Continue\r\n\r\n"))); err != nil {
			t.Fatalf("the server does not wait for the form: %v", err)
		}
		strangers = append(strangers, conn)
	}
	ended(t, strangers[0], "who waits for longest")
	if status, body := exchange(t, s, "GET /a HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: Bearer "+rightToken+"\r\n\r\n"); status != 200 || body != "/a" {
		t.Errorf("who has the token: %d %s", status, body)
	}
	if status, _ := exchange(t, s, "POST / HTTP/1.1\r\nHost: localhost\r\nOrigin: http://localhost\r\nConnection: close\r\n"+
		"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 1000000\r\n\r\ntoken="+rightToken+strings.Repeat(" ", maxForm)); status != http.StatusRequestEntityTooLarge {
		t.Errorf("a form of 1 MB: %d", status)
	}
}

// At the end the requests that are under way are answered, and nobody is waited for who has said nothing.
func TestEnd(t *testing.T) {
	busy, free := make(chan struct{}), make(chan struct{})
	s, said, end := serve(t, Options{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		close(busy)
		<-free
		io.WriteString(w, "done")
	})})
	silent := dial(t, s)
	conn := dial(t, s)
	io.WriteString(conn, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	<-busy
	over := make(chan struct{})
	go func() { end(); close(over) }()
	ended(t, silent, "who has said nothing, at the end")
	close(free)
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	if body, _ := io.ReadAll(res.Body); string(body) != "done" {
		t.Errorf("a request that was under way: %q", body)
	}
	<-over
	if strings.Contains(said.String(), "level=ERROR") {
		t.Errorf("errors:\n%s", said)
	}
}

func TestTLS(t *testing.T) {
	other := httptest.NewUnstartedServer(nil)
	other.StartTLS() // for its certificate
	defer other.Close()
	s, _, _ := serve(t, Options{TLS: &tls.Config{Certificates: other.TLS.Certificates}, Handler: tells})
	if !strings.HasPrefix(s.URL(), "https://127.0.0.1:") {
		t.Errorf("the URL: %s", s.URL())
	}
	client := other.Client()
	defer client.CloseIdleConnections()
	res, err := client.Get(s.URL() + "/a")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if body, _ := io.ReadAll(res.Body); string(body) != "/a" || res.ProtoMajor != 1 {
		t.Errorf("got %q by %s", body, res.Proto)
	}
	conn := tls.Client(dial(t, s), &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"h2", "http/1.1"}})
	if err := conn.Handshake(); err != nil || conn.ConnectionState().NegotiatedProtocol != "http/1.1" {
		t.Errorf("HTTP/2 is spoken: %q, %v", conn.ConnectionState().NegotiatedProtocol, err)
	}
}

func TestAddresses(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	at := taken.Addr().String()
	for address, want := range map[string]string{
		at:                  `"` + at + `": another program listens there: want another port`,
		"192.0.2.1:80":      `"192.0.2.1:80": is no address of this machine: want one of its own, or 127.0.0.1`,
		"nobody.invalid:80": `"nobody.invalid:80": no host "nobody.invalid": want an address of this machine, or 127.0.0.1`,
	} {
		_, err := Start(t.Context(), Options{Listen: address})
		if err == nil || err.Error() != want {
			t.Errorf("%s: %v\nwant %s", address, err, want)
		}
	}
}
