package api

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/mqttgateway/mqttgateway/internal/web"
	"sync"
	"sync/atomic"
	"testing/synctest"
	"time"
)

func TestTree(t *testing.T) {
	a, _ := start(t, newGateway())
	status, body := get(t, a, "tree")
	body = regexp.MustCompile(`"now":"[^"]*"`).ReplaceAllString(body, `"now":"-"`)
	const since = `"since":"2026-03-04T05:06:07.008Z"`
	want := `{"gateway":{"name":"gw","version":"v1","started":"2026-03-04T05:06:07.008Z","now":"-"},` +
		`"link":{"kind":"link","name":"link","state":"online",` + since + `,"broker":"tcp://b:1883"},"entries":[` +
		`{"kind":"part","name":"mapper","state":"online",` + since + `},` +
		`{"kind":"device","name":"boiler","state":"offline",` + since + `,"reason":"no answer","failures":3,"restarts":4,"next":"2026-03-04T05:07:07.008Z","type":"modbus"},` +
		`{"kind":"device","name":"lamp","state":"online",` + since + `,"type":"dummy","queue":3,"doing":"handling"},` +
		`{"kind":"device","name":"lamp.child","state":"connecting",` + since + `,"type":"dummy","added_by":"lamp"}],` +
		`"counts":{"online":1,"opening":1,"down":1}}`
	if status != http.StatusOK || body != want {
		t.Errorf("%d\n%s\nwant\n%s", status, body, want)
	}
}

func TestDevices(t *testing.T) {
	a, _ := start(t, newGateway())
	for query, want := range map[string]string{
		"": "boiler lamp lamp.child", "?state=online": "lamp", "?type=dummy": "lamp lamp.child", "?name=LAMP": "lamp lamp.child",
		"?name=lamp&state=connecting": "lamp.child", "?state=none": "",
	} {
		status, body := get(t, a, "devices"+query)
		var names []string
		for _, m := range regexp.MustCompile(`"name":"([^"]*)"`).FindAllStringSubmatch(body, -1) {
			names = append(names, m[1])
		}
		if status != http.StatusOK || strings.Join(names, " ") != want || body[0] != '[' {
			t.Errorf("%s: %d %s, want %s", query, status, body, want)
		}
	}
}

func TestHealth(t *testing.T) {
	g := newGateway()
	a, _ := start(t, g)
	probe := func(h http.HandlerFunc) int {
		w := httptest.NewRecorder()
		h(w, httptest.NewRequest(http.MethodGet, "/", nil))
		return w.Code
	}
	if status, body := get(t, a, "health"); status != http.StatusOK || body != `{"ok":true,"link":"connected","devices":{"online":1,"opening":1,"down":1}}` {
		t.Errorf("%d %s", status, body)
	}
	if live, ready := probe(a.Live), probe(a.Ready); live != 200 || ready != 200 {
		t.Errorf("live %d, ready %d", live, ready)
	}
	g.mu.Lock()
	g.dead = errors.New("mapper has not answered")
	g.mu.Unlock()
	if status, body := get(t, a, "health"); status != http.StatusServiceUnavailable || !strings.Contains(body, `"status":"mapper has not answered"`) {
		t.Errorf("%d %s", status, body)
	}
	if live, ready := probe(a.Live), probe(a.Ready); live != 503 || ready != 503 {
		t.Errorf("live %d, ready %d", live, ready)
	}
}

func TestWrongRequests(t *testing.T) {
	a, _ := start(t, newGateway())
	for _, row := range []struct {
		method, path string
		want         int
	}{
		{"GET", "nothing", 404}, {"GET", "", 404}, {"POST", "nothing", 404},
		{"POST", "tree", 405}, {"DELETE", "devices", 405}, {"GET", "events?kinds=record,x", 400},
	} {
		if status, body := do(t, a, httptest.NewRequest(row.method, Prefix+row.path, nil)); status != row.want {
			t.Errorf("%s %s: %d %s", row.method, row.path, status, body)
		}
	}
}

// A page learns who its person is, and what the person may not.
func TestSession(t *testing.T) {
	a, _ := start(t, newGateway())
	if status, body := get(t, a, "session"); status != http.StatusOK || body != "{}" {
		t.Errorf("on the socket: %d %s", status, body)
	}
	r := httptest.NewRequest(http.MethodGet, "http://localhost"+Prefix+"session", nil)
	r.SetBasicAuth("me", "0123456789abcdef")
	w := httptest.NewRecorder()
	web.Guard{Token: "0123456789abcdef", ReadOnly: true}.Handler(a.Handler()).ServeHTTP(w, r)
	if got := strings.TrimSpace(w.Body.String()); got != `{"user":"me","read_only":true}` {
		t.Errorf("behind a guard: %s", got)
	}
}

// blocked is a client that takes no byte until it is let go.
type blocked struct {
	*httptest.ResponseRecorder
	writes chan<- struct{}
	let    <-chan struct{}
}

func (b blocked) Write(p []byte) (int, error) {
	b.writes <- struct{}{}
	<-b.let
	return b.ResponseRecorder.Write(p)
}

// Clients that don't read hold few of the large answers. Others are asked to come again.
func TestLargeAnswersAreFew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, stop := start(t, newGateway())
		defer stop()
		writes, let := make(chan struct{}, 100), make(chan struct{})
		var all sync.WaitGroup
		var refused atomic.Int64
		for i := range 3 * fewAtOnce {
			path := []string{"tree", "devices"}[i%2]
			all.Go(func() {
				w := blocked{httptest.NewRecorder(), writes, let}
				a.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, Prefix+path, nil))
				if w.Code == http.StatusServiceUnavailable {
					refused.Add(1)
				}
			})
		}
		time.Sleep(turnPatience / 2)
		if n := len(writes); n != fewAtOnce {
			t.Errorf("%d answers at once, want %d", n, fewAtOnce)
		}
		time.Sleep(turnPatience)
		close(let)
		all.Wait()
		if n := refused.Load(); n != 2*fewAtOnce {
			t.Errorf("%d refused, want %d", n, 2*fewAtOnce)
		}
		if status, _ := get(t, a, "tree"); status != http.StatusOK {
			t.Errorf("afterwards: %d", status)
		}
	})
}
