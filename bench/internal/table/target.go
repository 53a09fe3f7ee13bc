package table

import (
	"math"
	"strconv"
)

// Target is what a median must reach. The zero Target is none.
type Target struct {
	bound  float64
	atMost bool
}

// AtLeast wants the bound or more.
func AtLeast(bound float64) Target { return Target{bound: bound} }

// AtMost wants the bound or less.
func AtMost(bound float64) Target { return Target{bound, true} }

// String is the target as the tables show it: "≥ 1.5", or a dash for none.
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

// verdict tells whether the median of the rounds reaches t. A miss by less than half of the quartile range of the rounds says
// nothing.
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
