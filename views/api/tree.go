package api

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/mqttgateway/mqttgateway/actors/supervision"
	"github.com/mqttgateway/mqttgateway/internal/rest"
	"github.com/mqttgateway/mqttgateway/internal/web"
	"github.com/mqttgateway/mqttgateway/messages"
)

// Tree is how everything is at one moment.
type Tree struct {
	Gateway About   `json:"gateway"`
	Link    Link    `json:"link"`
	Entries []Entry `json:"entries"` // parts and devices, ordered by kind and name
	Counts  Counts  `json:"counts"`  // of devices
}

// About is the gateway itself.
type About struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	Started Stamp  `json:"started"`
	Now     Stamp  `json:"now"`
}

// Link is the link with the broker.
type Link struct {
	Entry
	Broker string   `json:"broker"`
	Strip  []Change `json:"strip,omitempty"` // its changes within the last day, the oldest first, behind the state with which the day began
}

// Change is a change of the link.
type Change struct {
	At     Stamp  `json:"at"`
	State  string `json:"state"`
	Reason string `json:"reason,omitempty"`
}

// Counts are numbers of devices. Each device is in one of the three.
type Counts struct {
	Online  int `json:"online"`
	Opening int `json:"opening"`
	Down    int `json:"down"`
}

// Entry is an entry of the record, with what a device does now. What is empty is left out.
type Entry struct {
	Kind     string `json:"kind"` // link, part or device
	Name     string `json:"name"`
	State    string `json:"state"`
	Since    Stamp  `json:"since,omitzero"`
	Reason   string `json:"reason,omitempty"`
	Failures int    `json:"failures,omitempty"`
	Restarts int    `json:"restarts,omitempty"`
	Next     Stamp  `json:"next,omitzero"`
	Type     string `json:"type,omitempty"`
	AddedBy  string `json:"added_by,omitempty"`

	Unanswered Stamp `json:"unanswered,omitzero"` // since when the broker has left something unanswered on a link that is up

	Queue int     `json:"queue,omitempty"` // messages in the mailbox
	Rate  float64 `json:"rate,omitempty"`  // messages a second, in and out
	Doing string  `json:"doing,omitempty"` // the call of the device's code that is under way
}

// entry returns an entry as the API shows it.
func (a *API) entry(e supervision.Entry) Entry {
	e = e.ByClock(time.Now()) // the clock may have been set since the record told
	shown := Entry{
		Kind: e.Kind.String(), Name: e.Name, State: e.State.String(), Since: Stamp(e.Since), Reason: e.Reason,
		Failures: e.Failures, Restarts: e.Restarts, Next: Stamp(e.Next), Type: e.Type, AddedBy: e.AddedBy, Unanswered: Stamp(e.Unanswered),
	}
	if e.Kind == supervision.Device {
		if d, ok := a.Gateway.Activity(e.Name); ok {
			shown.Queue, shown.Doing = d.Waiting+d.Awaited, string(d.Doing)
		}
		shown.Rate = a.rate(e.Name)
	}
	return shown
}

// rate returns how many messages a second a device has: in the last second while somebody reads events, else in the last five.
func (a *API) rate(device string) float64 {
	rate, known := a.events.rates.of(device)
	if !known && a.History != nil {
		return a.History.Rate(device)
	}
	return rate
}

// strip returns the changes of the link within the last day.
func (a *API) strip() (changes []Change) {
	if a.History == nil {
		return nil
	}
	for _, c := range a.History.Strip() {
		changes = append(changes, Change{Stamp(c.At), c.State.String(), c.Reason})
	}
	return changes
}

// grow returns the tree of a whole record as JSON, but for the gateway itself, which stands before: see beginTree. grow rests meanwhile.
func (a *API) grow(record []supervision.Entry, pause *rest.Rest) []byte {
	e := newEncoder()
	e.text.Grow(200 * len(record))
	if len(record) > 0 && record[0].Kind == supervision.Link {
		e.text.WriteString(`"link":`)
		e.write(Link{a.entry(record[0]), a.Broker, a.strip()})
		e.text.WriteByte(',')
		record = record[1:]
	}
	var counts Counts
	e.text.WriteString(`"entries":[`)
	a.list(e, record, pause)
	for i := range record {
		if record[i].Kind == supervision.Device {
			counts.add(record[i].State)
		}
	}
	e.text.WriteString(`],"counts":`)
	e.write(counts)
	e.text.WriteByte('}')
	return e.text.Bytes()
}

