package api

import (
	"bufio"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mqttgateway/mqttgateway/internal/service"
	"github.com/mqttgateway/mqttgateway/internal/web"
)

func TestConfiguration(t *testing.T) {
	a, _ := start(t, newGateway())
	if status, body := get(t, a, "diff"); status != 200 || body != `{"added":["new"],"kept":2}` {
		t.Errorf("diff: %d %s", status, body)
	}
	const want = `{"title":"Unprocessable Entity","status":422,"detail":"the configuration has faults, and nothing changes","faults":[` +
		`{"file":"/etc/gw.yaml","line":3,"column":5,"key":"devices[0].params.prt","text":"no such option"},{"key":"mqtt.broker","text":"no host"}]}`
	if status, body := post(t, a, "reload", "{}"); status != 422 || body != want {
		t.Errorf("reload: %d %s, want %s", status, body, want)
	}
}

// Clients that hang up leave no requests behind that wait for a gateway which is busy, whether they have sent a body or not.
func TestReloadsOfWhoHasGone(t *testing.T) {
	for what, rest := range map[string]string{"no body": "\r\n", "a body": "Content-Length: 2\r\n\r\n{}", "chunks": "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"} {
		synctest.Test(t, func(t *testing.T) {
			a, _ := start(t, newGateway())
			asked := &waiting{}
			a.Configuration = asked
			ask, stop := served(t, a)
			defer stop()
			began := time.Now()
			var clients []net.Conn
			for range 100 {
				clients = append(clients, ask("POST "+Prefix+"reload HTTP/1.1\r\nHost: gateway\r\n"+rest))
			}
			synctest.Wait()
			if n := asked.now.Load(); n != 100 {
				t.Fatalf("%s: %d wait, want 100", what, n)
			}
			for _, c := range clients {
				c.Close()
			}
			synctest.Wait()
			if n := asked.now.Load(); n != 0 || time.Since(began) != 0 {
				t.Errorf("%s: requests of %d clients that have gone wait", what, n)
			}
		})
	}
}

// A reload of which nobody hears the end is no fault of the configuration.
func TestReloadWithoutAnEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, stop := start(t, newGateway())
		a.Configuration = configuration{busy: true}
		if status, body := post(t, a, "reload", "{}"); status != 503 || !strings.Contains(body, "no answer in time") {
			t.Errorf("a gateway that is busy: %d %s", status, body)
		}
		stop()
		if status, body := post(t, a, "reload", "{}"); status != 503 || !strings.Contains(body, "the gateway is stopping") {
			t.Errorf("a gateway that stops: %d %s", status, body)
		}
	})
}

func TestFaults(t *testing.T) {
	for line, want := range map[string]Fault{
		"gone":                          {Text: "gone"},
		"/a b/gw.yaml:3: no YAML":       {File: "/a b/gw.yaml", Line: 3, Text: "no YAML"},
		"C:\\gw.yaml:3:5: mqtt.qos: 3?": {File: "C:\\gw.yaml", Line: 3, Column: 5, Key: "mqtt.qos", Text: "3?"},
		`m.json:12:5: /action/map: no`:  {File: "m.json", Line: 12, Column: 5, Text: "/action/map: no"},
		`device "x": type: none`:        {Text: `device "x": type: none`},
	} {
		if got := faults([]string{line})[0]; got != want {
			t.Errorf("%s: %+v", line, got)
		}
	}
}

// slow is a configuration that takes a while to be read.
type slow struct {
	Configuration
	takes time.Duration
}

func (s slow) Do(ctx context.Context, _ service.Request) service.Difference {
	select {
	case <-time.After(s.takes):
		return service.Difference{Kept: 7}
	case <-ctx.Done():
		return service.Difference{Faults: []string{"given up"}}
	}
}

// waiting is a configuration that is never read. It counts those who wait for it.
type waiting struct {
	Configuration
	now atomic.Int64
}

func (w *waiting) Do(ctx context.Context, r service.Request) service.Difference {
	w.now.Add(1)
	defer w.now.Add(-1)
	return service.NewRequests().Do(ctx, r)
}

// pipes is a listener of pipes.
type pipes chan net.Conn

func (p pipes) Accept() (net.Conn, error) {
	if conn, ok := <-p; ok {
		return conn, nil
	}
	return nil, net.ErrClosed
}

func (p pipes) Close() error { close(p); return nil }
func (pipes) Addr() net.Addr { return nil }

// served serves an API inside a synctest bubble. ask sends a request on a connection of its own.
func served(t *testing.T, a *API) (ask func(request string) net.Conn, stop func()) {
	ctx, end := context.WithCancel(t.Context())
	clients := make(pipes)
	var server sync.WaitGroup
	server.Go(func() { web.Serve(ctx, clients, web.Options{Handler: a.Handler(), Log: slog.New(slog.DiscardHandler)}) })
	ask = func(request string) net.Conn {
		here, there := net.Pipe()
		clients <- there
		io.WriteString(here, request)
		return here
	}
	return ask, func() { end(); server.Wait() }
}

// A reload may take longer than other requests, whose deadlines the server has.
func TestSlowReload(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, _ := start(t, newGateway())
		a.Configuration = slow{takes: reloadPatience - time.Second}
		ask, stop := served(t, a)
		defer stop()
		conn := ask("POST " + Prefix + "reload HTTP/1.1\r\nHost: gateway\r\nContent-Length: 2\r\n\r\n{}")
		defer conn.Close()
		res, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatal(err)
		}
		if body, _ := io.ReadAll(res.Body); res.StatusCode != http.StatusOK || string(body) != "{\"kept\":7}\n" {
			t.Errorf("got %s %s", res.Status, body)
		}
	})
}
