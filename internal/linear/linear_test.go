package linear_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// child is the environment variable by which the instrumented test binary is told what to do: name:n.
const child = "LINEAR_WORK"

// nothing is the work of which there is none: what everything costs that is not a work.
const nothing = "nothing"

// instrumented are the packages in which statements are counted.
const instrumented = "github.com/mqttgateway/mqttgateway/...,slices,strings,bytes,maps,sort,unicode/utf8,encoding/json,math/big," +
	"github.com/agnivade/levenshtein,github.com/santhosh-tekuri/jsonschema/...,github.com/knadh/koanf/..."

// size is that of each work's smaller input; the other is twice as large.
const size = 500

// Twice the input costs twice the work: no statement's count grows by more than twice of what it is for the smaller input,
// which leaves room for sorting. Where one is reached but a few times for each item, that may be chance.
func TestLinear(t *testing.T) {
	if testing.Short() {
		t.Skip("builds an instrumented binary")
	}
	binary := filepath.Join(t.TempDir(), "linear.test")
	build := exec.Command("go", "test", "-c", "-covermode=count", "-coverpkg="+instrumented, "-o", binary, ".")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	idle, err := cost(binary, filepath.Join(t.TempDir(), "idle"), nothing, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range works {
		t.Run(w.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			once, err := cost(binary, filepath.Join(dir, "once"), w.name, size)
			if err != nil {
				t.Fatal(err)
			}
			twice, err := cost(binary, filepath.Join(dir, "twice"), w.name, 2*size)
			if err != nil {
				t.Fatal(err)
			}
			if lines := excess(idle, once, twice); len(lines) > 0 {
				t.Errorf("idle, for %d, and for %d:\n%s", size, 2*size, strings.Join(lines, "\n"))
			}
		})
	}
}

// excess lists the costs that grow faster than the size, the dearest first.
func excess(idle, once, twice map[string]int) (lines []string) {
	var at []string
	for place := range twice {
		first, second := once[place]-idle[place], twice[place]-once[place]
		if second > 2*first && second > 8*size {
			at = append(at, place)
		}
	}
	slices.SortFunc(at, func(a, b string) int { return twice[b] - twice[a] })
	for _, place := range at[:min(len(at), 12)] {
		lines = append(lines, fmt.Sprintf("%9d %9d %9d  %s", idle[place], once[place], twice[place], place))
	}
	return lines
}

// allocated is the place of the bytes.
const allocated = "bytes allocated"

// cost runs a work of size n and returns what it costs, by place.
func cost(binary, profile, name string, n int) (map[string]int, error) {
	run := exec.Command(binary, "-test.run=^TestWork$", "-test.coverprofile="+profile)
	run.Env = append(os.Environ(), fmt.Sprintf("%s=%s:%d", child, name, n))
	out, err := run.Output()
	if err != nil {
		return nil, fmt.Errorf("%w\n%s", err, out)
	}
	costs := make(map[string]int)
	_, said, _ := strings.Cut(string(out), allocated+" ")
	said, _, _ = strings.Cut(said, "\n")
	if costs[allocated], err = strconv.Atoi(said); err != nil {
		return nil, fmt.Errorf("%w in\n%s", err, out)
	}
	costs[allocated] /= 64 // so that the allocator's rounding does not count
	f, err := os.Open(profile)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Scan() // mode: count
	for lines.Scan() {
		words := strings.Fields(lines.Text()) // place, statements, count
		if len(words) != 3 {
			return nil, fmt.Errorf("profile: %q", lines.Text())
		}
		if costs[words[0]], err = strconv.Atoi(words[2]); err != nil {
			return nil, err
		}
	}
	return costs, lines.Err()
}

// TestWork is what the instrumented binary runs.
func TestWork(t *testing.T) {
	name, number, ok := strings.Cut(os.Getenv(child), ":")
	if !ok {
		t.Skip("run by TestLinear")
	}
	n, err := strconv.Atoi(number)
	do := func() {}
	i := slices.IndexFunc(works, func(w work) bool { return w.name == name })
	switch {
	case err != nil || i < 0 && name != nothing:
		t.Fatal("no such work:", name, number)
	case i >= 0:
		do = works[i].prepare(t, n)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	do()
	runtime.ReadMemStats(&after)
	fmt.Println(allocated, after.TotalAlloc-before.TotalAlloc)
}
