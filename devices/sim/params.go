package sim

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/mqttgateway/mqttgateway/devices/kit/point"
	"github.com/mqttgateway/mqttgateway/devices/kit/stream"
	"github.com/mqttgateway/mqttgateway/entity"
	"github.com/mqttgateway/mqttgateway/internal/options"
	"github.com/mqttgateway/mqttgateway/messages"
)

// Params are the options under params: in the configuration.
type Params struct {
	Every  time.Duration `koanf:"every" doc:"time between two readings" default:"1s" min:"10ms" max:"24h"`
	Points []Point       `koanf:"points" doc:"what the equipment measures, can be set to and does"`
	Fail   Fail          `koanf:"fail" doc:"failures on demand"`
	Replay string        `koanf:"replay" doc:"a recording of a stream, by its option record, that is heard again and again; points, frame, decode and then are those of the stream" default:"" example:"meter.jsonl"`
	Speed  float64       `koanf:"speed" doc:"how much faster than it was recorded it is heard" default:"1" min:"0.001" max:"1000"`
	Frame  frame         `koanf:"frame" doc:"how the frames of a recording are told apart"`
	Decode string        `koanf:"decode" doc:"what a frame of a recording is: text or hex, for patterns, or json, one document for value" default:"text" one_of:"text hex json"`
	Then   []stream.Then `koanf:"then" doc:"messages for some frames of a recording"`
}

// Point is one entity, with what it does: wave, walk, steps, or write.
type Point struct {
	stream.Point
	Wave  Wave          `koanf:"wave" doc:"a number that rises and falls"`
	Walk  Walk          `koanf:"walk" doc:"a number that wanders"`
	Steps []any         `koanf:"steps" doc:"values, one after the other and again from the first; null is unknown; of an event what happens" example:"[closed, open]"`
	Hold  time.Duration `koanf:"hold" doc:"how long each of steps lasts" default:"0" min:"10ms" max:"720h" zero:"as long as every"`
	Write bool          `koanf:"write" doc:"it can be set, and keeps what it is set to" default:"false"`
	Start any           `koanf:"start" doc:"of what can be set: its value before it is; without one min or 0, false, the first option, or an empty text" default:"" example:"18"`
}

// Wave is a number that rises and falls.
type Wave struct {
	Min    float64       `koanf:"min" doc:"its lowest value" default:"0"`
	Max    float64       `koanf:"max" doc:"its highest value" default:"0"`
	Period time.Duration `koanf:"period" doc:"time from one lowest value to the next" default:"0" min:"100ms" max:"8760h" zero:"there is no wave"`
}

// Walk is a number that wanders.
type Walk struct {
	Min  float64 `koanf:"min" doc:"its lowest value" default:"0"`
	Max  float64 `koanf:"max" doc:"its highest value" default:"0"`
	Step float64 `koanf:"step" doc:"how far it goes at most from one reading to the next" default:"0" min:"1e-9" max:"1e12" zero:"there is no walk"`
}

// Fail has the equipment fail again and again.
type Fail struct {
	Every time.Duration `koanf:"every" doc:"time from the beginning of one failure to that of the next" default:"0" min:"1s" max:"8760h" zero:"it never fails"`
	For   time.Duration `koanf:"for" doc:"how long each failure lasts" default:"30s" min:"100ms" max:"8760h"`
	How   string        `koanf:"how" doc:"silent: no answers; late: answers after 3 s; wrong: answers that make no sense; flap: the connection breaks again and again" default:"silent" one_of:"silent late wrong flap"`
}

// now returns how the equipment fails at a time; "": it doesn't.
func (f Fail) now(at time.Time) string {
	if f.Every > 0 && phase(at, f.Every) >= f.Every-f.For {
		return f.How
	}
	return ""
}

// phase is the time since a multiple of the period.
func phase(at time.Time, period time.Duration) time.Duration {
	return time.Duration(at.UnixNano() % int64(period))
}

// Validate implements options.Validator.
func (p Params) Validate() error {
	var faults []error
	if p.Replay != "" {
		return p.checkReplay()
	}
	if p.Frame != (frame{}) || p.Decode != "text" || len(p.Then) > 0 || p.Speed != 1 {
		faults = append(faults, &options.Fault{Key: "replay", Err: errors.New("missing: frame, decode, then and speed are for a recording")})
	}
	if len(p.Points) == 0 {
		faults = append(faults, &options.Fault{Key: "points", Err: errors.New("there are none, want at least one")})
	}
	for i := range p.Points {
		faults = append(faults, p.Points[i].check(fmt.Sprintf("points[%d]", i)))
	}
	if p.Fail.Every > 0 && p.Fail.For >= p.Fail.Every {
		faults = append(faults, &options.Fault{Key: "fail.for", Err: fmt.Errorf("%s is not less than every, %s", p.Fail.For, p.Fail.Every)})
	}
	return errors.Join(faults...)
}

