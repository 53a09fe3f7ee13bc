package hooks

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mqttgateway/mqttgateway/devices"
)

const secret = "sw0rdf1sh-sw0rdf1sh"

// served is a handler, with the configuration and the log that it sees.
type served struct {
	http.Handler
	configured map[string]bool
	said       bytes.Buffer
}

func serve(t *testing.T) *served {
	s := &served{configured: map[string]bool{"bell": true, "door bell": true}}
	handler, stop := Serve(Options{
		HasHooks: func(device string) bool { return s.configured[device] },
		Log:      slog.New(slog.NewTextHandler(&s.said, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	s.Handler = handler
	t.Cleanup(func() {
		stop()
		if strings.Contains(s.said.String(), secret) {
			t.Errorf("a secret in the log:\n%s", s.said.String())
		}
	})
	return s
}

// ask makes a request to an address.
func (s *served) ask(method, target, media, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "http://anything"+target, strings.NewReader(body))
	if media != "" {
		r.Header.Set("Content-Type", media)
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w
}

func announce(t *testing.T, device string) *Hooks {
	t.Helper()
	h, err := Announce(device, secret, []string{"/button", "/a/b"})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func TestDocuments(t *testing.T) {
	s := serve(t)
	h := announce(t, "door bell")
	var path string
	var document any
	h.Open(func(at string, d any) error { path, document = at, d; return nil })
	type object = map[string]any
	const form = "application/x-www-form-urlencoded"
	at := Address("", "door bell", secret, "/button")
	for _, row := range []struct {
		method, target, media, body string
		want                        any
	}{
		{"GET", at, "", "", object{}},
		{"GET", at + "?event=single&n=1&n=2", "", "", object{"event": "single", "n": []any{"1", "2"}}},
		{"POST", at, "application/json", `{"event":"long","n":null}`, object{"event": "long", "n": nil}},
		{"POST", at, form, `{"event":"long"}`, object{"event": "long"}}, // by curl -d
		{"POST", at, form, "event=a%20b", object{"event": "a b"}},
		{"POST", at, "", " \r\n", object{}},
		{"POST", at + "?event=query&x=1", form, "event=body", object{"event": "body", "x": "1"}},
		{"POST", at + "?x=1", "", `["a"]`, []any{"a"}},
		{"POST", at, "application/json", `"a"`, "a"},
		{"GET", at, "application/json", `{"event":"in a GET"}`, object{"event": "in a GET"}},
	} {
		document = nil
		w := s.ask(row.method, row.target, row.media, row.body)
		if w.Code != http.StatusNoContent || !reflect.DeepEqual(document, row.want) || path != "/button" {
			t.Errorf("%s %s %s %s: %d, %#v at %s; want %#v", row.method, row.target, row.media, row.body, w.Code, document, path, row.want)
		}
	}
	if w := s.ask("GET", Address("", "door bell", secret, "/a/b"), "", ""); w.Code != 204 || path != "/a/b" {
		t.Errorf("another path: %d, %s", w.Code, path)
	}
}

func TestAnswers(t *testing.T) {
	s := serve(t)
	h := announce(t, "bell")
	at := Address("", "bell", secret, "/button")
	if w := s.ask("GET", at, "", ""); w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" || w.Body.String() != "the device is down\n" {
		t.Errorf("before it has opened: %d %v", w.Code, w.Body)
	}
	h.Open(func(string, any) error { return errors.New("event: none") })
	for _, row := range []struct {
		method, target, body string
		status               int
		says                 string
	}{
		{"GET", at, "", 400, "event: none\n"},
		{"POST", at, "{", 400, "no JSON"},
		{"POST", at, "%zz", 400, "no form"},
		{"GET", at + "?%zz", "", 400, "no form"},
		{"HEAD", at, "", 405, "want GET or POST\n"},
		{"DELETE", at, "", 405, "want GET or POST\n"},
		{"POST", at, strings.Repeat("x", MaxBody+1), 413, "want 64 KB at most\n"},
	} {
		w := s.ask(row.method, row.target, "", row.body)
		if w.Code != row.status || !strings.HasPrefix(w.Body.String(), row.says) {
			t.Errorf("%s %s %.20s: %d %q, want %d %q", row.method, row.target, row.body, w.Code, w.Body, row.status, row.says)
		}
	}
	h.Close()
	if w := s.ask("GET", at, "", ""); w.Code != http.StatusServiceUnavailable {
		t.Errorf("when it is down: %d", w.Code)
	}
	s.configured["bell"] = false
	if w := s.ask("GET", at, "", ""); w.Code != http.StatusNotFound {
		t.Errorf("when it has gone: %d", w.Code)
	}
	if table.devices["bell"] != nil {
		t.Error("what has gone is not forgotten")
	}
}

// Whatever is wrong with an address, the answer is the same.
func TestWrongAddresses(t *testing.T) {
	s := serve(t)
	announce(t, "bell").Open(func(string, any) error { return nil })
	var first string
	for _, at := range []string{
		"/hooks/", "/hooks/bell", "/hooks/bell/" + secret, "/hooks/bell/" + secret + "/", "/hooks/bell/" + secret + "/other",
		"/hooks/bell/" + secret + "x/button", "/hooks/bell//button", "/hooks/other/" + secret + "/button", "/hooks//" + secret + "/button",
		"/hooks/bell/" + strings.ToUpper(secret) + "/button", "/hooks/bell/" + secret + "/button/", "/hooks/other//button",
	} {
		for _, method := range []string{"GET", "DELETE"} {
			w := s.ask(method, at, "", "")
			got := fmt.Sprint(w.Code, w.Header(), w.Body)
			if first == "" {
				first = got
			}
			if w.Code != 404 || got != first {
				t.Errorf("%s %s: %s, and at first %s", method, at, got, first)
			}
		}
	}
	if n := strings.Count(s.said.String(), `level=WARN msg="requests for unknown hooks" count=1 latest_from=192.0.2.1:1234`); n != 1 {
		t.Errorf("told %d times:\n%s", n, s.said.String())
	}
}

// Too many wrong requests are refused, and so are too many right ones, and neither for the sake of the others.
func TestRates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := serve(t)
		for _, device := range []string{"bell", "door bell"} {
			announce(t, device).Open(func(string, any) error { return nil })
		}
		many := func(at string, n int) (counts map[int]int) {
			counts = make(map[int]int)
			for range n {
				counts[s.ask("GET", at, "", "").Code]++
			}
			return counts
		}
		const wrong, right = "/hooks/bell/wrong/button", "/hooks/bell/" + secret + "/button"
		for _, row := range []struct {
			at   string
			want map[int]int
		}{
			{wrong, map[int]int{404: 50, 429: 950}},
			{right, map[int]int{204: 100, 429: 900}},
			{"/hooks/door%20bell/" + secret + "/button", map[int]int{204: 100, 429: 900}},
		} {
			if got := many(row.at, 1000); !reflect.DeepEqual(got, row.want) {
				t.Errorf("%s: %v, want %v", row.at, got, row.want)
			}
		}
		time.Sleep(time.Second)
		if got := many(wrong, 100); got[404] != 10 {
			t.Errorf("wrong, a second later: %v", got)
		}
		if got := many(right, 100); got[204] != 20 {
			t.Errorf("right, a second later: %v", got)
		}
		time.Sleep(time.Minute)
		many(wrong, 1)
		if n := strings.Count(s.said.String(), "level=WARN"); n != 2 || !strings.Contains(s.said.String(), "count=1100 ") {
			t.Errorf("told %d times:\n%s", n, s.said.String())
		}
	})
}

// Close waits for requests that are under way, and none is handled afterwards.
func TestClose(t *testing.T) {
	s := serve(t)
	h := announce(t, "bell")
	var closed atomic.Bool
	h.Open(func(string, any) error {
		if closed.Load() {
			t.Error("handled after Close")
		}
		return nil
	})
	var asking sync.WaitGroup
	for range 4 {
		asking.Go(func() {
			for range 20 {
				if w := s.ask("GET", "/hooks/bell/"+secret+"/button", "", ""); w.Code != 204 && w.Code != 503 {
					t.Errorf("answered %d", w.Code)
				}
			}
		})
	}
	h.Close()
	closed.Store(true)
	asking.Wait()
}

func TestAnnounce(t *testing.T) {
	if _, err := Announce("bell", secret, nil); !errors.Is(err, devices.ErrConfig) {
		t.Errorf("without a server: %v", err)
	}
	serve(t)
	if _, err := Announce("bell", "short", nil); err == nil {
		t.Error("a short secret is taken")
	}
	old := announce(t, "bell")
	h, err := Announce("bell", secret+"2", []string{"/button"})
	if err != nil {
		t.Fatal(err)
	}
	forget(old)
	if find("bell", secret, "/button") != nil || find("bell", secret+"2", "/button") != h {
		t.Error("what is announced last is not what is found")
	}
}

func TestCheck(t *testing.T) {
	for text, want := range map[string]string{
		"0123456789abcdef": "", "AZaz09-_.~AZaz09": "", "0123456789abcde": "has 15 characters, want 16 at least",
		strings.Repeat("x", 129): "has 129 characters, want 128 at most", "0123456789abcde/": "holds a character", "0123456789abcdeé": "holds a character",
	} {
		if err := CheckSecret(text); want == "" && err != nil || want != "" && (err == nil || !strings.HasPrefix(err.Error(), want)) {
			t.Errorf("secret %q: %v, want %q", text, err, want)
		}
	}
	for path, good := range map[string]bool{
		"/button": true, "/a/b.c": true, "": false, "/": false, "button": false, "/a/": false, "//a": false, "/a//b": false,
		"/..": false, "/a/./b": false, "/a b": false, "/a?b": false, "/%41": false, "/é": false,
	} {
		if err := CheckPath(path); (err == nil) != good {
			t.Errorf("path %q: %v", path, err)
		}
	}
}
