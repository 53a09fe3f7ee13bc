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

// child is the environment variable that tells the instrumented test binary which work to do: name:n.
const child = "LINEAR_WORK"

// nothing is the name of an empty work, which measures the cost of everything around a work.
const nothing = "nothing"

// instrumented are the packages in which statements are counted.
const instrumented = "github.com/mqttgateway/mqttgateway/...,slices,strings,bytes,maps,sort,unicode/utf8,encoding/json,math/big," +
	"github.com/agnivade/levenshtein,github.com/santhosh-tekuri/jsonschema/...,github.com/knadh/koanf/..."

// size is the size of each work's smaller input; the other input is twice as large.
const size = 500

// Twice the input costs at most twice the work: no statement's count grows by more than twice its count for the smaller
// input, which leaves room for sorting. Small counts, of a few for each item, may grow by chance.
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
			// What sorting the keys of a map costs depends on the order in which the map gives them, which is another one each time.
			var lines []string
			for try := range 3 {
				once, err := cost(binary, filepath.Join(dir, fmt.Sprint("once", try)), w.name, size)
				if err != nil {
					t.Fatal(err)
				}
				twice, err := cost(binary, filepath.Join(dir, fmt.Sprint("twice", try)), w.name, 2*size)
				if err != nil {
					t.Fatal(err)
				}
				if lines = excess(idle, once, twice); len(lines) == 0 {
					return
				}
			}
			t.Errorf("each time; idle, for %d, and for %d:\n%s", size, 2*size, strings.Join(lines, "\n"))
		})
	}
}

// excess returns the costs that grow faster than the size, the largest first.
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

// allocated is the place under which allocated bytes are counted.
const allocated = "bytes allocated"

// cost runs a work of size n, and returns its costs by place.
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
	costs[allocated] /= 64 // so that rounding by the allocator does not matter
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

// TestWork runs in the instrumented binary.
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
