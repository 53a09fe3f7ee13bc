package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/mqttgateway/mqttgateway/actors"
	"github.com/mqttgateway/mqttgateway/actors/supervision"
	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/internal/logbook"
	"github.com/mqttgateway/mqttgateway/internal/service"
	"github.com/mqttgateway/mqttgateway/mapping"
	"github.com/mqttgateway/mqttgateway/messages"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// gateway plays the actors.
type gateway struct {
	mu      sync.Mutex
	entries []supervision.Entry
	infos   map[string]actors.DeviceInfo
	updates []chan actors.Update
	dead    error

	inspections map[string]actors.Inspection
	passing     chan actors.Passed
	done        []string     // what it was told to do
	asked       atomic.Int64 // how often it was asked what a device does
}

var aDay = time.Date(2026, 3, 4, 5, 6, 7, 8_900_000, time.UTC)

// newGateway returns a gateway with a lamp that works and a boiler that does not.
func newGateway() *gateway {
	return &gateway{
		passing: make(chan actors.Passed),
		entries: []supervision.Entry{
			{Kind: supervision.Link, Name: "link", State: messages.Online, Since: aDay},
			{Kind: supervision.Part, Name: "mapper", State: messages.Online, Since: aDay},
			{Kind: supervision.Device, Name: "boiler", Type: "modbus", State: messages.Offline, Since: aDay, Reason: "no answer", Failures: 3, Restarts: 4, Next: aDay.Add(time.Minute)},
			{Kind: supervision.Device, Name: "lamp", Type: "dummy", State: messages.Online, Since: aDay},
			{Kind: supervision.Device, Name: "lamp.child", Type: "dummy", State: messages.Connecting, Since: aDay, AddedBy: "lamp"},
		},
		infos: map[string]actors.DeviceInfo{"boiler": {}, "lamp": {Name: "lamp", Waiting: 2, Awaited: 1, Doing: messages.Handling}},
	}
}

func (g *gateway) Watch(ctx context.Context) iter.Seq[actors.Update] {
	return func(yield func(actors.Update) bool) {
		updates := make(chan actors.Update, 100)
		g.mu.Lock()
		whole := actors.Update{Whole: true, Entries: append([]supervision.Entry(nil), g.entries...)}
		g.updates = append(g.updates, updates)
		g.mu.Unlock()
		for ok := yield(whole); ok; {
			select {
			case u := <-updates:
				ok = yield(u)
			case <-ctx.Done():
				return
			}
		}
	}
}

// tell gives an update to all who watch.
func (g *gateway) tell(u actors.Update) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, to := range g.updates {
		select {
		case to <- u:
		default: // nobody watches any more
		}
	}
}

func (g *gateway) State() actors.State {
	return actors.State{Link: "connected", Online: 1, Opening: 1, Down: 1}
}

func (g *gateway) Alive(context.Context) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.dead
}

func (g *gateway) Device(name string) (actors.DeviceInfo, bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	d, ok := g.infos[name]
	return d, ok
}

func (g *gateway) Activity(name string) (actors.DeviceInfo, bool) {
	g.asked.Add(1)
	return g.Device(name)
}

func (g *gateway) Activities() iter.Seq[actors.DeviceInfo] {
	return func(yield func(actors.DeviceInfo) bool) {
		g.mu.Lock()
		all := maps.Clone(g.infos)
		g.mu.Unlock()
		for _, name := range slices.Sorted(maps.Keys(all)) {
			info := all[name]
			info.Name = name
			if !yield(info) {
				return
			}
		}
	}
}

func (g *gateway) work(device string, handled uint64, waiting int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	d := g.infos[device]
	d.Handled, d.Waiting = handled, waiting
	g.infos[device] = d
}

func (g *gateway) Inspect(name string) (actors.Inspection, bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, e := range g.entries {
		if e.Name == name && e.Kind == supervision.Device {
			i := g.inspections[name]
			i.DeviceInfo, i.Entry = g.infos[name], e
			return i, true
		}
	}
	return actors.Inspection{}, false
}

func (g *gateway) Loggers() logbook.Actors {
	return logbook.Actors{
		Parts:   []string{"supervisor", "mapper"},
		Exists:  func(name string) bool { _, ok := g.Inspect(name); return ok },
		Devices: func() []string { return []string{"boiler", "lamp"} },
	}
}

func (g *gateway) Address(name string) (messages.Address, bool) {
	i, ok := g.Inspect(name)
	return i.Address, ok
}

func (g *gateway) Traffic(ctx context.Context) iter.Seq[actors.Passed] {
	return func(yield func(actors.Passed) bool) {
		for {
			select {
			case p := <-g.passing:
				if !yield(p) {
					return
				}
			case <-ctx.Done():
				return
			}
		}
	}
}

func (g *gateway) Set(ctx context.Context, device string, values map[string]messages.Value) (actors.Answer, error) {
	if device != "lamp" {
		return actors.Answer{}, fmt.Errorf("%w: %q", actors.ErrNoDevice, device)
	}
	v, ok := values["relay"]
	if !ok {
		return actors.Answer{Outcome: messages.Rejected, Reason: "no such entity"}, nil
	}
	if text, _ := v.Text(); text == "late" {
		<-ctx.Done()
		return actors.Answer{Outcome: messages.Handled}, nil
	}
	if on, _ := v.Bool(); !on {
		<-ctx.Done()
		return actors.Answer{}, context.Cause(ctx)
	}
	return actors.Answer{Outcome: messages.Handled}, nil
}

