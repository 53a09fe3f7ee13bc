// Package admin answers what people ask of a gateway over MQTT. What is asked arrives at root/$gateway/NAME/request/WHAT, as a JSON
// object; the answer goes to root/$gateway/NAME/response/WHAT, and repeats the object's id:
//
//	request/restart  {"id":7,"device":"lamp"}   →  response/restart  {"response":"OK","id":7}
//	request/stop     {"device":"lamp"}
//	request/start    {"device":"lamp"}
//	request/reload   {}                         →  with reload: what has changed
//	request/log      {"level":"debug"}              of console and file, until the next reload
//	request/health   {}                         →  with health
//	request/devices  {}, {"device":"lamp"}      →  with devices
//
// The response is OK, or REJECTED with a reason. Who may ask is the broker's to decide.
package admin

import (
	"bytes"
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

	"github.com/mqttgateway/mqttgateway/actors"
	"github.com/mqttgateway/mqttgateway/actors/supervision"
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
	Respond(what, payload string)
}

// Options are what answers are made of.
type Options struct {
	Gateway  Gateway
	Reload   func(context.Context) service.Difference
	Health   func(context.Context) service.Health
	SetLevel func(slog.Level) // of the log
	Log      *slog.Logger
}

// Admin takes what people ask, and answers one request after the other.
type Admin struct{ requests chan request }

type request struct{ what, payload string }

// The bounds of what people ask. A request that does not fit is not answered, but logged.
const (
	mostWaiting    = 64
	longestRequest = 16 << 10 // bytes
)

// New returns an Admin whose requests wait until Run.
func New() *Admin { return &Admin{requests: make(chan request, mostWaiting)} }

// Asked takes a request, and does not block. While too many wait, a further one is lost, and Asked returns false.
func (a *Admin) Asked(what, payload string) bool {
	if len(payload) > longestRequest {
		payload = payload[:longestRequest+1] // which Run refuses
	}
	select {
	case a.requests <- request{what, payload}:
		return true
	default:
		return false
	}
}

// Run answers requests until ctx is done.
func (a *Admin) Run(ctx context.Context, o Options) {
	for {
		select {
		case r := <-a.requests:
			answer := o.answer(ctx, r)
			text, err := json.Marshal(answer)
			if err != nil {
				panic(err) // impossible: an answer consists of texts, numbers, and JSON that has been read
			}
			o.Log.Info("a person asks over MQTT", "request", r.what, "payload", r.payload, "response", answer.Response, "reason", answer.Reason)
			o.Gateway.Respond(r.what, string(text))
		case <-ctx.Done():
			return
		}
	}
}

// answer is what a response carries.
type answer struct {
	Response string              `json:"response"`
	Reason   string              `json:"reason,omitempty"`
	ID       json.RawMessage     `json:"id,omitempty"`
	Reload   *service.Difference `json:"reload,omitempty"`
	Health   *service.Health     `json:"health,omitempty"`
	Devices  []device            `json:"devices,omitempty"`
}

// device is how a device is.
type device struct {
	Name   string    `json:"name"`
	State  string    `json:"state"`
	Since  time.Time `json:"since"`
	Reason string    `json:"reason,omitempty"`
}

// asked are the arguments of a request.
type asked struct{ device, level string }

// action is one thing that people may ask for.
type action struct {
	needs, takes []string // arguments that it must have, and those that it may have
	do           func(context.Context, Options, asked, *answer) error
}

var actions = map[string]action{
	"stop":    ofDevice(Gateway.Stop),
	"start":   ofDevice(Gateway.Start),
	"restart": ofDevice(Gateway.Restart),
	"reload": {do: func(ctx context.Context, o Options, _ asked, a *answer) error {
		d := o.Reload(ctx)
		if len(d.Faults) > 0 {
			return errors.New(strings.Join(d.Faults, "; "))
		}
		a.Reload = &d
		return nil
	}},
	"log": {needs: []string{"level"}, do: func(_ context.Context, o Options, q asked, _ *answer) error {
		level, ok := levels[q.level]
		if !ok {
			return fmt.Errorf("level %.40q: want one of %q", q.level, slices.Sorted(maps.Keys(levels)))
		}
		o.SetLevel(level)
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
		return nil
	}},
}

var levels = map[string]slog.Level{"debug": slog.LevelDebug, "info": slog.LevelInfo, "warn": slog.LevelWarn, "error": slog.LevelError}

func ofDevice(order func(Gateway, string) error) action {
	return action{needs: []string{"device"}, do: func(_ context.Context, o Options, q asked, _ *answer) error { return order(o.Gateway, q.device) }}
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
	act, known := actions[r.what]
	q, err := a.read(r.payload, act)
	if !known {
		err = fmt.Errorf("want one of %q", slices.Sorted(maps.Keys(actions)))
	}
	if err == nil {
		err = act.do(ctx, o, q, &a)
	}
	if err != nil {
		a.Response, a.Reason = messages.Rejected.String(), options.Redact(err.Error())
	}
	return a
}

// read reads the arguments of a request strictly.
func (a *answer) read(payload string, act action) (q asked, err error) {
	if len(payload) > longestRequest {
		return q, fmt.Errorf("more than %d bytes", longestRequest)
	}
	var all map[string]json.RawMessage
	d := json.NewDecoder(bytes.NewReader([]byte(payload)))
	if err := d.Decode(&all); err != nil || all == nil {
		return q, errors.New(`want a JSON object, such as {"device":"lamp"}`)
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
		to := map[string]*string{"device": &q.device, "level": &q.level}[key]
		switch {
		case !slices.Contains(act.needs, key) && !slices.Contains(act.takes, key):
			faults = append(faults, fmt.Errorf("%.40s: unknown", key))
		case json.Unmarshal(all[key], to) != nil || *to == "":
			faults = append(faults, fmt.Errorf("%s: want a text", key))
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
