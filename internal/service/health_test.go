package service

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// answered connects to the health socket, and returns the line that a client gets and the time until the line came.
func answered(t *testing.T, ctx context.Context, g *gateway) (line string, took time.Duration) {
	t.Helper()
	here, there := net.Pipe()
	defer here.Close()
	s := &Service{options: g.options()}
	begun := time.Now()
	s.tasks.Go(func() { s.answer(ctx, there, func() {}) })
	r := bufio.NewReader(here)
	line, err := r.ReadString('\n')
	took = time.Since(begun)
	if err != nil {
		t.Fatalf("got %q, %v, want a line", line, err)
	}
	if _, err := r.ReadByte(); err != io.EOF {
		t.Errorf("after the line: %v, want that the gateway hangs up", err)
	}
	s.tasks.Wait()
	return line, took
}

func TestAnswer(t *testing.T) {
	tests := []struct {
		name   string
		silent bool
		want   string
		took   time.Duration
	}{
		{
			name: "well",
			want: `{"ok":true,"status":"link connected, devices: 2 online, 0 down","link":"connected","devices":{"online":2,"opening":0,"down":0}}`,
		},
		{
			name:   "stuck",
			silent: true,
			want:   `{"ok":false,"status":"gateway does not answer: mapper has not answered","link":"connected","devices":{"online":2,"opening":0,"down":0}}`,
			took:   healthPatience,
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := newGateway()
				g.fallSilent(test.silent)
				line, took := answered(t, t.Context(), g)
				if line != test.want+"\n" || took != test.took {
					t.Errorf("got %s after %v, want\n%s after %v", line, took, test.want, test.took)
				}
			})
		})
	}
}

// The service hangs up after a second on a client that does not read.
func TestAnswerToTheDeaf(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		here, there := net.Pipe()
		defer here.Close()
		s := &Service{options: newGateway().options()}
		begun := time.Now()
		s.answer(t.Context(), there, func() {})
		if took := time.Since(begun); took != healthPatience {
			t.Errorf("given up after %v, want %v", took, healthPatience)
		}
	})
}

// flaky is a listener whose Accept fails at times, as if no descriptors were left.
type flaky struct {
	net.Listener
	fails int
}

func (f *flaky) Accept() (net.Conn, error) {
	if f.fails > 0 {
		f.fails--
		return nil, errors.New("too many open files")
	}
	return nil, net.ErrClosed
}

func (f *flaky) Close() error { return nil }

func TestAnswerAllGoesOnAfterErrors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGateway()
		s := &Service{options: g.options()}
		begun := time.Now()
		s.answerAll(t.Context(), &flaky{fails: 5})
		if took := time.Since(begun); took != 5*acceptRetry {
			t.Errorf("5 errors took %v, want %v", took, 5*acceptRetry)
		}
		if got := strings.Count(g.log(), "\n"); got != 1 {
			t.Errorf("logged %d lines, want 1:\n%s", got, g.log())
		}
	})
}

func TestAsk(t *testing.T) {
	tests := []struct {
		name   string
		answer string
		want   Health
		err    string
	}{
		{
			name:   "an answer",
			answer: `{"ok":true,"status":"fine","link":"connected","devices":{"online":3,"down":1}}` + "\n",
			want:   Health{OK: true, Status: "fine", State: State{Link: "connected", Devices: Devices{Online: 3, Down: 1}}},
		},
		{
			name:   "with troubles",
			answer: `{"ok":true,"status":"fine","link":"connected","unanswered_seconds":12,"too_large":3,"devices":{"online":3}}` + "\n",
			want:   Health{OK: true, Status: "fine", State: State{Link: "connected", UnansweredSeconds: 12, TooLarge: 3, Devices: Devices{Online: 3}}},
		},
		{
			name:   "one of a later version",
			answer: `{"ok":false,"status":"fine","mood":"good"}` + "\n",
			want:   Health{Status: "fine"},
		},
		{name: "none", answer: "", err: "EOF"},
		{name: "another protocol", answer: "220 mail.example.com ESMTP\r\n", err: "no answer of a gateway"},
		{name: "half of one", answer: `{"ok":true,"st`, err: "unexpected EOF"},
		{name: "without end", answer: `{"status":"` + strings.Repeat("x", 2*maxHealth), err: "unexpected EOF"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "s")
			l, err := net.Listen("unix", path)
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			go func() {
				conn, err := l.Accept()
				if err != nil {
					return
				}
				io.WriteString(conn, test.answer)
				bufio.NewReader(conn).ReadString('\n') // what has not been read would reset the connection
				conn.Close()
			}()
			got, err := Ask(t.Context(), path)
			if test.err == "" && (err != nil || got != test.want) {
				t.Errorf("got %+v, %v, want %+v", got, err, test.want)
			}
			if test.err != "" && (err == nil || !strings.Contains(err.Error(), test.err)) {
				t.Errorf("got %+v, %v, want an error with %q", got, err, test.err)
			}
		})
	}
}

func TestAskTheMute(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := Ask(ctx, path); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got error %v, want that time is up", err)
	}
}
