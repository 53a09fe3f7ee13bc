package table

import "slices"

// Median returns the middle of the values, or the mean of the two middle ones. The median of no values is 0.
func Median(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	half := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[half]
	}
	return (sorted[half-1] + sorted[half]) / 2
}

// Range returns the distance between the first and the third quartile of the values. The range of no values is 0.
func Range(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return Percentile(sorted, 75) - Percentile(sorted, 25)
}

// Percentile returns the smallest of the sorted values that p percent of them do not exceed, or the zero value if there
// are none.
func Percentile[T any](sorted []T, p int) (none T) {
	if len(sorted) == 0 {
		return none
	}
	rank := (len(sorted)*p + 99) / 100
	return sorted[max(rank, 1)-1]
}

// Ratios divides a by b, round by round.
func Ratios(a, b []float64) []float64 {
	ratios := make([]float64, min(len(a), len(b)))
	for i := range ratios {
		ratios[i] = a[i] / b[i]
	}
	return ratios
}
