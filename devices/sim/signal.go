package sim

import (
	"math"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/mqttgateway/mqttgateway/entity"
	"github.com/mqttgateway/mqttgateway/messages"
)

// at returns the wave's value at a time.
func (w Wave) at(now time.Time) messages.Value {
	turn := 2 * math.Pi * float64(phase(now, w.Period)) / float64(w.Period)
	return rounded(w.Min+(w.Max-w.Min)*(1-math.Cos(turn))/2, w.Max-w.Min)
}

// from returns where a walk goes from a place, as chance, from 0 to 1, says. Beyond its bounds it turns back.
func (w Walk) from(place, chance float64) float64 {
	place += (2*chance - 1) * min(w.Step, w.Max-w.Min)
	switch {
	case place < w.Min:
		place = 2*w.Min - place
	case place > w.Max:
		place = 2*w.Max - place
	}
	return place
}

// step returns which of the steps it is at a time, and how many there have been since 1970.
func (p *Point) step(now time.Time, hold time.Duration) (value any, count int64) {
	count = now.UnixNano() / int64(hold)
	return p.Steps[count%int64(len(p.Steps))], count
}

// rounded returns a number with as many decimals as make a thousandth of a span.
func rounded(v, span float64) messages.Value {
	decimals := max(0, 3-int(math.Floor(math.Log10(span))))
	short, _ := strconv.ParseFloat(strconv.FormatFloat(v, 'f', decimals, 64), 64)
	return messages.FloatValue(short)
}

// first returns what a point that can be set is before it is.
func (p *Point) first() messages.Value {
	e := p.entity()
	switch {
	case p.starts():
		c, _ := e.Change(valueOf(p.Start))
		return c.Value
	case e.Kind == entity.Bool:
		return messages.BoolValue(false)
	case e.Kind == entity.Enum:
		return messages.TextValue(e.Options[0])
	case e.Kind == entity.Text:
		return messages.TextValue("")
	case e.Min != nil:
		return messages.FloatValue(*e.Min)
	case e.Max != nil:
		return messages.FloatValue(min(0, *e.Max))
	}
	return messages.IntValue(0)
}

// chance is from 0 to 1.
func chance() float64 { return rand.Float64() }
