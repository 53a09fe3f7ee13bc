package api

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/mqttgateway/mqttgateway/internal/service"
	"github.com/mqttgateway/mqttgateway/internal/web"
)

// reloads counts reloads.
type reloads struct {
	Configuration
	n int
}

func (r *reloads) Do(ctx context.Context, what service.Request) service.Difference {
	if what == service.Reload {
		r.n++
	}
	return r.Configuration.Do(ctx, what)
}

// Where nothing may be changed, no route changes anything, and only what reads is let in. A page of another server can have nobody change
// anything, whatever credentials the browser has.
func TestNothingIsChanged(t *testing.T) {
	g := newGateway()
	a, _ := start(t, g)
	told := &reloads{Configuration: a.Configuration}
	a.Configuration = told
	before, _ := a.Log.Levels()
	readOnly, open := web.Guard{ReadOnly: true}.Handler(a.Handler()), web.Guard{}.Handler(a.Handler())
	bodies := map[string]string{"messages": `{"topic":"home/x"}`, "log/levels": `{"default":"error","actors":{"lamp":"none"}}`, "devices/{name}/set": `{"relay":true}`}
	for pattern := range a.routes() {
		method, path, _ := strings.Cut(pattern, " ")
		body := bodies[strings.TrimPrefix(path, Prefix)]
		ask := func(h http.Handler, headers ...string) int {
			ctx, cancel := context.WithCancel(t.Context())
			if strings.HasSuffix(path, "/events") {
				cancel()
			}
			defer cancel()
			r := httptest.NewRequestWithContext(ctx, method, "http://localhost"+strings.Replace(path, "{name}", "lamp", 1), strings.NewReader(body))
			r.Header.Set("Content-Type", "application/json")
			for i := 0; i < len(headers); i += 2 {
				r.Header.Set(headers[i], headers[i+1])
			}
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			return w.Code
		}
		reads := method == http.MethodGet
		if got := ask(readOnly, web.RequestHeader, "1"); (got == http.StatusForbidden) == reads {
			t.Errorf("%s, read only: %d", pattern, got)
		}
		if got := ask(open); (got == http.StatusForbidden) == reads {
			t.Errorf("%s, without the header: %d", pattern, got)
		}
		if got := ask(open, web.RequestHeader, "1", "Origin", "http://evil.example.com"); got != http.StatusForbidden {
			t.Errorf("%s, of a foreign page: %d", pattern, got)
		}
	}
	if levels, actors := a.Log.Levels(); len(g.done) > 0 || told.n > 0 || levels != before || len(actors) > 0 {
		t.Errorf("changed: %q, %d reloads, levels %v %v", g.done, told.n, levels, actors)
	}
}

// Whatever a client sends is refused in words, and carried out by nobody.
func TestRubbish(t *testing.T) {
	bodies := []string{
		"", "{", "[]", "1", `"x"`, "\xff\xfe", "{}x", "{}{}", "\ufeff{}", strings.Repeat("[", 100_000), strings.Repeat(`{"a":`, 100_000), strings.Repeat(" ", web.MaxBody+1),
		`{"topic":1}`, `{"topic":"x","qos":-1}`, `{"topic":"x","qos":1e999}`, `{"topic":"x","qos":256}`, `{"topic":"x","payload":{}}`, `{"topic":"x","surprise":1}`, `{"topic":"x","retain":NaN}`,
		`{"default":"loud"}`, `{"default":null,"actors":{"x":7}}`, `{"actors":[]}`, `{"actors":{"x":"none","y":"\u0000"}}`,
		`{"relay":+1}`, `{"relay":01}`, `{"relay":"\ud800`, "{\"relay\":\"\x01\"}",
	}
	g := newGateway()
	a, _ := start(t, g)
	for pattern := range a.routes() {
		method, path, _ := strings.Cut(pattern, " ")
		path = strings.TrimPrefix(path, Prefix)
		if method == http.MethodGet || path == "reload" || strings.HasPrefix(path, "devices/") && path != "devices/{name}/set" { // what has no body is not read
			continue
		}
		for _, body := range bodies {
			if status, answer := post(t, a, strings.Replace(path, "{name}", "lamp", 1), body); status < 400 || status >= 500 {
				t.Errorf("%s with %.40q: %d %s", pattern, body, status, answer)
			}
		}
	}
	for _, name := range []string{"..%2f..", "%00", "%ff%fe", "a%2fb", "%0d%0aX:%20y", strings.Repeat("a", 10_000), "link", "mapper", "%e2%80%ae"} {
		for _, order := range []string{"set", "stop", "start", "restart"} {
			if status, answer := post(t, a, "devices/"+name+"/"+order, `{"relay":true}`); status != http.StatusNotFound {
				t.Errorf("%s of %.20s: %d %s", order, name, status, answer)
			}
		}
	}
	if len(g.done) > 0 {
		t.Errorf("done: %q", g.done)
	}
}