// beginTree returns what of a Tree stands before that which grow returns: the gateway itself.
func beginTree(gateway About) []byte {
	e := newEncoder()
	e.text.WriteString(`{"gateway":`)
	e.write(gateway)
	e.text.WriteByte(',')
	return e.text.Bytes()
}

// about returns what is known of the gateway itself.
func (a *API) about() About {
	now := time.Now()
	return About{Name: a.Name, Version: a.Version, Started: Stamp(supervision.ByClock(a.Started, now)), Now: Stamp(now)}
}

func (c *Counts) add(s messages.State) {
	switch s {
	case messages.Online:
		c.Online++
	case messages.Connecting:
		c.Opening++
	case messages.Offline, messages.Stuck, messages.Misconfigured, messages.Stopped:
		c.Down++
	}
}

// record returns the whole record.
func (a *API) record(ctx context.Context) (all []supervision.Entry) {
	for u := range a.Gateway.Watch(ctx) { // the first update is whole
		return u.Entries
	}
	return nil
}

func (a *API) tree(w http.ResponseWriter, r *http.Request) {
	pause := rest.Begin()
	defer pause.End()
	grown := a.grow(a.record(r.Context()), pause)
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(beginTree(a.about())) // an error means that the client has gone
	_, _ = w.Write(grown)
}

// devices answers with the devices that a state, a type and a part of their names select.
func (a *API) devices(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	state, kind, name := q.Get("state"), q.Get("type"), strings.ToLower(q.Get("name"))
	found := slices.DeleteFunc(a.record(r.Context()), func(e supervision.Entry) bool {
		return e.Kind != supervision.Device || state != "" && e.State.String() != state || kind != "" && e.Type != kind ||
			!strings.Contains(strings.ToLower(e.Name), name)
	})
	list := newEncoder()
	list.text.WriteByte('[')
	pause := rest.Begin()
	a.list(list, found, pause)
	pause.End()
	list.text.WriteString("]\n")
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(list.text.Bytes()) // an error means that the client has gone
}

// list writes entries with commas between them. It rests meanwhile.
func (a *API) list(to *encoder, entries []supervision.Entry, pause *rest.Rest) {
	for i, e := range entries {
		pause.Due()
		if i > 0 {
			to.text.WriteByte(',')
		}
		to.write(a.entry(e))
	}
}

// Health says whether the gateway's actors answer, and how everything is in numbers.
type Health struct {
	OK     bool   `json:"ok"`
	Status string `json:"status,omitempty"` // what is wrong
	Link   string `json:"link"`
	Counts Counts `json:"devices"`
}

// healthPatience is how long the actors may take to answer.
const healthPatience = time.Second

func (a *API) examine(ctx context.Context) Health {
	ctx, cancel := context.WithTimeout(ctx, healthPatience)
	defer cancel()
	s := a.Gateway.State()
	h := Health{OK: true, Link: s.Link, Counts: Counts{s.Online, s.Opening, s.Down}}
	if err := a.Gateway.Alive(ctx); err != nil {
		h.OK, h.Status = false, err.Error()
	}
	return h
}

func (a *API) health(w http.ResponseWriter, r *http.Request) {
	h := a.examine(r.Context())
	status := http.StatusOK
	if !h.OK {
		status = http.StatusServiceUnavailable
	}
	answer(w, status, h)
}

// Live answers 200 while the gateway's actors answer, whatever link and devices do: a restart would mend neither.
func (a *API) Live(w http.ResponseWriter, r *http.Request) {
	if h := a.examine(r.Context()); !h.OK {
		web.Refuse(w, http.StatusServiceUnavailable, "the gateway does not answer")
		return
	}
	_, _ = w.Write([]byte("live\n"))
}

// Ready answers 200 while the gateway is live and has its link with the broker.
func (a *API) Ready(w http.ResponseWriter, r *http.Request) {
	switch h := a.examine(r.Context()); {
	case !h.OK:
		web.Refuse(w, http.StatusServiceUnavailable, "the gateway does not answer")
		return
	case h.Link != "connected":
		web.Refuse(w, http.StatusServiceUnavailable, "link "+h.Link)
		return
	}
	_, _ = w.Write([]byte("ready\n"))
}
