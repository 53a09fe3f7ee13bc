package table

import (
	"slices"
	"testing"
)

func TestMedian(t *testing.T) {
	for _, row := range []struct {
		values []float64
		want   float64
	}{{nil, 0}, {[]float64{3}, 3}, {[]float64{9, 1, 2}, 2}, {[]float64{4, 1, 2, 9}, 3}} {
		if got := Median(row.values); got != row.want {
			t.Errorf("median of %v: %v, want %v", row.values, got, row.want)
		}
	}
}

func TestPercentile(t *testing.T) {
	hundred := make([]int, 100)
	for i := range hundred {
		hundred[i] = i + 1
	}
	for _, row := range []struct {
		sorted  []int
		p, want int
	}{{nil, 50, 0}, {[]int{7}, 99, 7}, {hundred, 50, 50}, {hundred, 99, 99}, {hundred, 100, 100}, {[]int{1, 2}, 50, 1}} {
		if got := Percentile(row.sorted, row.p); got != row.want {
			t.Errorf("%d %% of %v: %d, want %d", row.p, row.sorted, got, row.want)
		}
	}
}

func TestRange(t *testing.T) {
	for _, row := range []struct {
		values []float64
		want   float64
	}{{nil, 0}, {[]float64{3}, 0}, {[]float64{8, 1, 2, 3, 4, 5, 6, 7}, 4}} {
		if got := Range(row.values); got != row.want {
			t.Errorf("range of %v: %v, want %v", row.values, got, row.want)
		}
	}
}

func TestVerdict(t *testing.T) {
	for _, row := range []struct {
		target Target
		values []float64
		want   string
	}{
		{Target{}, []float64{1}, ""},
		{AtLeast(1), []float64{1, 1, 1, 1}, "yes"},
		{AtLeast(1.1), []float64{1, 1, 1, 1}, "no"},
		{AtLeast(1.1), []float64{0.8, 1, 1, 1.3}, "no"},
		{AtLeast(1.1), []float64{0.5, 0.8, 1, 1, 1.2, 1.3}, "within the spread"},
		{AtMost(0.9), []float64{0.5, 0.8, 1, 1, 1.2, 1.3}, "within the spread"},
		{AtMost(0.5), []float64{0.5, 0.8, 1, 1, 1.2, 1.3}, "no"},
	} {
		if got := row.target.verdict(row.values); got != row.want {
			t.Errorf("%v of %v: %q, want %q", row.target, row.values, got, row.want)
		}
	}
}

func TestRatios(t *testing.T) {
	if got, want := Ratios([]float64{2, 9, 1}, []float64{1, 3}), []float64{2, 3}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
