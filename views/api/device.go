package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/mqttgateway/mqttgateway/actors"
	"github.com/mqttgateway/mqttgateway/entity"
	"github.com/mqttgateway/mqttgateway/internal/options"
	"github.com/mqttgateway/mqttgateway/internal/web"
	"github.com/mqttgateway/mqttgateway/messages"
	"github.com/mqttgateway/mqttgateway/views/history"
)

// Device is all that can be shown of one device. What is empty is left out.
type Device struct {
	Entry
	Description *Description     `json:"description,omitempty"` // as the device has described itself, without its entities
	Values      []Value          `json:"values"`                // of its entities, in the order of the description
	Address     messages.Address `json:"address"`               // what its own messages are about
	AnswersTo   AnswersTo        `json:"answers_to"`            // empty lists: to all
	Params      map[string]any   `json:"params,omitempty"`      // without secrets
	Counters    DeviceCounters   `json:"counters"`
	Recorder    []Recorded       `json:"recorder"`         // the last that came in and went out, and what happened, the oldest first
	Rates       []float32        `json:"rates,omitempty"`  // messages a second, each 5 s within the last ten minutes, the oldest first
	Queues      []uint16         `json:"queues,omitempty"` // messages in the mailbox, likewise
	Plots       map[string]Plot  `json:"plots,omitempty"`  // by entity: what its value was, each 5 s within the last ten minutes
}

// Plot is the past of a value, the oldest point first. Of equal values in a row there are the first and the last.
type Plot []history.Point

// MarshalJSON returns pairs of a time, in seconds since 1970, and a value: a number, or null if it was not known. So many times would
// be long in words.
func (p Plot) MarshalJSON() ([]byte, error) {
	text := []byte{'['}
	for i, point := range p {
		if i > 0 {
			text = append(text, ',')
		}
		text = append(text, '[')
		text = strconv.AppendInt(text, point.At.Unix(), 10)
		text = append(text, ',')
		if math.IsNaN(point.Value) || math.IsInf(point.Value, 0) {
			text = append(text, "null"...)
		} else {
			text = strconv.AppendFloat(text, point.Value, 'g', -1, 32)
		}
		text = append(text, ']')
	}
	return append(text, ']'), nil
}

// UnmarshalJSON reads what MarshalJSON writes.
func (p *Plot) UnmarshalJSON(text []byte) error {
	var pairs [][2]*float64
	if err := json.Unmarshal(text, &pairs); err != nil {
		return err
	}
	*p = make(Plot, len(pairs))
	for i, pair := range pairs {
		if pair[0] == nil {
			return errors.New("a plot: a point without a time")
		}
		point := history.Point{At: time.Unix(int64(*pair[0]), 0), Value: math.NaN()}
		if pair[1] != nil {
			point.Value = *pair[1]
		}
		(*p)[i] = point
	}
	return nil
}

// Recorded is an entry of a flight recorder.
type Recorded struct {
	At   Stamp  `json:"at"`
	What string `json:"what"` // in, out, state, error or answer
	Text string `json:"text"`
}

// Description is what a device has said of itself.
type Description struct {
	Name         string `json:"name,omitempty"`
	Manufacturer string `json:"manufacturer,omitempty"`
	Model        string `json:"model,omitempty"`
	Serial       string `json:"serial,omitempty"`
	HW           string `json:"hw,omitempty"`
	SW           string `json:"sw,omitempty"`
	URL          string `json:"url,omitempty"`
}

// AnswersTo is what a message may say to find a device.
type AnswersTo struct {
	Function []string `json:"function,omitempty"`
	Gateway  []string `json:"gateway,omitempty"`
	Location []string `json:"location,omitempty"`
	Device   []string `json:"device,omitempty"`
}

// DeviceCounters count from the device's beginning.
type DeviceCounters struct {
	Handled uint64 `json:"handled"`
	Refused uint64 `json:"refused"`
	Failed  uint64 `json:"failed"`
	Early   uint64 `json:"early"`
	Emitted uint64 `json:"emitted"`
}

// Value is an entity and its value.
type Value struct {
	ID      string          `json:"id"`
	Name    string          `json:"name"`
	Kind    string          `json:"kind"`
	Value   json.RawMessage `json:"value,omitempty"` // null: unknown; left out: the entity has no value
	At      Stamp           `json:"at,omitzero"`     // when it was last read
	Error   string          `json:"error,omitempty"` // why it is unknown
	Unit    string          `json:"unit,omitempty"`
	Class   string          `json:"class,omitempty"`
	Write   bool            `json:"write,omitempty"`
	Min     *float64        `json:"min,omitempty"`
	Max     *float64        `json:"max,omitempty"`
	Step    *float64        `json:"step,omitempty"`
	Options []string        `json:"options,omitempty"`
	Group   *entity.Group   `json:"group,omitempty"` // the thing that it is a part of
}