func (g *gateway) Send(topic, payload string, qos byte, retain bool) (devices.Receipt, error) {
	switch topic {
	case "home/#":
		return nil, errors.New("no topic")
	case "home/early":
		return nil, actors.ErrNotRunning
	}
	g.note(fmt.Sprint("send ", topic, " ", payload, " ", qos, " ", retain))
	return nil, nil
}

func (g *gateway) Restart(device string) error { return g.order("restart", device) }
func (g *gateway) Stop(device string) error    { return g.order("stop", device) }
func (g *gateway) Start(device string) error   { return g.order("start", device) }

func (g *gateway) order(what, device string) error {
	if device != "lamp" {
		return actors.ErrNoDevice
	}
	g.note(what + " " + device)
	return nil
}

func (g *gateway) note(what string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.done = append(g.done, what)
}

// configuration plays the command.
type configuration struct {
	codec *mapping.Codec
	busy  bool // a reload does not end
}

func (c configuration) Codec() *mapping.Codec { return c.codec }
func (configuration) InForce() string         { return "gateway:\n  name: gw\n" }

func (c configuration) Do(ctx context.Context, r service.Request) service.Difference {
	switch {
	case r == service.Diff:
		return service.Difference{Added: []string{"new"}, Kept: 2}
	case c.busy:
		return service.NewRequests().Do(ctx, r)
	}
	return service.Difference{Faults: []string{"/etc/gw.yaml:3:5: devices[0].params.prt: no such option", "mqtt.broker: no host"}}
}

// start returns the API of a gateway, which lives until the test ends or stop is called.
func start(t *testing.T, g *gateway) (a *API, stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	file, _, err := mapping.Plain("home", []string{"home/+/+/+/+/+/C"})
	if err != nil {
		t.Fatal(err)
	}
	codec, err := mapping.New("gw", file)
	if err != nil {
		t.Fatal(err)
	}
	a = New(ctx, Options{Gateway: g, Configuration: configuration{codec: codec}, Name: "gw", Version: "v1", Broker: "tcp://b:1883", Started: aDay, Log: newLog()})
	stop = func() { cancel(); a.Wait() }
	t.Cleanup(stop)
	return a, stop
}

// get returns the answer to a request.
func get(t *testing.T, a *API, path string) (int, string) {
	t.Helper()
	return do(t, a, httptest.NewRequest(http.MethodGet, Prefix+path, nil))
}

func do(t *testing.T, a *API, r *http.Request) (int, string) {
	t.Helper()
	w := httptest.NewRecorder()
	a.Handler().ServeHTTP(w, r)
	if kind := w.Header().Get("Content-Type"); w.Code >= 400 && w.Code != http.StatusServiceUnavailable && kind != "application/problem+json" || w.Code < 300 && kind != "application/json" {
		t.Errorf("%s %s: %d as %s", r.Method, r.URL, w.Code, kind)
	}
	return w.Code, strings.TrimSpace(w.Body.String())
}

// client reads a stream.
type client struct {
	events chan got
	id     string // of the latest event that next has returned
	cancel context.CancelFunc
	status int
	stuck  chan struct{} // nil, or what a write waits for
	wrote  func()        // nil, or called with each write
	beats  atomic.Int64  // heartbeats that have come
	beat   string        // id of the latest; to be read once events is closed

	after time.Time // the deadline of writes
	begun string    // what has been written of an event
}

type got struct{ name, data, id string }

// listen begins to read events. headers are pairs.
func listen(t *testing.T, a *API, query string, headers ...string) *client {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	c := &client{events: make(chan got, 20_000), cancel: cancel}
	c.begin(a, query, ctx, headers...)
	return c
}

func (c *client) begin(a *API, query string, ctx context.Context, headers ...string) {
	r := httptest.NewRequestWithContext(ctx, http.MethodGet, Prefix+"events?"+query, nil)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	go func() { a.Handler().ServeHTTP(c, r); close(c.events) }()
}

func (c *client) Header() http.Header             { return http.Header{} }
func (c *client) WriteHeader(status int)          { c.status = status }
func (c *client) Flush()                          {}
func (c *client) SetReadDeadline(time.Time) error { return nil }
func (c *client) SetWriteDeadline(at time.Time) error {
	c.after = at
	return nil
}

func (c *client) Write(b []byte) (int, error) {
	if c.stuck != nil {
		select {
		case <-c.stuck:
		case <-time.After(time.Until(c.after)):
			return 0, errors.New("timeout")
		}
	}
	if c.wrote != nil {
		c.wrote()
	}
	c.begun += string(b)
	for {
		text, more, whole := strings.Cut(c.begun, "\n\n")
		if !whole {
			return len(b), nil
		}
		c.begun = more
		var e got
		for line := range strings.SplitSeq(text, "\n") {
			switch field, value, _ := strings.Cut(line, ": "); {
			case field == "id":
				e.id = value
			case field == "event":
				e.name = value
			case field == "data":
				e.data = value
			}
		}
		switch e.name {
		case "":
		case "here":
			c.beats.Add(1)
			c.beat = e.id
		default:
			c.events <- e
		}
	}
}

// next returns the next event.
func (c *client) next(t *testing.T) got {
	t.Helper()
	select {
	case e, ok := <-c.events:
		if !ok {
			t.Fatal("the stream has ended")
		}
		c.id = e.id
		return e
	case <-time.After(time.Minute):
		t.Fatal("no event")
		return got{}
	}
}

// object returns JSON as a map.
func object(t *testing.T, text string) (m map[string]any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &m); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return m
}
