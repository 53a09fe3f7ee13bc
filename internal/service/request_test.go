package service

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// listening runs a service for a gateway on a health socket, until the test ends.
func listening(t *testing.T, g *gateway) (path string, stop context.CancelFunc) {
	t.Helper()
	o := g.options()
	o.Socket = filepath.Join(t.TempDir(), "s")
	ctx, stop := context.WithCancel(t.Context())
	s, err := Start(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	t.Cleanup(stop)
	return o.Socket, stop
}

func TestDo(t *testing.T) {
	t.Setenv("NOTIFY_SOCKET", "")
	g := newGateway()
	reloads := 0
	g.reload = func(context.Context) Difference { reloads++; return Difference{Added: []string{"a"}, Kept: 3} }
	g.diff = Difference{Added: numbered(20_000), Changed: []Change{{"b", []string{"params.port"}}}, Map: []string{"topics"}}
	path, _ := listening(t, g)
	for _, row := range []struct {
		request Request
		want    Difference
	}{
		{Diff, g.diff},
		{Reload, Difference{Added: []string{"a"}, Kept: 3}},
		{"stop", Difference{Faults: []string{`unknown request "stop": there are reload and diff`}}},
		{"", Difference{Faults: []string{`unknown request "": there are reload and diff`}}},
	} {
		if got, err := Do(t.Context(), path, row.request); err != nil || !reflect.DeepEqual(got, row.want) {
			t.Errorf("%q is answered by %.200s, %v, want %.200s", row.request, fmt.Sprint(got), err, fmt.Sprint(row.want))
		}
	}
	if reloads != 1 {
		t.Errorf("reloaded %d times, want once", reloads)
	}
	if got := g.log(); strings.Count(got, "\n") != 1 || !strings.Contains(got, "added_devices=[a]") {
		t.Errorf("logged %q, want the reload alone", got)
	}
}

// A line that is too long, or has no end, is no request, and the service hangs up on its client.
func TestNoRequest(t *testing.T) {
	t.Setenv("NOTIFY_SOCKET", "")
	path, _ := listening(t, newGateway())
	for _, word := range []string{strings.Repeat("x", 2*maxRequest), strings.Repeat("x", maxRequest) + "\n"} {
		conn, answers, err := dial(t.Context(), path, maxHealth)
		if err != nil {
			t.Fatal(err)
		}
		var h, more Health
		if err := answers.Decode(&h); err != nil {
			t.Errorf("no greeting: %v", err)
		}
		_, _ = conn.Write([]byte(word))
		if err := answers.Decode(&more); err == nil {
			t.Errorf("%.10q of %d bytes is answered by %+v", word, len(word), more)
		}
		conn.Close()
	}
}

// Clients that send nothing, however many there are, do not keep another client from its answer.
func TestSilentAskers(t *testing.T) {
	t.Setenv("NOTIFY_SOCKET", "")
	path, _ := listening(t, newGateway())
	for range maxAskers - 1 {
		conn, err := net.Dial("unix", path)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
	}
	if _, err := Do(t.Context(), path, Diff); err != nil {
		t.Error(err)
	}
}

// busy runs a service inside a synctest bubble that reloads until free is called. connect returns a connection to the service's socket, from
// which the health has been read, and on which word has been written.
func busy(t *testing.T, g *gateway) (connect func(word string) (net.Conn, *bufio.Reader), free, stop func()) {
	end := make(chan struct{})
	g.reload = func(context.Context) Difference { <-end; return Difference{} }
	ctx, cancel := context.WithCancel(t.Context())
	s := &Service{options: g.options(), notify: g.note, hangups: make(chan os.Signal, 1), waiting: make(chan struct{}, maxWaiting)}
	socket := newHanded()
	s.tasks.Go(func() { s.attend(ctx) })
	s.tasks.Go(func() { s.answerAll(ctx, socket) })
	s.hangups <- syscall.SIGHUP
	synctest.Wait() // the reload has begun
	connect = func(word string) (net.Conn, *bufio.Reader) {
		here, there := net.Pipe()
		socket.take(there)
		here.SetDeadline(time.Now().Add(10 * time.Second))
		answers := bufio.NewReader(here)
		if line, err := answers.ReadString('\n'); err != nil || !strings.HasPrefix(line, `{"ok":true`) {
			t.Fatalf("the health: %q, %v", line, err)
		}
		io.WriteString(here, word+"\n")
		return here, answers
	}
	return connect, func() { close(end) }, func() { cancel(); s.tasks.Wait() }
}

// The health is told whatever requests wait. Of too many, the last are refused.
func TestHealthBesideRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		connect, free, stop := busy(t, newGateway())
		began := time.Now()
		refused := 0
		for i := range 3 * maxAskers {
			conn, answers := connect([]string{"diff", "reload"}[i%2])
			defer conn.Close()
			synctest.Wait()
			if i < maxWaiting {
				continue
			}
			if line, err := answers.ReadString('\n'); err == nil && strings.Contains(line, "too many requests wait") {
				refused++
			}
		}
		conn, _ := connect("health")
		defer conn.Close()
		if took := time.Since(began); took != 0 || refused != 3*maxAskers-maxWaiting {
			t.Errorf("the health is told after %v, %d requests are refused", took, refused)
		}
		free()
		stop()
	})
}

// Clients that hang up before the service has begun with their requests make room for those of others in their turn, and keep nobody from
// the health.
func TestRequestsOfClientsThatHangUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		connect, free, stop := busy(t, newGateway())
		for range 3 * maxWaiting {
			conn, _ := connect("diff")
			synctest.Wait()
			conn.Close()
		}
		free()
		synctest.Wait()
		conn, answers := connect("diff")
		defer conn.Close()
		if line, err := answers.ReadString('\n'); err != nil || line != "{\"kept\":0}\n" {
			t.Errorf("who comes then hears %q, %v", line, err)
		}
		stop()
	})
}

// A client that writes nothing more, as "nc -N" does, gets its answer, whether the service is busy or not.
func TestRequestOfWhoClosesItsSide(t *testing.T) {
	t.Setenv("NOTIFY_SOCKET", "")
	path, _ := listening(t, newGateway())
	for range 20 {
		conn, answers, err := dial(t.Context(), path, maxDifference)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintln(conn, Diff)
		_ = conn.(*net.UnixConn).CloseWrite()
		var h Health
		var d Difference
		if err := errors.Join(answers.Decode(&h), answers.Decode(&d)); err != nil || len(d.Faults) > 0 {
			t.Fatalf("answered by %+v, %v", d, err)
		}
		conn.Close()
	}
}

func TestDoWithoutAnswer(t *testing.T) {
	t.Setenv("NOTIFY_SOCKET", "")
	g := newGateway()
	begun := make(chan struct{})
	g.reload = func(ctx context.Context) Difference {
		close(begun)
		<-ctx.Done()
		return Difference{}
	}
	path, stop := listening(t, g)
	asked := make(chan error, 1)
	go func() {
		d, err := Do(t.Context(), path, Reload)
		if err == nil && (len(d.Faults) != 1 || d.Faults[0] != "the gateway is stopping") {
			err = fmt.Errorf("answered by %+v", d)
		}
		asked <- err
	}()
	<-begun
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := Do(ctx, path, Diff); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("during a reload: %v, want that time is up", err)
	}
	stop()
	if err := <-asked; err != nil {
		t.Errorf("one that is stopped meanwhile: %v", err)
	}
	if _, err := Do(t.Context(), filepath.Join(t.TempDir(), "none"), Diff); err == nil || !strings.Contains(err.Error(), "no gateway listens") {
		t.Errorf("nobody there: %v", err)
	}
}
