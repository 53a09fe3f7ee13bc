package page

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mqttgateway/mqttgateway/internal/browser"
	"github.com/mqttgateway/mqttgateway/internal/web"
)

// entry is an entry of the record as the API has it.
type entry map[string]any

// fleet is a simulated gateway: it speaks the API, and does what a test says.
type fleet struct {
	*httptest.Server
	mux     http.Handler
	started time.Time
	away    atomic.Bool
	full    atomic.Bool                  // nobody else may listen
	asked   atomic.Int64                 // requests, answered or not
	guard   atomic.Pointer[http.Handler] // before everything

	mu      sync.Mutex
	entries map[string]entry // by kind and name
	link    entry
	strip   []map[string]any
	details map[string]map[string]any // of devices, beside their entries
	refusal string                    // why nothing can be set; "": it can
	set     []string                  // what has been set: DEVICE BODY
	ordered []string                  // restart lamp
	sent    []map[string]any          // messages
	faults  []map[string]any          // of the next reload
	config  string                    // in force
	levels  map[string]any
	lines   []map[string]any       // of the log
	hearers map[chan string]string // what they listen for: KIND,KIND,FILTER, of which the filter is a text
	nextID  int
	version string
}

// newFleet starts a gateway whose link is online. It ends with the test.
func newFleet(t testing.TB) *fleet {
	now := time.Now()
	f := &fleet{
		started: now.Add(-26 * time.Hour), entries: make(map[string]entry), details: make(map[string]map[string]any), hearers: make(map[chan string]string),
		levels: map[string]any{"default": "info", "actors": map[string]any{}}, version: "1.0",
		config: "mqtt:\n  broker: tcp://broker.lan:1883\n  password: \"******\"\n",
	}
	for _, part := range []string{"connection", "mapper", "devices"} {
		f.entries["part:"+part] = entry{"kind": "part", "name": part, "state": "online", "since": stamp(f.started)}
	}
	f.link = entry{"kind": "link", "name": "link", "state": "online", "since": stamp(now.Add(-3 * time.Hour))}
	f.strip = []map[string]any{
		{"at": stamp(f.started), "state": "connecting"},
		{"at": stamp(f.started.Add(time.Second)), "state": "online"},
		{"at": stamp(now.Add(-9 * time.Hour)), "state": "offline", "reason": "connection reset by peer"},
		{"at": stamp(now.Add(-9*time.Hour + 42*time.Minute)), "state": "online"},
		{"at": stamp(now.Add(-3*time.Hour - 4*time.Second)), "state": "offline", "reason": "EOF"},
		{"at": stamp(now.Add(-3 * time.Hour)), "state": "online"},
	}
	mux := http.NewServeMux()
	mux.Handle("/", Handler(web.Refuse))
	f.routes(mux)
	f.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f.asked.Add(1)
		if f.away.Load() {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		(*f.guard.Load()).ServeHTTP(w, r)
	}))
	f.mux = mux
	f.guardBy(web.Guard{})
	t.Cleanup(func() {
		f.CloseClientConnections()
		f.Close()
	})
	return f
}

// guardBy has another guard decide who may ask for what. Those who listen have to ask again.
func (f *fleet) guardBy(g web.Guard) {
	h := g.Handler(f.mux)
	f.guard.Store(&h)
	f.CloseClientConnections()
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z07:00") }

// add adds a device.
func (f *fleet) add(name, typ, state string, more entry) {
	f.mu.Lock()
	defer f.mu.Unlock()
	e := entry{"kind": "device", "name": name, "type": typ, "state": state, "since": stamp(time.Now().Add(-20 * time.Minute))}
	maps.Copy(e, more)
	f.entries["device:"+name] = e
}

// goAway cuts all connections, and takes no new ones; or comes back.
func (f *fleet) goAway(away bool) {
	if f.away.Store(away); away {
		f.CloseClientConnections()
	}
}

// change changes the entry of a device, and tells of it.
func (f *fleet) change(name string, changes entry) {
	f.mu.Lock()
	defer f.mu.Unlock()
	e := maps.Clone(f.entries["device:"+name])
	maps.Copy(e, changes)
	f.entries["device:"+name] = e
	f.tell("record", "change", e)
}

// remove removes a device, and tells of it.
func (f *fleet) remove(name string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.entries, "device:"+name)
	f.tell("record", "change", entry{"kind": "device", "name": name, "removed": true})
}

// broker changes the link, and tells of it.
func (f *fleet) broker(state, reason string) { f.brokerSince(time.Now(), state, reason) }

// brokerSince changes the link, and tells only now of what is so since a time.
func (f *fleet) brokerSince(at time.Time, state, reason string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := stamp(at)
	f.link = entry{"kind": "link", "name": "link", "state": state, "since": now, "reason": reason}
	if state != "online" {
		f.link["next"] = stamp(at.Add(8 * time.Second))
	}
	f.strip = append(f.strip, map[string]any{"at": now, "state": state, "reason": reason})
	f.tell("record", "change", f.link)
}

