// Package admin answers what people ask of a gateway over MQTT. What is asked arrives at root/$gateway/NAME/request/WHAT, as a JSON
// object; the answer goes to root/$gateway/NAME/response/WHAT, and repeats the object's id:
//
//	request/restart  {"id":7,"device":"lamp"}   →  response/restart  {"response":"OK","id":7}
//	request/stop     {"device":"lamp"}
//	request/start    {"device":"lamp"}
//	request/reload   {}                         →  with reload: what has changed
//	request/log      {"default":"debug","actors":{"lamp":"warn"}}
//	                                            →  with log: the levels in force; a default that is left out stays, and so
//	                                               do the actors' levels if there are no actors at all
//	request/health   {}                         →  with health
//	request/devices  {}, {"device":"lamp"}      →  with devices
//
// The response is OK, or REJECTED with a reason. Who may ask is the broker's to decide.
//
// One request after the other is answered, while up to 256 wait. Of more, each is lost without an answer; the log tells of that once,
// and of those that are rejected, and then how many more there were. It has a line for each order that is carried out. What only asks
// is there at level debug.
package admin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/mqttgateway/mqttgateway/actors"
	"github.com/mqttgateway/mqttgateway/actors/supervision"
	"github.com/mqttgateway/mqttgateway/internal/complaints"
	"github.com/mqttgateway/mqttgateway/internal/logbook"
	"github.com/mqttgateway/mqttgateway/internal/options"
	"github.com/mqttgateway/mqttgateway/internal/service"
	"github.com/mqttgateway/mqttgateway/messages"
)

// Gateway is the part of actors.Gateway that people ask.
type Gateway interface {
	Stop(device string) error
	Start(device string) error
	Restart(device string) error
	Watch(context.Context) iter.Seq[actors.Update]
	Loggers() logbook.Actors
	Respond(what, payload string)
}

// Options are what answers are made of.
type Options struct {
	Gateway Gateway
	Reload  func(context.Context) service.Difference
	Health  func(context.Context) service.Health
	Levels  logbook.Log // whose levels are asked for and set
}

// Admin takes what people ask, and answers one request after the other.
type Admin struct {
	requests chan request
	log      *slog.Logger
	refused  *complaints.Complaints
}

type request struct{ what, payload string }

// The bounds of what people ask.
const (
	mostWaiting    = 256
	longestWhat    = 64       // bytes; what is longer is not answered
	longestRequest = 16 << 10 // bytes
	mostDevices    = 10_000   // in one answer
)

// New returns an Admin whose requests wait until Run.
func New(log *slog.Logger) *Admin {
	return &Admin{requests: make(chan request, mostWaiting), log: log, refused: complaints.New(log)}
}

// Asked takes a request, and does not block. While too many wait, a further one is lost.
func (a *Admin) Asked(what, payload string) {
	if len(what) > longestWhat {
		a.refused.Note("request over MQTT refused", "err", fmt.Sprintf("%.64q…: want one of %q", what, whats))
		return
	}
	if len(payload) > longestRequest {
		payload = payload[:longestRequest+1] // which Run refuses
	}
	select {
	case a.requests <- request{strings.Clone(what), strings.Clone(payload)}: // they share their memory with a packet
	default:
		a.refused.Note("request over MQTT lost, too many wait", "request", what)
	}
}

// Run answers requests until ctx is done.
func (a *Admin) Run(ctx context.Context, o Options) {
	defer a.refused.Close()
	for {
		select {
		case r := <-a.requests:
			answer := o.answer(ctx, r)
			text, err := json.Marshal(answer)
			if err != nil {
				panic(err) // impossible: an answer consists of texts, numbers, and JSON that has been read
			}
			a.tell(ctx, r, answer)
			o.Gateway.Respond(r.what, string(text))
		case <-ctx.Done():
			return
		}
	}
}

// tell logs a request.
func (a *Admin) tell(ctx context.Context, r request, with answer) {
	switch {
	case with.Reason != "" && !with.told:
		a.refused.Note("request over MQTT rejected", "request", r.what, "payload", r.payload, "err", with.Reason)
	case actions[r.what].orders:
		a.log.Info("a person orders over MQTT", "request", r.what, "payload", r.payload)
	default:
		a.log.Log(ctx, slog.LevelDebug, "a person asks over MQTT", "request", r.what, "payload", r.payload)
	}
}

// answer is what a response carries.
type answer struct {
	Response string              `json:"response"`
	Reason   string              `json:"reason,omitempty"`
	ID       json.RawMessage     `json:"id,omitempty"`
	Reload   *service.Difference `json:"reload,omitempty"`
	Log      *logbook.Levels     `json:"log,omitempty"`
	Health   *service.Health     `json:"health,omitempty"`
	Devices  []device            `json:"devices,omitempty"`
	More     int                 `json:"more,omitempty"` // devices that have no room in the answer

	told bool // whoever has tried to carry out the request has logged the Reason
}

// device is how a device is.
type device struct {
	Name   string    `json:"name"`
	State  string    `json:"state"`
	Since  time.Time `json:"since"`
	Reason string    `json:"reason,omitempty"`
}

// asked are the arguments of a request.
type asked struct {
	device string
	levels logbook.Levels
}

