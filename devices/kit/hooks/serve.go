package hooks

import (
	"errors"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/mqttgateway/mqttgateway/devices/kit/text"
)

// Prefix is what the paths of all hooks begin with, below the base of the server.
const Prefix = "/hooks/"

// MaxBody is how many bytes a request may have.
const MaxBody = 64 << 10

// How many requests are taken.
const (
	callsRate, callsMost = 20, 100 // with the right secret, of each device: a second, and at once
	wrongRate, wrongMost = 10, 50  // others, of all together
)

// tellEvery is the shortest time between two lines of the log about requests that are refused.
const tellEvery = time.Minute

// Options are what Serve needs.
type Options struct {
	// HasHooks reports whether a device of this name has hooks by its configuration: what a device that has gone has announced is
	// then forgotten.
	HasHooks func(device string) bool
	Log      *slog.Logger
}

// Serve returns the handler for the paths below Prefix. Devices can announce hooks until stop is called, once.
func Serve(o Options) (handler http.Handler, stop func()) {
	table.Lock()
	defer table.Unlock()
	if table.servers++; table.servers == 1 {
		table.devices = make(map[string]*Hooks)
	}
	return &server{Options: o, wrong: bucket{rate: wrongRate, most: wrongMost}}, func() {
		table.Lock()
		defer table.Unlock()
		table.servers--
	}
}

type server struct {
	Options
	wrong  bucket
	refuse refusals
}

// ServeHTTP implements http.Handler.
func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	device, secret, path := split(r.URL.Path)
	h := find(device, secret, path)
	if h != nil && h.isDown() && !s.HasHooks(device) {
		forget(h)
		h = nil
	}
	switch {
	case h == nil:
		s.notFound(w, r)
	case r.Method != http.MethodGet && r.Method != http.MethodPost:
		w.Header().Set("Allow", "GET, POST")
		http.Error(w, "want GET or POST", http.StatusMethodNotAllowed)
	case !h.calls.take(time.Now()):
		s.Log.Debug("hook refused", "device", device, "path", path, "err", "too many requests")
		again(w, "too many requests", http.StatusTooManyRequests)
	default:
		s.call(w, r, h, path)
	}
}

// split returns the parts of a path of a hook.
func split(of string) (device, secret, path string) {
	device, rest, _ := strings.Cut(strings.TrimPrefix(of, Prefix), "/")
	secret, path, _ = strings.Cut(rest, "/")
	return device, secret, "/" + path
}

// notFound answers a request that is about no hook, whatever is wrong with it.
func (s *server) notFound(w http.ResponseWriter, r *http.Request) {
	now := time.Now()
	if n := s.refuse.count(now); n > 0 {
		s.Log.Warn("requests for unknown hooks", "count", n, "latest_from", r.RemoteAddr)
	}
	if !s.wrong.take(now) {
		again(w, "too many requests", http.StatusTooManyRequests)
		return
	}
	http.NotFound(w, r)
}

// again answers a request that may be made again.
func again(w http.ResponseWriter, why string, status int) {
	w.Header().Set("Retry-After", "5")
	http.Error(w, why, status)
}

// call has the device act on a request.
func (s *server) call(w http.ResponseWriter, r *http.Request, h *Hooks, path string) {
	document, err := read(w, r)
	if err == nil {
		err = h.call(path, document)
	}
	s.Log.Debug("hook", "device", h.device, "path", path, "err", err)
	large := (*http.MaxBytesError)(nil)
	switch {
	case err == nil:
		w.WriteHeader(http.StatusNoContent)
	case errors.As(err, &large):
		http.Error(w, "want 64 KB at most", http.StatusRequestEntityTooLarge)
	case errors.Is(err, errDown):
		again(w, err.Error(), http.StatusServiceUnavailable)
	default:
		http.Error(w, err.Error(), http.StatusBadRequest)
	}
}

// read returns what a request says.
func read(w http.ResponseWriter, r *http.Request) (any, error) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, MaxBody))
	if err != nil {
		return nil, err
	}
	document, err := text.ParseForm(r.URL.RawQuery)
	if err != nil {
		return nil, err
	}
	trimmed := strings.TrimSpace(string(body))
	if trimmed == "" {
		return document, nil
	}
	said, err := parse(trimmed, r.Header.Get("Content-Type"))
	if err != nil {
		return nil, err
	}
	fields, isObject := said.(map[string]any)
	if !isObject {
		return said, nil
	}
	maps.Copy(document, fields)
	return document, nil
}

// parse reads a body. Its media type may be that of a form although it is JSON, as it is of what curl -d sends.
func parse(body, media string) (any, error) {
	if strings.HasPrefix(body, "{") || strings.HasPrefix(body, "[") || strings.Contains(media, "json") {
		return text.Parse([]byte(body))
	}
	return text.ParseForm(body)
}

// Address returns the address of a hook below the one of a server, with something else in the place of its secret.
func Address(server, device, secret, path string) string {
	return server + Prefix + url.PathEscape(device) + "/" + secret + path
}
