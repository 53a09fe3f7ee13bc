package table

import (
	"math"
	"strconv"
)

// Target is the bound that a median must reach. The zero Target is no bound.
type Target struct {
	bound  float64
	atMost bool
}

// AtLeast is the target of bound or more.
func AtLeast(bound float64) Target { return Target{bound: bound} }

// AtMost is the target of bound or less.
func AtMost(bound float64) Target { return Target{bound, true} }

// String returns the target as the tables show it: "≥ 1.5", or a dash for none.
func (t Target) String() string {
	sign := "≥ "
	switch {
	case t == Target{}:
		return "–"
	case t.atMost:
		sign = "≤ "
	}
	return sign + strconv.FormatFloat(t.bound, 'g', -1, 64)
}

// verdict says whether the median of the rounds reaches t. A miss by less than half of the range between the quartiles
// is no miss.
func (t Target) verdict(values []float64) string {
	median := Median(values)
	switch {
	case t == Target{}:
		return ""
	case median >= t.bound != t.atMost || median == t.bound:
		return "yes"
	case math.Abs(median-t.bound) < Range(values)/2:
		return "within the spread"
	}
	return "no"
}
