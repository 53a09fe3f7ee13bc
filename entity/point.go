package entity

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/mqttgateway/mqttgateway/entity/value"
	"github.com/mqttgateway/mqttgateway/messages"
)

// point is one entity of a Set, with its value.
type point struct {
	*Entity
	place   int  // where its value is said, an index into places; -1: nowhere
	derived bool // its value is made from others

	raw       messages.Value // what the latest reading gave
	value     messages.Value // current, as it is told
	reason    error          // why value is unknown; nil if it is known
	confirmed time.Time

	told   messages.Value
	toldAt time.Time
	untold bool // nothing has been told since the description
	said   Word // the word of told; zero if that has none
}

// keep takes over the value that p had in the description before.
func (p *point) keep(before *point) {
	p.raw, p.confirmed = before.raw, before.confirmed
	p.told, p.toldAt, p.said = before.told, before.toldAt, before.said
	switch {
	case before.reason != nil:
		p.reason = before.reason
	case !before.derived: // what is still derived is derived again
		p.value, p.reason = p.typed(p.raw)
	}
}

// read takes a reading that differs from the one before. It returns what is wrong with the reading itself, and whether anything
// but the reason of what was unknown before has changed.
func (p *point) read(r *Reading) (fault error, changed bool) {
	wasUnknown := p.reason != nil
	p.raw = r.Value
	switch {
	case r.Err != nil:
		p.value, p.reason = messages.Value{}, r.Err
	case r.Value.Kind() == messages.Null:
		p.value, p.reason = messages.Value{}, errNull
	default:
		p.value, p.reason = p.typed(r.Value)
		fault = p.reason
	}
	return fault, !wasUnknown || p.reason == nil
}

// typed returns v as e tells it: of its kind, with its decimals. The error says why v is none of e's values.
func (e *Entity) typed(v messages.Value) (messages.Value, error) {
	switch kind := v.Kind(); {
	case e.Kind == Number:
		f, ok := v.Float()
		if !ok || math.IsInf(f, 0) {
			break
		}
		number := v.String() // of a text, the number that it holds
		if e.Decimals != nil {
			number = value.Round(number, *e.Decimals)
		}
		return messages.ParseValue(number)
	case e.Kind == Bool && kind == messages.Bool, e.Kind == Text && kind == messages.Text:
		return v, nil
	case e.Kind == Enum && kind == messages.Text:
		if text, _ := v.Text(); slices.Contains(e.Options, text) {
			return v, nil
		}
	}
	return messages.Value{}, fmt.Errorf("the device gave %s, want %s", v.Raw(), e.want())
}

// canStale reports whether p becomes unknown by and by if it isn't confirmed.
func (p *point) canStale() bool { return p.reason == nil && p.Report.Stale > 0 && !p.derived }

// stale makes p unknown if it hasn't been confirmed for too long, and reports whether it has.
func (p *point) stale(now time.Time) bool {
	if !p.canStale() || now.Sub(p.confirmed) < p.Report.Stale {
		return false
	}
	p.value, p.reason = messages.Value{}, fmt.Errorf("not confirmed for %s", p.Report.Stale)
	return true
}

// due returns when p is to be told if it isn't updated, and false if never. It has no heartbeat if it rests.
func (p *point) due(rests bool) (at time.Time, ok bool) {
	switch {
	case p.place < 0:
		return time.Time{}, false
	case p.untold:
		return time.Time{}, true
	case p.changed():
		if p.Report.AtMost == 0 {
			return time.Time{}, true
		}
		return p.toldAt.Add(p.Report.AtMost), true
	case p.Report.Heartbeat > 0 && !rests:
		return p.toldAt.Add(p.Report.Heartbeat), true
	}
	return time.Time{}, false
}

// changed reports whether the current value is worth telling after the one last told.
func (p *point) changed() bool {
	if p.value == p.told {
		return false
	}
	if p.Kind == Number && p.Report.Deadband > 0 && p.reason == nil && p.told.Kind() != messages.Null {
		current, _ := p.value.Float()
		told, _ := p.told.Float()
		// 21.4 − 21.2 is not more than 0.2, whatever float64 makes of it
		return math.Abs(current-told) > p.Report.Deadband+1e-12*max(math.Abs(current), math.Abs(told))
	}
	return !p.value.Equal(p.told)
}
