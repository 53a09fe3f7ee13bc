package history

import (
	"math"
	"slices"
	"time"

	"github.com/mqttgateway/mqttgateway/entity"
)

// maxSeries bounds for how many entities of all devices a past is kept: 10,000 devices with three values each that change. A past takes
// 480 bytes, so that all of them take 15 MB. That of a further entity begins anew with each change of its value.
const maxSeries = 30_000

// Point is a value that an entity had.
type Point struct {
	At    time.Time
	Value float64 // 1 and 0 are true and false; NaN: the value was not known
}

// values are what the looks at a device have seen of its values, those of Numbers and Bools.
type values struct {
	series []series // in the order of the description
	looks  int
	latest time.Time // of the looks
}

// series is the past of one entity.
type series struct {
	id    string
	from  int             // the look at which it begins
	first float32         // the value then
	all   *[Steps]float32 // by look, in a circle; nil: the value has not changed
}

// look notes the values of a device. kept is the number of pasts of all devices.
func (v *values) look(of []entity.Entity, states []entity.State, now time.Time, kept *int) {
	place := 0
	for i := range of {
		e := &of[i]
		if !e.Kind.HasValue() || len(states) == 0 || states[0].ID != e.ID { // the device may have described itself anew meanwhile
			continue
		}
		state := &states[0]
		states = states[1:]
		if e.Hidden || e.Kind != entity.Number && e.Kind != entity.Bool {
			continue
		}
		value := figure(state)
		v.take(place, e.ID, value)
		v.series[place].note(v.looks, value, kept)
		place++
	}
	for i := range v.series[place:] {
		v.series[place+i].drop(kept)
	}
	v.series = slices.Delete(v.series, place, len(v.series))
	v.looks++
	v.latest = now
}

// take makes the series of an entity the one at a place.
func (v *values) take(place int, id string, value float32) {
	if place < len(v.series) && v.series[place].id == id {
		return
	}
	s := series{id: id, from: v.looks, first: value}
	if at := slices.IndexFunc(v.series, func(s series) bool { return s.id == id }); at >= 0 {
		s = v.series[at]
		v.series = slices.Delete(v.series, at, at+1)
	}
	v.series = slices.Insert(v.series, place, s)
}

// forget forgets all values.
func (v *values) forget(kept *int) {
	for i := range v.series {
		v.series[i].drop(kept)
	}
	v.series = nil
}

func (s *series) note(look int, value float32, kept *int) {
	if s.all == nil {
		if same(float64(s.first), float64(value)) {
			return
		}
		if *kept >= maxSeries {
			s.from, s.first = look, value
			return
		}
		*kept++
		s.all = new([Steps]float32)
		for i := range s.all {
			s.all[i] = s.first
		}
	}
	s.all[look%Steps] = value
}

func (s *series) drop(kept *int) {
	if s.all != nil {
		s.all = nil
		*kept--
	}
}

func (s *series) at(look int) float32 {
	if s.all == nil {
		return s.first
	}
	return s.all[look%Steps]
}

// points returns the pasts by entity, the oldest point first. Of equal values in a row they have the first and the last.
func (v *values) points() map[string][]Point {
	all := make(map[string][]Point, len(v.series))
	for i := range v.series {
		s := &v.series[i]
		var list []Point
		for look := max(s.from, v.looks-Steps); look < v.looks; look++ {
			p := Point{v.latest.Add(time.Duration(look-v.looks+1) * Step), float64(s.at(look))}
			if n := len(list); n > 1 && same(list[n-2].Value, p.Value) && same(list[n-1].Value, p.Value) {
				list = list[:n-1]
			}
			list = append(list, p)
		}
		all[s.id] = list
	}
	return all
}

// figure returns a value as a number, and NaN if the value is not known.
func figure(s *entity.State) float32 {
	if on, ok := s.Value.Bool(); ok {
		if on {
			return 1
		}
		return 0
	}
	if f, ok := s.Value.Float(); ok {
		return float32(f)
	}
	return float32(math.NaN())
}

// same reports whether two values are equal, or neither is known.
func same(a, b float64) bool { return a == b || math.IsNaN(a) && math.IsNaN(b) }

// Points returns the values of a device's entities at each look within the last ten minutes, by the entities' IDs: all of Numbers and
// Bools, and no others.
func (h *History) Points(device string) map[string][]Point {
	h.mu.Lock()
	defer h.mu.Unlock()
	d := h.devices[device]
	if d == nil {
		return nil
	}
	return d.values.points()
}
