package service

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// initSocket is a fake of systemd's notification socket. It receives the datagrams of the service.
type initSocket struct{ *net.UnixConn }

func listenAsInit(t *testing.T) initSocket {
	t.Helper()
	path := filepath.Join(t.TempDir(), "notify")
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	t.Setenv("NOTIFY_SOCKET", path)
	return initSocket{conn}
}

// expect reads datagrams until one of them matches want, a regular expression.
func (s initSocket) expect(t *testing.T, want string) {
	t.Helper()
	s.SetReadDeadline(time.Now().Add(10 * time.Second))
	var got []string
	for {
		b := make([]byte, 4096)
		n, err := s.Read(b)
		if err != nil {
			t.Fatalf("was told %q, then %v; want %q", got, err, want)
		}
		got = append(got, string(b[:n]))
		if regexp.MustCompile("^(?:" + want + ")$").Match(b[:n]) {
			return
		}
	}
}

// hangUp sends SIGHUP to this process.
func hangUp(t *testing.T) {
	t.Helper()
	self, err := os.FindProcess(os.Getpid())
	if err == nil {
		err = self.Signal(syscall.SIGHUP)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestServiceUnderSystemd(t *testing.T) {
	systemd := listenAsInit(t)
	t.Setenv("WATCHDOG_USEC", "50000")
	t.Setenv("WATCHDOG_PID", strconv.Itoa(os.Getpid()))
	g := newGateway()
	reloaded := make(chan struct{})
	g.reload = func(context.Context) Difference { reloaded <- struct{}{}; return Difference{} }
	o := g.options()
	o.Socket = filepath.Join(t.TempDir(), "health.sock")
	ctx, stop := context.WithCancel(t.Context())
	s, err := Start(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()

	systemd.expect(t, "STATUS=starting")
	systemd.expect(t, "READY=1\nSTATUS=link connected, devices: 2 online, 0 down")
	systemd.expect(t, "WATCHDOG=1")
	systemd.expect(t, "WATCHDOG=1")
	if h, err := Ask(t.Context(), o.Socket); err != nil || !h.OK {
		t.Errorf("asked for its health: %+v, %v, want that it is well", h, err)
	}

	hangUp(t)
	<-reloaded
	systemd.expect(t, "RELOADING=1\nMONOTONIC_USEC=[1-9][0-9]*")
	systemd.expect(t, "READY=1")

	stop()
	systemd.expect(t, "STOPPING=1\nSTATUS=stopping")
	s.Close()
	if _, err := Ask(t.Context(), o.Socket); err == nil {
		t.Error("somebody answers after Close")
	}
	if got := g.log(); strings.Count(got, "\n") != 1 || !strings.Contains(got, "configuration read again") {
		t.Errorf("logged %q, want the reload and nothing more", got)
	}
}

func TestServiceAlone(t *testing.T) {
	t.Setenv("NOTIFY_SOCKET", "")
	g := newGateway()
	reloaded := make(chan struct{})
	g.reload = func(context.Context) Difference { close(reloaded); return Difference{} }
	s, err := Start(t.Context(), g.options())
	if err != nil {
		t.Fatal(err)
	}
	hangUp(t)
	<-reloaded
	s.Close()
}

func TestSystemdOutOfReach(t *testing.T) {
	t.Setenv("NOTIFY_SOCKET", filepath.Join(t.TempDir(), "none"))
	g := newGateway()
	notify := systemd(g.options().Log)
	notify("READY=1")
	notify("STOPPING=1")
	if got := g.log(); strings.Count(got, "\n") != 1 || !strings.Contains(got, "systemd can't be told") {
		t.Errorf("logged %q, want one line that says so", got)
	}
}

func TestStartRefuses(t *testing.T) {
	dir := t.TempDir()
	taken := filepath.Join(dir, "taken")
	if err := os.WriteFile(taken, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name     string
		watchdog string
		socket   string
		want     string
	}{
		{name: "an odd watchdog", watchdog: "soon", want: "systemd's watchdog: "},
		{name: "a file in place of the socket", socket: taken, want: "health.socket: "},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Setenv("WATCHDOG_USEC", test.watchdog)
			o := newGateway().options()
			o.Socket = test.socket
			s, err := Start(t.Context(), o)
			if err == nil {
				s.Close()
			}
			if err == nil || !strings.HasPrefix(err.Error(), test.want) {
				t.Errorf("error %v, want %q", err, test.want)
			}
		})
	}
}
