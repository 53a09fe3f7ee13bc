package faults

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// limit is longer than any wait in these tests takes, if all is well.
const limit = 10 * time.Second

// line is a proxy with a client on one side and a server on the other.
type line struct {
	t     *testing.T
	proxy *Proxy
	taken chan net.Conn // connections that the server has accepted
}

func newLine(t *testing.T) *line {
	t.Helper()
	server, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	proxy, err := Listen("127.0.0.1:0", server.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	l := &line{t: t, proxy: proxy, taken: make(chan net.Conn, 10)}
	var taking sync.WaitGroup
	taking.Go(func() {
		for {
			conn, err := server.Accept()
			if err != nil {
				return
			}
			l.taken <- conn
		}
	})
	t.Cleanup(func() {
		proxy.Close()
		server.Close()
		taking.Wait()
		if n := proxy.Open(); n != 0 {
			t.Errorf("%d connections are left", n)
		}
	})
	return l
}

// connect returns both ends of a new connection.
func (l *line) connect() (client, server *side) {
	l.t.Helper()
	conn, err := net.Dial("tcp", l.proxy.Address())
	if err != nil {
		l.t.Fatal(err)
	}
	client = newSide(l.t, conn)
	select {
	case conn := <-l.taken:
		return client, newSide(l.t, conn)
	case <-time.After(limit):
		l.t.Fatal("the server got no connection")
		return nil, nil
	}
}

type side struct {
	*net.TCPConn
	t *testing.T
}

func newSide(t *testing.T, conn net.Conn) *side {
	t.Cleanup(func() { conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(limit)); err != nil {
		t.Fatal(err)
	}
	return &side{conn.(*net.TCPConn), t}
}

func (s *side) say(text string) {
	s.t.Helper()
	if _, err := s.Write([]byte(text)); err != nil {
		s.t.Fatalf("saying %q: %v", text, err)
	}
}

func (s *side) hears(text string) {
	s.t.Helper()
	got := make([]byte, len(text))
	if n, err := io.ReadFull(s, got); string(got) != text {
		s.t.Fatalf("heard %q and %v, want %q", got[:n], err, text)
	}
}

// ends waits for the end of the connection, and fails the test if bytes come before.
func (s *side) ends(want error) {
	s.t.Helper()
	n, err := s.Read(make([]byte, 100))
	if n != 0 || !errors.Is(err, want) {
		s.t.Fatalf("heard %d bytes and %v, want %v", n, err, want)
	}
}

// silent fails the test if bytes come within a moment.
func (s *side) silent() {
	s.t.Helper()
	if err := s.SetReadDeadline(time.Now().Add(50 * time.Millisecond)); err != nil {
		s.t.Fatal(err)
	}
	s.ends(os.ErrDeadlineExceeded)
	if err := s.SetReadDeadline(time.Now().Add(limit)); err != nil {
		s.t.Fatal(err)
	}
}

func TestPasses(t *testing.T) {
	client, server := newLine(t).connect()
	client.say("question")
	server.hears("question")
	server.say("answer")
	client.hears("answer")
	if err := client.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	server.ends(io.EOF)
	server.say("last words") // the other end still reads
	server.Close()
	client.hears("last words")
	client.ends(io.EOF)
}

func TestPassesOnARst(t *testing.T) {
	client, server := newLine(t).connect()
	reset(server.TCPConn)
	client.ends(syscall.ECONNRESET)
}

func TestCut(t *testing.T) {
	for _, c := range []struct {
		name           string
		way            Direction
		how            Ending
		client, server error // nil: the end receives nothing
	}{
		{"both by FIN", Both, FIN, io.EOF, io.EOF},
		{"both by RST", Both, RST, syscall.ECONNRESET, syscall.ECONNRESET},
		{"the client by FIN", Down, FIN, io.EOF, nil},
		{"the client by RST", Down, RST, syscall.ECONNRESET, nil},
		{"the server by FIN", Up, FIN, nil, io.EOF},
		{"the server by RST", Up, RST, nil, syscall.ECONNRESET},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := newLine(t)
			client, server := l.connect()
			client.say("a")
			server.hears("a")
			l.proxy.Cut(c.way, c.how)
			if n := l.proxy.Struck(); n != 1 {
				t.Errorf("struck %d times, want once", n)
			}
			var untold []*side
			for _, end := range []struct {
				*side
				how error
			}{{client, c.client}, {server, c.server}} {
				if end.how == nil {
					untold = append(untold, end.side)
					continue
				}
				end.ends(end.how)
				end.Close()
			}
			for _, end := range untold {
				end.say("is anybody there")
				end.silent()
			}
			client, server = l.connect()
			client.say("b")
			server.hears("b")
		})
	}
}

