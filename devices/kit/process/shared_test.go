package process

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mqttgateway/mqttgateway/devices"
)

// listener is the gateway as a program sees it: it notes reports.
type listener struct {
	devices.Env
	log     bytes.Buffer
	reports []string
}

func (l *listener) Log() *slog.Logger { return slog.New(slog.NewTextHandler(&l.log, nil)) }

func (l *listener) Report(err error) { l.reports = append(l.reports, err.Error()) }

// heard returns a program that runs as far as those know who hear it, and two who do.
func heard(t *testing.T, s *Shared) (r *running, first, second *Conn, env *listener) {
	t.Helper()
	r, env = &running{spoke: make(chan struct{}), over: make(chan struct{})}, &listener{}
	s.now = r
	first, err := s.Connect(env)
	if err != nil {
		t.Fatal(err)
	}
	if second, err = s.Connect(env); err != nil {
		t.Fatal(err)
	}
	return r, first, second, env
}

// One who does not take what is heard is hung up on after a while. The others hear every line.
func TestOneIsDeaf(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := Share(Sharing{})
		r, deaf, hears, _ := heard(t, s)
		begun := time.Now()
		go func() {
			s.deliver(r, []byte("one"), false)
			s.deliver(r, []byte("two"), false)
		}()
		for _, want := range []string{"one", "two"} {
			b := make([]byte, 10)
			if n, err := hears.Read(b); err != nil || string(b[:n]) != want {
				t.Errorf("%q is heard, %v; want %s", b[:n], err, want)
			}
		}
		if took := time.Since(begun); took != patience {
			t.Errorf("the others wait %s for one who is deaf, want %s", took, patience)
		}
		if n, err := deaf.Read(make([]byte, 10)); err == nil || !strings.Contains(err.Error(), "nothing was heard") {
			t.Errorf("one who is deaf reads %d bytes, %v", n, err)
		}
	})
}

// Who has closed hears no more, and holds up nobody, not even within a line.
func TestClosesWithinLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := Share(Sharing{})
		r, leaves, stays, _ := heard(t, s)
		delivered := make(chan struct{})
		go func() { s.deliver(r, []byte("one"), false); close(delivered) }()
		synctest.Wait() // deliver is at the first
		if err := leaves.Close(); err != nil {
			t.Error(err)
		}
		b := make([]byte, 10)
		if n, err := stays.Read(b); err != nil || string(b[:n]) != "one" {
			t.Errorf("%q is heard, %v", b[:n], err)
		}
		<-delivered
		if len(r.conns) != 1 {
			t.Errorf("%d hear the program, want 1", len(r.conns))
		}
	})
}

// What nobody is to hear is reported once, however many hear the program.
func TestUnheard(t *testing.T) {
	s := Share(Sharing{Check: func(line []byte) error {
		if string(line) == "wrong" {
			return errors.New("no document")
		}
		return nil
	}})
	r, _, _, env := heard(t, s)
	s.deliver(r, []byte("wrong"), false)
	s.deliver(r, []byte(strings.Repeat("x", MaxLine)), true)
	if got := strings.Join(env.reports, "; "); got != "no document; the program says a line of more than 65536 bytes" {
		t.Errorf("reported is %s", got)
	}
}

func TestBegun(t *testing.T) {
	ended := errors.New("has ended")
	closed := make(chan struct{})
	close(closed)
	done, cancel := context.WithCancel(t.Context())
	cancel()
	for name, row := range map[string]struct {
		of   *running
		ctx  context.Context
		want error
	}{
		"has said a line":        {&running{spoke: closed}, t.Context(), nil},
		"runs for long enough":   {&running{settled: closed}, t.Context(), nil},
		"ends":                   {&running{over: closed, err: ended}, t.Context(), ended},
		"opening takes too long": {&running{}, done, context.Canceled},
	} {
		if err := (&Conn{of: row.of}).Begun(row.ctx); !errors.Is(err, row.want) {
			t.Errorf("a program that %s: %v, want %v", name, err, row.want)
		}
	}
}