// argument is one argument of requests.
type argument struct {
	want string           // what it must be
	in   func(*asked) any // where it is decoded to
}

var arguments = map[string]argument{
	"device":  {"a text", func(q *asked) any { return &q.device }},
	"default": {"a text", func(q *asked) any { return &q.levels.Default }},
	"actors":  {"an object with a level for each actor", func(q *asked) any { return &q.levels.Actors }},
}

// saysNothing reports whether a JSON value stands for what has been left out.
func saysNothing(v json.RawMessage) bool { return string(v) == "null" || string(v) == `""` }

// action is one thing that people may ask for.
type action struct {
	needs, takes []string // arguments that it must have, and those that it may have
	orders       bool     // something is to change
	tells        bool     // whoever does it logs why it failed
	do           func(context.Context, Options, asked, *answer) error
}

var actions = map[string]action{
	"stop":    ofDevice(Gateway.Stop),
	"start":   ofDevice(Gateway.Start),
	"restart": ofDevice(Gateway.Restart),
	"reload": {orders: true, tells: true, do: func(ctx context.Context, o Options, _ asked, a *answer) error {
		d := o.Reload(ctx)
		if len(d.Faults) > 0 {
			return errors.New(strings.Join(d.Faults, "; "))
		}
		a.Reload = &d
		return nil
	}},
	"log": {takes: []string{"default", "actors"}, orders: true, do: func(_ context.Context, o Options, q asked, a *answer) error {
		if err := q.levels.Change(o.Levels, o.Gateway.Loggers()); err != nil {
			return err
		}
		now := logbook.LevelsOf(o.Levels)
		a.Log = &now
		return nil
	}},
	"health": {do: func(ctx context.Context, o Options, _ asked, a *answer) error {
		h := o.Health(ctx)
		a.Health = &h
		return nil
	}},
	"devices": {takes: []string{"device"}, do: func(ctx context.Context, o Options, q asked, a *answer) error {
		a.Devices = devicesOf(ctx, o.Gateway, q.device)
		if q.device != "" && len(a.Devices) == 0 {
			return fmt.Errorf("%w: %.120q", actors.ErrNoDevice, q.device)
		}
		if more := len(a.Devices) - mostDevices; more > 0 {
			a.Devices, a.More = a.Devices[:mostDevices], more
		}
		return nil
	}},
}

var whats = slices.Sorted(maps.Keys(actions))

// Check returns what a request is rejected for before anything is done.
func Check(what, payload string) error {
	_, err := new(answer).read(request{what, payload})
	return err
}

func ofDevice(order func(Gateway, string) error) action {
	return action{needs: []string{"device"}, orders: true, do: func(_ context.Context, o Options, q asked, _ *answer) error { return order(o.Gateway, q.device) }}
}

// devicesOf returns how the devices are: all of them, or the one of a name.
func devicesOf(ctx context.Context, g Gateway, name string) (list []device) {
	for u := range g.Watch(ctx) {
		for _, e := range u.Entries {
			if e.Kind == supervision.Device && (name == "" || e.Name == name) {
				list = append(list, device{e.Name, e.State.String(), e.Since.Round(time.Millisecond), e.Reason})
			}
		}
		break
	}
	return list
}

func (o Options) answer(ctx context.Context, r request) answer {
	a := answer{Response: messages.Handled.String()}
	q, err := a.read(r)
	if err == nil {
		a.told = actions[r.what].tells
		err = actions[r.what].do(ctx, o, q, &a)
	}
	if err != nil {
		a.Response, a.Reason = messages.Rejected.String(), options.Redact(err.Error())
	}
	return a
}

// read reads a request strictly, and takes over its id.
func (a *answer) read(r request) (q asked, err error) {
	act, known := actions[r.what]
	if !known {
		defer func() { err = fmt.Errorf("%q: want one of %q", r.what, whats) }() // whatever the payload is
	}
	if len(r.payload) > longestRequest {
		return q, fmt.Errorf("more than %d bytes", longestRequest)
	}
	if !utf8.ValidString(r.payload) {
		return q, errors.New("bytes that are no UTF-8")
	}
	var all map[string]json.RawMessage
	d := json.NewDecoder(strings.NewReader(r.payload))
	if err := d.Decode(&all); err != nil || all == nil {
		return q, errors.New(`want a JSON object, such as {} or {"device":"lamp"}`)
	}
	a.ID = all["id"]
	delete(all, "id")
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return q, errors.New("want nothing behind the JSON object")
	}
	var faults []error
	for _, key := range act.needs {
		if _, ok := all[key]; !ok {
			faults = append(faults, fmt.Errorf("%s: missing", key))
		}
	}
	for _, key := range slices.Sorted(maps.Keys(all)) {
		argument := arguments[key]
		switch {
		case !slices.Contains(act.needs, key) && !slices.Contains(act.takes, key):
			faults = append(faults, fmt.Errorf("%.40q: unknown", key))
		case saysNothing(all[key]) || json.Unmarshal(all[key], argument.in(&q)) != nil:
			faults = append(faults, fmt.Errorf("%s: want %s", key, argument.want))
		}
	}
	texts := make([]string, len(faults))
	for i, err := range faults {
		texts[i] = err.Error()
	}
	if len(texts) > 0 {
		return q, errors.New(strings.Join(texts, "; "))
	}
	return q, nil
}