// tellLink tells of the link as it is, and of something more.
func (f *fleet) tellLink(more entry) {
	f.mu.Lock()
	defer f.mu.Unlock()
	e := maps.Clone(f.link)
	maps.Copy(e, more)
	f.tell("record", "change", e)
}

// describe says what is known of a device beside its entry.
func (f *fleet) describe(name string, details map[string]any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.details[name] = details
}

// say tells an event to those who listen for its kind.
func (f *fleet) say(kind, name string, data any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.tell(kind, name, data)
}

func (f *fleet) tell(kind, name string, data any) {
	f.nextID++
	text, _ := json.Marshal(data)
	for hearer, wants := range f.hearers {
		kinds := strings.Split(wants, ",")
		filter := kinds[len(kinds)-1]
		if slices.Contains(kinds[:len(kinds)-1], kind) && strings.Contains(strings.ToLower(string(text)), strings.ToLower(filter)) {
			select {
			case hearer <- fmt.Sprintf("id: %d\nevent: %s\ndata: %s\n\n", f.nextID, name, text):
			default: // a slow one; the real gateway tells it how many it has missed
			}
		}
	}
}

// heard reports whether somebody listens for a kind of events. The caller holds mu.
func (f *fleet) heard(kind string) bool {
	for kinds := range maps.Values(f.hearers) {
		if strings.Contains(kinds, kind) {
			return true
		}
	}
	return false
}

func (f *fleet) tree() map[string]any {
	f.mu.Lock()
	defer f.mu.Unlock()
	link := maps.Clone(f.link)
	link["broker"], link["strip"] = "tcp://broker.lan:1883", slices.Clone(f.strip)
	entries := []entry{}
	for _, key := range slices.Sorted(maps.Keys(f.entries)) {
		entries = append(entries, f.entries[key])
	}
	return map[string]any{
		"gateway": map[string]any{"name": "house", "version": f.version, "started": stamp(f.started), "now": stamp(time.Now())},
		"link":    link, "entries": entries,
	}
}

func (f *fleet) routes(mux *http.ServeMux) {
	get := func(path string, answer func(r *http.Request) (int, any)) {
		mux.HandleFunc("GET /api/v1/"+path, func(w http.ResponseWriter, r *http.Request) {
			status, value := answer(r)
			reply(w, status, value)
		})
	}
	post := func(path string, answer func(r *http.Request, body map[string]any) (int, any)) {
		mux.HandleFunc("POST /api/v1/"+path, func(w http.ResponseWriter, r *http.Request) {
			var body map[string]any
			if err := json.NewDecoder(r.Body).Decode(&body); err != nil || r.Header.Get("Mqttgateway-Request") != "1" {
				reply(w, http.StatusForbidden, problem("want the header Mqttgateway-Request: 1"))
				return
			}
			f.mu.Lock()
			defer f.mu.Unlock()
			status, value := answer(r, body)
			reply(w, status, value)
		})
	}
	difference := map[string]any{"changed": []map[string]any{{"device": "boiler", "options": []string{"params.every"}}}, "restart": []string{"gateway.name"}, "kept": 7}
	mux.HandleFunc("GET /api/v1/events", f.events)
	get("tree", func(*http.Request) (int, any) { return http.StatusOK, f.tree() })
	get("session", func(r *http.Request) (int, any) {
		v := web.VisitorOf(r)
		return http.StatusOK, map[string]any{"user": v.Name, "sign_out": v.Session, "read_only": v.ReadOnly}
	})
	get("devices/{name}", func(r *http.Request) (int, any) {
		f.mu.Lock()
		defer f.mu.Unlock()
		e, ok := f.entries["device:"+r.PathValue("name")]
		if !ok {
			return http.StatusNotFound, problem("there is no device of that name")
		}
		whole := maps.Clone(e)
		maps.Copy(whole, f.details[r.PathValue("name")])
		return http.StatusOK, json.RawMessage(text(whole)) // others may change it
	})
	post("devices/{name}/set", func(r *http.Request, body map[string]any) (int, any) {
		if f.refusal != "" {
			p := problem(f.refusal)
			p["response"] = "REJECTED"
			return http.StatusConflict, p
		}
		f.set = append(f.set, r.PathValue("name")+" "+text(body))
		values, _ := f.details[r.PathValue("name")]["values"].([]map[string]any)
		for _, v := range values {
			if to, ok := body[v["id"].(string)]; ok {
				v["value"], v["at"] = to, stamp(time.Now())
			}
		}
		return http.StatusOK, map[string]any{"response": "OK", "reason": ""}
	})
	post("messages", func(_ *http.Request, body map[string]any) (int, any) {
		if strings.Contains(body["topic"].(string), "$gateway") {
			return http.StatusBadRequest, problem("the topic is the gateway's own")
		}
		f.sent = append(f.sent, body)
		return http.StatusAccepted, map[string]any{}
	})
	get("topics", func(r *http.Request) (int, any) {
		topics := []string{}
		for _, t := range []string{"home/lighting/house/kitchen/lamp/me/C", "home/heating/house/cellar/boiler/me/C"} {
			if strings.HasPrefix(t, r.URL.Query().Get("prefix")) {
				topics = append(topics, t)
			}
		}
		return http.StatusOK, topics
	})
	get("explain", func(r *http.Request) (int, any) {
		return http.StatusOK, map[string]any{
			"topic": r.URL.Query().Get("topic"), "payload": r.URL.Query().Get("payload"), "subscription": "home/+/house/#",
			"steps": []map[string]any{
				{"of": "function", "wire": "lighting", "word": "Lighting", "rule": "mapped", "maptype": "strict"},
				{"of": "argvalue", "key": "level", "wire": "max", "rule": "refused", "maptype": "strict", "fault": "no such keyword"},
			},
			"refused": []string{`argvalue of "level": "max" is not in the map`},
			"devices": []map[string]any{{"device": "boiler", "found": false, "why": `location is "kitchen", and it answers to "cellar"`}, {"device": "gate", "found": true, "why": "answers to all that the message sets"}},
		}
	})
	get("log", func(*http.Request) (int, any) {
		f.mu.Lock()
		defer f.mu.Unlock()
		return http.StatusOK, map[string]any{"lines": append([]map[string]any{}, f.lines...)}
	})
	get("log/levels", func(*http.Request) (int, any) {
		f.mu.Lock()
		defer f.mu.Unlock()
		return http.StatusOK, maps.Clone(f.levels)
	})
	post("log/levels", func(_ *http.Request, body map[string]any) (int, any) {
		maps.Copy(f.levels, body) // what is left out stays
		return http.StatusOK, maps.Clone(f.levels)
	})
	get("config", func(*http.Request) (int, any) {
		f.mu.Lock()
		defer f.mu.Unlock()
		return http.StatusOK, f.config
	})
	get("diff", func(*http.Request) (int, any) { return http.StatusOK, difference })
	post("reload", func(*http.Request, map[string]any) (int, any) {
		if len(f.faults) > 0 {
			p := problem("the configuration has 2 faults, and nothing has changed")
			p["faults"] = f.faults
			return http.StatusUnprocessableEntity, p
		}
		return http.StatusOK, difference
	})
	for _, what := range []string{"restart", "stop", "start"} {
		post("devices/{name}/"+what, func(r *http.Request, _ map[string]any) (int, any) {
			f.ordered = append(f.ordered, what+" "+r.PathValue("name"))
			return http.StatusAccepted, map[string]any{}
		})
	}
}

