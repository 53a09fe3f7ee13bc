package service

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// One socket answers clients of each kind: those that speak HTTP, those that write a word, and those that say nothing.
func TestSocketSpeaksHTTP(t *testing.T) {
	t.Setenv("NOTIFY_SOCKET", "")
	g := newGateway()
	g.diff = Difference{Added: []string{"a"}}
	o := g.options()
	o.Socket = filepath.Join(t.TempDir(), "s")
	o.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/forever" {
			w.(http.Flusher).Flush()
			<-r.Context().Done()
			return
		}
		io.Copy(w, r.Body)
	})
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	s, err := Start(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", o.Socket)
	}}}
	for range maxHanded + 1 {
		res, err := client.Post("http://gateway/", "text/plain", strings.NewReader("heard"))
		if err != nil {
			t.Fatal(err)
		}
		if body, _ := io.ReadAll(res.Body); string(body) != "heard" {
			t.Fatalf("got %q", body)
		}
		res.Body.Close()
	}
	if got, err := Do(t.Context(), o.Socket, Diff); err != nil || !reflect.DeepEqual(got, g.diff) {
		t.Errorf("a request: %+v, %v", got, err)
	}
	if got, err := Ask(t.Context(), o.Socket); err != nil || !got.OK {
		t.Errorf("the health: %+v, %v", got, err)
	}
	silent, err := net.Dial("unix", o.Socket)
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	silent.SetDeadline(time.Now().Add(10 * time.Second))
	if line, err := bufio.NewReader(silent).ReadString('\n'); err != nil || !strings.HasPrefix(line, `{"ok":true`) {
		t.Errorf("who says nothing hears %q, %v", line, err)
	}
	res, err := client.Get("http://gateway/forever")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	stop()
	if _, err := io.ReadAll(res.Body); err == nil {
		t.Error("an answer that has no end has ended well")
	}
}

// handing runs a listener of what is handed to it inside a synctest bubble, with the log that comes of it. ask sends a request on a connection
// of its own, from which nothing is read.
func handing(t *testing.T, by http.HandlerFunc) (ask func(path string) net.Conn, log func() string, stop func()) {
	h, g := newHanded(), newGateway()
	ctx, cancel := context.WithCancel(t.Context())
	var all sync.WaitGroup
	all.Go(func() { h.serve(ctx, by, g.options().Log) })
	var clients []net.Conn
	ask = func(path string) net.Conn {
		here, there := net.Pipe()
		clients = append(clients, here)
		h.take(there)
		all.Go(func() { io.WriteString(here, "GET "+path+" HTTP/1.1\r\nHost: gateway\r\n\r\n") })
		return here
	}
	return ask, g.log, func() {
		cancel()
		for _, c := range clients {
			c.Close()
		}
		all.Wait()
	}
}

// Who does not read its answer is cut off, and so is who asks when a request is under way for each of too many others.
func TestSlowReadersOfHTTP(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var writing atomic.Int64
		ask, _, stop := handing(t, func(w http.ResponseWriter, _ *http.Request) {
			writing.Add(1)
			defer writing.Add(-1)
			for {
				if _, err := w.Write(make([]byte, 64<<10)); err != nil {
					return
				}
			}
		})
		defer stop()
		for range maxHanded {
			ask("/")
		}
		synctest.Wait()
		if n := writing.Load(); n != maxHanded {
			t.Fatalf("%d are answered, want %d", n, maxHanded)
		}
		if _, err := ask("/").Read(make([]byte, 1)); err != io.EOF {
			t.Errorf("the newest of too many: %v", err)
		}
		time.Sleep(time.Minute)
		if n := writing.Load(); n != 0 {
			t.Errorf("after a minute there are %d who do not read", n)
		}
	})
}

// A handler's panic is told in the gateway's own log.
func TestPanicOfTheHandler(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ask, log, stop := handing(t, func(http.ResponseWriter, *http.Request) { panic("by its handler") })
		defer stop()
		if _, err := ask("/").Read(make([]byte, 1)); err != io.EOF {
			t.Errorf("after a panic: %v", err)
		}
		if text := log(); !strings.Contains(text, `level=ERROR msg="http handler panics" method=GET err="by its handler"`) {
			t.Errorf("logged %q", text)
		}
	})
}
