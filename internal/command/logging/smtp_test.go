package logging

import (
	"bytes"
	"io"
	"log/slog"
	"mime"
	"mime/quotedprintable"
	"net"
	"strings"
	"sync"
	"testing"
	"time"
)

// buffer is a standard stream to which several goroutines may write.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

func open(t *testing.T, o Options) (logs *Logs, stdout, stderr *buffer) {
	t.Helper()
	stdout, stderr = new(buffer), new(buffer)
	o.Stdout, o.Stderr = stdout, stderr
	if o.Format == "" {
		o.Format = Text
	}
	if o.Throttle == 0 {
		o.Throttle = 10 * time.Second
	}
	if o.MaxText == 0 {
		o.MaxText = 4096
	}
	logs, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := logs.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return logs, stdout, stderr
}

func mailTo(port int, to ...string) Mail {
	return Mail{Host: "127.0.0.1", Port: port, From: "gateway@example.org", To: to, Level: slog.LevelError}
}

func TestMailArrives(t *testing.T) {
	for _, kind := range []string{"plain", "tls"} {
		t.Run(kind, func(t *testing.T) {
			server := startMailServer(t, kind)
			logs, _, stderr := open(t, Options{Name: "lamps2mqtt", Mail: mailTo(server.port, "ann@example.org")})
			logs.Logger.Warn("not for people")
			logs.Logger.With("port", "/dev/ttyUSB0").Error("lamp ünplugged\r\nBcc: all@example.org", "err", "a\nb")

			r, m := server.next(t)
			if r.From != "gateway@example.org" || r.To != "ann@example.org" || r.TLS != (kind == "tls") {
				t.Errorf("envelope %q to %q, TLS %t", r.From, r.To, r.TLS)
			}
			subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
			if want := `lamps2mqtt: "lamp ünplugged\r\nBcc: all@example.org"`; subject != want || err != nil {
				t.Errorf("subject %q, %v; want %q", subject, err, want)
			}
			if bcc := m.Header.Get("Bcc"); bcc != "" {
				t.Errorf("a header was forged: %q", bcc)
			}
			body, err := io.ReadAll(quotedprintable.NewReader(m.Body))
			for _, want := range []string{"level=ERROR", "port=/dev/ttyUSB0", `err="a\nb"`} {
				if !strings.Contains(string(body), want) || err != nil {
					t.Errorf("body %q, %v; want %s in it", body, err, want)
				}
			}
			if err := logs.Close(); err != nil {
				t.Error(err)
			}
			if strings.Contains(stderr.String(), "e-mail") {
				t.Errorf("standard error: %s", stderr)
			}
		})
	}
}

func TestMailThatIsRefused(t *testing.T) {
	server := startMailServer(t, "plain")
	logs, _, stderr := open(t, Options{Name: "gw",
		Mail: mailTo(server.port, "nobody@example.org", "ann@example.org")})
	logs.Logger.Error("one")
	if r, _ := server.next(t); r.To != "ann@example.org" {
		t.Errorf("mail to %q", r.To)
	}
	logs.Logger.Error("two")
	if r, _ := server.next(t); r.To != "ann@example.org" || !strings.Contains(r.Data, "gw: two") {
		t.Errorf("mail to %q: %s; want no second one of the first error", r.To, r.Data)
	}
	logs.Close()
	if n := strings.Count(stderr.String(), "no such person"); n != 2 { // once at once, and once as a sum at the end
		t.Errorf("the refusal stands %d times on standard error, want 2:\n%s", n, stderr)
	}
	if strings.Contains(stderr.String(), "e-mail lost") {
		t.Errorf("standard error: %s", stderr)
	}
}

func TestMailIsFlushedAtTheEnd(t *testing.T) {
	server := startMailServer(t, "plain")
	logs, _, _ := open(t, Options{Name: "gw", Mail: mailTo(server.port, "ann@example.org")})
	for range 5 {
		logs.Logger.Error("again")
	}
	logs.Close()
	for _, want := range []string{"Subject: gw: again", "more in"} {
		if r, _ := server.next(t); !strings.Contains(r.Data, want) {
			t.Errorf("mail %s; want %q in it", r.Data, want)
		}
	}
}

func TestNoMailServer(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := listener.Addr().(*net.TCPAddr).Port
	listener.Close()

	logs, _, stderr := open(t, Options{Name: "gw", Mail: mailTo(port, "ann@example.org")})
	for range 1000 {
		logs.Logger.Error("again")
	}
	logs.Close()
	if n := strings.Count(stderr.String(), "e-mail not sent"); n < 1 || n > 2 {
		t.Errorf("%d lines about e-mail, want one and a sum", n)
	}
	if !strings.Contains(stderr.String(), `msg="e-mail lost" letters=2`) {
		t.Errorf("standard error does not tell of 2 lost letters: %s", stderr)
	}
}

func TestMailServerThatNeverAnswers(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	logs, _, stderr := open(t, Options{Name: "gw",
		Mail: mailTo(listener.Addr().(*net.TCPAddr).Port, "ann@example.org")})

	began := time.Now()
	logs.Logger.Error("first")
	conn, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for range 1000 {
		logs.Logger.Error("again")
	}
	if took := time.Since(began); took >= sendTime {
		t.Errorf("logging took %s, as long as the server", took)
	}
	began = time.Now()
	logs.Close()
	if took := time.Since(began); took >= sendTime-closeTime {
		t.Errorf("closing took %s, want %s", took, closeTime)
	}
	if _, err := io.Copy(io.Discard, conn); err != nil {
		t.Errorf("the connection was not closed: %v", err)
	}
	if !strings.Contains(stderr.String(), "no answer from 127.0.0.1") {
		t.Errorf("standard error: %s", stderr)
	}
}
