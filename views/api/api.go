package api

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"iter"
	"net/http"
	"time"

	"github.com/mqttgateway/mqttgateway/actors"
	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/internal/logbook"
	"github.com/mqttgateway/mqttgateway/internal/service"
	"github.com/mqttgateway/mqttgateway/internal/web"
	"github.com/mqttgateway/mqttgateway/messages"
	"github.com/mqttgateway/mqttgateway/views/history"
)

// Prefix is what the paths of the API begin with.
const Prefix = "/api/v1/"

// Gateway is the part of actors.Gateway that the API shows.
type Gateway interface {
	Watch(context.Context) iter.Seq[actors.Update]
	State() actors.State
	Alive(context.Context) error
	Device(name string) (actors.DeviceInfo, bool)
	Activity(name string) (actors.DeviceInfo, bool)
	Activities() iter.Seq[actors.DeviceInfo]
	Inspect(name string) (actors.Inspection, bool)
	Address(name string) (messages.Address, bool)
	Traffic(context.Context) iter.Seq[actors.Passed]
	Loggers() logbook.Actors

	Set(ctx context.Context, device string, values map[string]messages.Value) (actors.Answer, error)
	Send(topic, payload string, qos byte, retain bool) (devices.Receipt, error)
	Restart(device string) error
	Stop(device string) error
	Start(device string) error
}

var _ Gateway = (*actors.Gateway)(nil)

// Options are what New needs.
type Options struct {
	Gateway       Gateway
	Configuration Configuration
	Log           Log
	History       *history.History // nil: none is kept
	Name          string           // of the gateway
	Version       string           // of the program
	Broker        string           // its address, as it may be shown
	Admin         bool             // people may ask of the gateway over MQTT
	Started       time.Time
}

// API answers the requests. New makes one.
type API struct {
	Options
	life   context.Context // of streams
	events *stream
	turns  chan struct{} // has a token for each large answer that is being given
}

// New returns the API of a gateway. Streams end, and no goroutine is left, soon after ctx is done.
func New(ctx context.Context, o Options) *API {
	a := &API{Options: o, life: ctx, turns: make(chan struct{}, fewAtOnce)}
	a.events = a.newStream()
	return a
}

// Wait waits until what New's context ends has ended.
func (a *API) Wait() { a.events.tasks.Wait() }

// Handler returns the handler of all paths that begin with Prefix.
func (a *API) Handler() http.Handler {
	mux := http.NewServeMux()
	for pattern, handler := range a.routes() {
		mux.Handle(pattern, handler)
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		web.Refuse(w, http.StatusNotFound, "there is nothing at this path: openapi.yaml lists what there is")
	})
	return web.Methods(mux)
}

// routes returns the handlers by their patterns.
func (a *API) routes() map[string]http.HandlerFunc {
	get, post := "GET "+Prefix, "POST "+Prefix
	return map[string]http.HandlerFunc{
		get + "tree":                    a.few(a.tree),
		get + "health":                  a.health,
		get + "devices":                 a.few(a.devices),
		get + "devices/{name}":          a.device,
		post + "devices/{name}/set":     a.set,
		post + "devices/{name}/restart": a.order(a.Gateway.Restart),
		post + "devices/{name}/stop":    a.order(a.Gateway.Stop),
		post + "devices/{name}/start":   a.order(a.Gateway.Start),
		get + "events":                  a.stream,
		get + "session":                 a.session,
		post + "messages":               a.send,
		get + "topics":                  a.topics,
		get + "explain":                 a.few(a.explain),
		get + "config":                  a.config,
		get + "log":                     a.log,
		get + "log/levels":              a.levels,
		post + "log/levels":             a.changeLevels,
		get + "diff":                    a.carryOut(service.Diff),
		post + "reload":                 a.carryOut(service.Reload),
	}
}

// An answer about all devices takes megabytes until its client has read it. There are few of them at once, and whoever would wait for
// longer than turnPatience is asked to come again.
const (
	fewAtOnce    = 8
	turnPatience = 5 * time.Second
)

// few bounds how often a handler runs at once.
func (a *API) few(h http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), turnPatience)
		defer cancel()
		select {
		case a.turns <- struct{}{}:
			defer func() { <-a.turns }()
			h(w, r)
		case <-ctx.Done():
			w.Header().Set("Retry-After", "10")
			web.Refuse(w, http.StatusServiceUnavailable, "too many are reading all devices: come again later")
		}
	}
}

// answer writes a value as JSON.
func answer(w http.ResponseWriter, status int, value any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	_ = e.Encode(value) // an error means that the client has gone
}

// read decodes the body of a request strictly, and answers the request if it can't.
func read(w http.ResponseWriter, r *http.Request, into any) bool {
	d := json.NewDecoder(http.MaxBytesReader(w, r.Body, web.MaxBody))
	d.DisallowUnknownFields()
	err := d.Decode(into)
	if err == nil {
		if _, more := d.Token(); !errors.Is(more, io.EOF) {
			err = errors.New("there is more behind the JSON")
		}
	}
	if err == nil {
		return true
	}
	status := http.StatusBadRequest
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		status = http.StatusRequestEntityTooLarge
	}
	web.Refuse(w, status, "the body: "+err.Error())
	return false
}

// Stamp is a time as the API has it: RFC 3339 with milliseconds, in UTC.
type Stamp time.Time

// MarshalText returns the time.
func (s Stamp) MarshalText() ([]byte, error) {
	return time.Time(s).UTC().AppendFormat(nil, "2006-01-02T15:04:05.000Z07:00"), nil
}

// UnmarshalText reads what MarshalText writes.
func (s *Stamp) UnmarshalText(text []byte) error {
	t, err := time.Parse(time.RFC3339, string(text))
	*s = Stamp(t)
	return err
}

// IsZero reports whether there is no time.
func (s Stamp) IsZero() bool { return time.Time(s).IsZero() }