func (a *API) device(w http.ResponseWriter, r *http.Request) {
	i, ok := a.Gateway.Inspect(r.PathValue("name"))
	if !ok {
		noDevice(w, r.PathValue("name"))
		return
	}
	d := Device{
		Entry: a.entry(i.Entry), Values: []Value{}, Address: i.Address, AnswersTo: AnswersTo(i.AnswersTo), Params: i.Config.Params,
		Counters: DeviceCounters{i.Handled, i.Refused, i.Failed, i.Early, i.Emitted}, Recorder: []Recorded{},
	}
	for _, r := range i.Recorded {
		d.Recorder = append(d.Recorder, Recorded{Stamp(r.At), r.What.String(), r.Text})
	}
	if a.History != nil {
		d.Rates, d.Queues = a.History.Of(i.Entry.Name)
		for id, points := range a.History.Points(i.Entry.Name) {
			if d.Plots == nil {
				d.Plots = make(map[string]Plot)
			}
			d.Plots[id] = points
		}
	}
	if of := i.Description; of != nil {
		d.Description = &Description{of.Name, of.Manufacturer, of.Model, of.Serial, of.HW, of.SW, of.URL}
		for n := range of.Entities {
			if e := &of.Entities[n]; !e.Hidden {
				d.Values = append(d.Values, valueOf(e, i.Values))
			}
		}
	}
	answer(w, http.StatusOK, d)
}

func valueOf(e *entity.Entity, states []entity.State) Value {
	v := Value{
		ID: e.ID, Name: e.Label(), Kind: string(e.Kind), Unit: e.Unit, Class: e.Class, Write: e.Write || e.Kind == entity.Button,
		Min: e.Min, Max: e.Max, Step: e.Step, Options: e.Options,
	}
	if e.Group != (entity.Group{}) {
		v.Group = &e.Group
	}
	n := slices.IndexFunc(states, func(s entity.State) bool { return s.ID == e.ID })
	if n < 0 {
		return v
	}
	s := states[n]
	v.Value, v.At = json.RawMessage(s.Value.Raw()), Stamp(s.Confirmed)
	if s.Reason != nil {
		v.Error = options.Redact(s.Reason.Error())
	}
	return v
}

func noDevice(w http.ResponseWriter, name string) {
	web.Refuse(w, http.StatusNotFound, fmt.Sprintf("there is no device %.120q", name))
}

// Answer is how a device has answered.
type Answer struct {
	Response string `json:"response"` // OK; of a problem REJECTED, BUSY, TIMEOUT or ERROR
	Reason   string `json:"reason"`
}

// setPatience is how long a device may take to do what it is asked.
const setPatience = 25 * time.Second

// set sets entities of a device, and answers as the device does.
func (a *API) set(w http.ResponseWriter, r *http.Request) {
	var given map[string]json.RawMessage
	if !read(w, r, &given) {
		return
	}
	values := make(map[string]messages.Value, len(given))
	for id, raw := range given {
		v, err := messages.ParseValue(string(raw))
		if err != nil {
			web.Refuse(w, http.StatusBadRequest, "the value of "+id+": "+err.Error())
			return
		}
		values[id] = v
	}
	ctx, cancel := context.WithTimeoutCause(r.Context(), setPatience, errors.New("the device has not answered"))
	defer cancel()
	said, err := a.Gateway.Set(ctx, r.PathValue("name"), values)
	switch {
	case errors.Is(err, actors.ErrNoDevice):
		noDevice(w, r.PathValue("name"))
	case err != nil && ctx.Err() != nil:
		web.Refuse(w, http.StatusGatewayTimeout, context.Cause(ctx).Error())
	case err != nil:
		web.Refuse(w, http.StatusServiceUnavailable, err.Error())
	case said.Outcome != messages.Handled:
		web.RefuseWith(w, web.Problem{Status: http.StatusConflict, Detail: said.Reason, Response: said.Outcome.String()})
	default:
		answer(w, http.StatusOK, Answer{said.Outcome.String(), said.Reason})
	}
}

// order answers 202 when the actors have taken an order; the events tell when it has been carried out.
func (a *API) order(give func(device string) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		err := give(r.PathValue("name"))
		switch {
		case errors.Is(err, actors.ErrNoDevice):
			noDevice(w, r.PathValue("name"))
		case err != nil:
			web.Refuse(w, http.StatusServiceUnavailable, err.Error())
		default:
			answer(w, http.StatusAccepted, struct{}{})
		}
	}
}
