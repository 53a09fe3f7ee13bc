package web

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestMethods(t *testing.T) {
	mux := http.NewServeMux()
	mux.Handle("GET /seen", tells)
	mux.Handle("POST /done", tells)
	mux.Handle("/", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { Refuse(w, http.StatusNotFound, "nothing") }))
	h := Methods(mux)
	for _, row := range []struct {
		method, path string
		want         int
		allow        string
	}{
		{"GET", "/seen", 200, ""},
		{"HEAD", "/seen", 200, ""},
		{"POST", "/seen", 405, "GET"},
		{"TRACE", "/seen", 405, "GET"},
		{"POST", "/done", 200, ""},
		{"GET", "/done", 405, "POST"},
		{"GET", "/nothing", 404, ""},
		{"PUT", "/nothing", 404, ""},
	} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(row.method, row.path, nil))
		if w.Code != row.want || w.Header().Get("Allow") != row.allow {
			t.Errorf("%s %s: %d, allow %q, want %d, %q", row.method, row.path, w.Code, w.Header().Get("Allow"), row.want, row.allow)
		}
	}
}

// Even what concerns the whole server passes the handler.
func TestOptionsOfTheServer(t *testing.T) {
	s, _, _ := serve(t, Options{Handler: tells})
	if status, _ := exchange(t, s, "OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"); status != http.StatusNotFound {
		t.Errorf("%d, want 404", status)
	}
}