// Describe tells what the device is.
func (p Params) Describe() (entity.Device, error) {
	if p.Replay != "" {
		return p.describeReplay()
	}
	d := entity.Device{Model: "Simulation"}
	late := time.Duration(0)
	if p.Fail.Every > 0 && p.Fail.How == "late" {
		late = lateness
	}
	for i := range p.Points {
		e := p.Points[i].entity()
		if e.Report.Stale == 0 && e.Kind.HasValue() {
			e.Report.Stale = 3 * (p.Every + late)
		}
		d.Entities = append(d.Entities, e)
	}
	return d, nil
}

// entity returns the entity of a point.
func (p *Point) entity() entity.Entity {
	kind := entity.Number
	var example any
	if p.starts() {
		example = p.Start
	}
	if i := slices.IndexFunc(p.Steps, func(step any) bool { return step != nil }); i >= 0 {
		example = p.Steps[i]
	}
	switch example.(type) {
	case bool:
		kind = entity.Bool
	case string:
		kind = entity.Enum
		if len(p.Steps) == 0 && len(p.Options) == 0 {
			kind = entity.Text
		}
	case nil:
		if len(p.Options) > 0 {
			kind = entity.Enum
		}
	}
	e := p.Entity(kind, p.Write)
	if (e.Kind == entity.Enum || e.Kind == entity.Event) && len(e.Options) == 0 {
		for _, step := range p.Steps {
			if word, is := step.(string); is && !slices.Contains(e.Options, word) {
				e.Options = append(e.Options, word)
			}
		}
	}
	return e
}

// check finds what is wrong with a point, below a key.
func (p *Point) check(key string) error {
	var faults []error
	fault := func(option, format string, args ...any) {
		faults = append(faults, &options.Fault{Key: key + "." + option, Err: fmt.Errorf(format, args...)})
	}
	e := p.entity()
	faults = append(faults, point.Check(key, e))
	if p.Match+p.Value+p.On+p.Off+p.Answer.Match != "" || p.Send != nil && p.Send != "" {
		fault("match", "match, value, on, off, send and answer are for a recording, want replay as well")
	}
	does := 0
	for _, is := range []bool{p.Wave != Wave{}, p.Walk != Walk{}, len(p.Steps) > 0, p.Write || e.Kind == entity.Button} {
		if is {
			does++
		}
	}
	if does != 1 {
		fault("wave", "want wave, walk, steps or write, one of them")
	}
	switch {
	case p.Wave == Wave{}:
	case p.Wave.Period == 0:
		fault("wave.period", "missing: want the time of one wave, such as 10m")
	case p.Wave.Max <= p.Wave.Min:
		fault("wave.max", "%v is not above min, %v", p.Wave.Max, p.Wave.Min)
	}
	switch {
	case p.Walk == Walk{}:
	case p.Walk.Step == 0:
		fault("walk.step", "missing: want how far it goes at most")
	case p.Walk.Max <= p.Walk.Min:
		fault("walk.max", "%v is not above min, %v", p.Walk.Max, p.Walk.Min)
	}
	if e.Kind != entity.Number && (p.Wave != Wave{} || p.Walk != Walk{}) {
		fault("kind", "%s: want number with a wave or a walk", e.Kind)
	}
	if e.Kind == entity.Event && len(p.Steps) == 0 {
		fault("steps", "missing: want what happens, one after the other")
	}
	for i, step := range p.Steps {
		if err := fits(e, step); err != nil {
			fault(fmt.Sprintf("steps[%d]", i), "%w", err)
		}
	}
	if p.Hold > 0 && len(p.Steps) == 0 {
		fault("hold", "there are no steps")
	}
	switch {
	case !p.starts():
	case !p.Write:
		fault("start", "of what can't be set, want write as well")
	default:
		if _, err := e.Change(valueOf(p.Start)); err != nil {
			fault("start", "%w", err)
		}
	}
	return errors.Join(faults...)
}

// plays reports whether the configuration says what the point does.
func (p *Point) plays() bool {
	return p.Wave != Wave{} || p.Walk != Walk{} || len(p.Steps) > 0 || p.Hold > 0 || p.Write || p.starts()
}

// starts reports whether the configuration says what the point is before it is set.
func (p *Point) starts() bool { return p.Start != nil && p.Start != "" }

// fits says why an entity can't have a value.
func fits(e entity.Entity, step any) error {
	if step == nil {
		return nil
	}
	e.Write, e.Min, e.Max, e.Step = true, nil, nil, nil
	switch e.Kind {
	case entity.Event:
		e.Kind = entity.Enum // of what may happen
	case entity.Number:
		if _, isText := step.(string); isText {
			return fmt.Errorf("%q, want a number", step)
		}
	}
	_, err := e.Change(valueOf(step))
	return err
}

// valueOf returns a value of the configuration; null if there can be none.
func valueOf(v any) messages.Value {
	value, err := messages.ValueOf(v)
	if err != nil {
		return messages.Value{}
	}
	return value
}