// events is the stream of events.
func (f *fleet) events(w http.ResponseWriter, r *http.Request) {
	if f.full.Load() {
		reply(w, http.StatusServiceUnavailable, problem("too many readers of events at once"))
		return
	}
	kinds := r.URL.Query().Get("kinds")
	hearer := make(chan string, 20000)
	whole, _ := json.Marshal(f.tree())
	f.mu.Lock()
	f.hearers[hearer] = kinds + "," + r.URL.Query().Get("filter")
	f.mu.Unlock()
	defer func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		delete(f.hearers, hearer)
	}()
	w.Header().Set("Content-Type", "text/event-stream")
	fmt.Fprint(w, "retry: 200\n\n")
	if strings.Contains(kinds, "record") {
		fmt.Fprintf(w, "event: snapshot\ndata: %s\n\n", whole)
	} else if r.Header.Get("Last-Event-ID") != "" { // it has kept nothing
		fmt.Fprintf(w, "event: missed\ndata: {\"kind\": %q}\n\n", kinds)
	}
	for {
		if len(hearer) == 0 {
			w.(http.Flusher).Flush()
		}
		select {
		case event := <-hearer:
			fmt.Fprint(w, event)
		case <-r.Context().Done():
			return
		}
	}
}

// wait waits until what the page has done arrives.
func (f *fleet) wait(t testing.TB, what string, arrived func() bool) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(browser.Patience); time.Now().Before(deadline); <-tick.C {
		f.mu.Lock()
		ok := arrived()
		f.mu.Unlock()
		if ok {
			return
		}
	}
	t.Fatalf("did not arrive within %v: %s", browser.Patience, what)
}

func reply(w http.ResponseWriter, status int, value any) {
	kind := "application/json"
	if status >= 400 {
		kind = "application/problem+json"
	}
	if s, ok := value.(string); ok {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		fmt.Fprint(w, s)
		return
	}
	w.Header().Set("Content-Type", kind)
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(value)
}

func problem(detail string) map[string]any {
	return map[string]any{"title": "refused", "detail": detail}
}

func text(value any) string {
	b, _ := json.Marshal(value)
	return string(b)
}