func TestSwallow(t *testing.T) {
	l := newLine(t)
	client, server := l.connect()
	l.proxy.Inject(Up, Swallow())
	client.say("lost")
	server.silent()
	server.say("the other way")
	client.hears("the other way")
	l.proxy.Heal()
	client.say("never again")
	server.silent()
	client.Close()
	server.silent()

	client, server = l.connect()
	client.say("anew")
	server.hears("anew")
	if l.proxy.Struck() == 0 {
		t.Error("nothing was struck")
	}
}

func TestStall(t *testing.T) {
	l := newLine(t)
	client, server := l.connect()
	l.proxy.Inject(Up, Stall())
	// This is more than all buffers on the way can hold.
	all := bytes.Repeat([]byte("0123456789abcdef"), 2<<20)
	if err := client.SetWriteDeadline(time.Now().Add(200 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	sent, err := client.Write(all)
	if !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("wrote %d bytes and got %v, want the window to close", sent, err)
	}
	server.silent()
	l.proxy.Heal()
	if err := client.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(server)
	if err != nil || !bytes.Equal(got, all[:sent]) {
		t.Errorf("%d bytes came after the stall and %v, want the %d that were sent", len(got), err, sent)
	}
}

// A stalled connection can be cut.
func TestCutWhileStalled(t *testing.T) {
	l := newLine(t)
	client, server := l.connect()
	client.say("whole")
	server.hears("whole") // the proxy knows of the connection now; the server has accepted earlier
	l.proxy.Inject(Both, Stall())
	client.say("a")
	l.proxy.Cut(Both, FIN)
	server.ends(io.EOF)
	client.ends(io.EOF)
}

func TestDelay(t *testing.T) {
	l := newLine(t)
	client, server := l.connect()
	const d = 100 * time.Millisecond
	l.proxy.Inject(Down, Delay(d))
	began := time.Now()
	client.say("a")
	server.hears("a")
	server.say("b")
	client.hears("b")
	if took := time.Since(began); took < d {
		t.Errorf("the answer took %v, want %v at least", took, d)
	}
}

func TestThrottle(t *testing.T) {
	l := newLine(t)
	client, server := l.connect()
	l.proxy.Inject(Up, Throttle(1000))
	text := string(bytes.Repeat([]byte("x"), 200))
	began := time.Now()
	client.say(text)
	server.hears(text)
	if took, least := time.Since(began), 200*time.Millisecond; took < least {
		t.Errorf("%d bytes took %v, want %v at least", len(text), took, least)
	}
}

func TestTruncate(t *testing.T) {
	for _, c := range []struct {
		name string
		how  Ending
		want error
	}{
		{"by FIN", FIN, io.EOF},
		{"by RST", RST, syscall.ECONNRESET},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := newLine(t)
			client, server := l.connect()
			client.say("whole")
			server.hears("whole")
			l.proxy.Inject(Up, Truncate(5, c.how))
			client.say("abc")
			server.hears("abc")
			client.say("defgh")
			if c.how == FIN { // RST may overtake the bytes before it
				server.hears("de")
				server.ends(c.want)
			}
			client.ends(c.want)
			if n := l.proxy.Struck(); n != 1 {
				t.Errorf("struck %d times, want once", n)
			}
		})
	}
}

func TestRefuse(t *testing.T) {
	l := newLine(t)
	client, server := l.connect()
	if err := l.proxy.Refuse(true); err != nil {
		t.Fatal(err)
	}
	if conn, err := net.Dial("tcp", l.proxy.Address()); !errors.Is(err, syscall.ECONNREFUSED) {
		if err == nil {
			conn.Close()
		}
		t.Errorf("connecting: %v, want it refused", err)
	}
	client.say("a")
	server.hears("a")
	for range 2 { // the second call has no effect
		if err := l.proxy.Refuse(false); err != nil {
			t.Fatal(err)
		}
	}
	client, server = l.connect()
	client.say("b")
	server.hears("b")
}

func TestNoServer(t *testing.T) {
	nobody, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody.Close()
	proxy, err := Listen("127.0.0.1:0", nobody.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer proxy.Close()
	conn, err := net.Dial("tcp", proxy.Address())
	if err == nil {
		newSide(t, conn).ends(syscall.ECONNRESET)
	} else if !errors.Is(err, syscall.ECONNRESET) { // may come before the client has read
		t.Error(err)
	}
}
