package main

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// results are the figures of the benchmarks by name and unit, one for each round: results["Find/devices=10"]["ns/op"].
type results map[string]map[string][]float64

// processors matches the number of processors that the testing package adds to a name.
var processors = regexp.MustCompile(`-\d+$`)

// parse reads the output of go test -bench, with any number of rounds:
//
//	BenchmarkFind/devices=10-2   	 1678525	       146.6 ns/op	       0 B/op	       0 allocs/op
func parse(text string) (results, error) {
	found := make(results)
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		if len(fields) > 0 && (fields[0] == "FAIL" || fields[0] == "---") {
			return nil, fmt.Errorf("a benchmark failed: %q", line)
		}
		if len(fields) < 4 || !strings.HasPrefix(fields[0], "Benchmark") {
			continue
		}
		name := processors.ReplaceAllString(strings.TrimPrefix(fields[0], "Benchmark"), "")
		if found[name] == nil {
			found[name] = make(map[string][]float64)
		}
		for i := 2; i+1 < len(fields); i += 2 {
			value, err := strconv.ParseFloat(fields[i], 64)
			if err != nil {
				return nil, fmt.Errorf("benchmark %s: %w", name, err)
			}
			found[name][fields[i+1]] = append(found[name][fields[i+1]], value)
		}
	}
	if len(found) == 0 {
		return nil, errors.New("no benchmarks: want the output of go test -bench")
	}
	return found, nil
}

// of returns a figure of a benchmark for each round, multiplied by scale.
func (r results) of(name, unit string, scale float64) []float64 {
	values := make([]float64, len(r[name][unit]))
	for i, v := range r[name][unit] {
		values[i] = v * scale
	}
	return values
}
