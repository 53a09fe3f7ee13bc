package linear_test

import (
	"bufio"
	"errors"
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

// instrumented are the packages in which statements are counted.
const instrumented = "github.com/mqttgateway/mqttgateway/...,slices,strings,bytes,maps,sort,unicode/utf8,encoding/json,math/big," +
	"github.com/agnivade/levenshtein,github.com/santhosh-tekuri/jsonschema/...,github.com/knadh/koanf/..."

// smallest is the size with which each work begins, and which is doubled twice.
const smallest = 250

// Twice the input costs twice the work: no statement's count grows by more than three times what it grew by before, which
// leaves room for sorting. Where one is reached but a few times for each item, that may be chance.
func TestLinear(t *testing.T) {
	if testing.Short() {
		t.Skip("builds an instrumented binary")
	}
	binary := filepath.Join(t.TempDir(), "linear.test")
	build := exec.Command("go", "test", "-c", "-covermode=count", "-coverpkg="+instrumented, "-o", binary, ".")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, w := range works {
		t.Run(w.name, func(t *testing.T) {
			t.Parallel()
			var costs [3]map[string]int
			for i := range costs {
				var err error
				if costs[i], err = cost(binary, filepath.Join(t.TempDir(), strconv.Itoa(i)), w.name, smallest<<i); err != nil {
					t.Fatal(err)
				}
			}
			if excess := excess(costs); len(excess) > 0 {
				t.Errorf("for %d, %d and %d:\n%s", smallest, 2*smallest, 4*smallest, strings.Join(excess, "\n"))
			}
		})
	}
}

// excess lists the costs that grow faster than the size, the dearest first.
func excess(costs [3]map[string]int) (lines []string) {
	var at []string
	for place, c := range costs[2] {
		first, second := costs[1][place]-costs[0][place], c-costs[1][place]
		if second > 3*first && second > 8*(4*smallest) && (place != allocated || c > 3*costs[1][place]) {
			at = append(at, place) // of bytes all must have grown, for what holds a list grows by leaps
		}
	}
	slices.SortFunc(at, func(a, b string) int { return costs[2][b] - costs[2][a] })
	for _, place := range at[:min(len(at), 12)] {
		lines = append(lines, fmt.Sprintf("%9d %9d %9d  %s", costs[0][place], costs[1][place], costs[2][place], place))
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
		count, err := strconv.Atoi(words[2])
		if err != nil {
			return nil, err
		}
		if count > 0 {
			costs[words[0]] = count
		}
	}
	return costs, lines.Err()
}

// TestWork is what the instrumented binary runs.
func TestWork(t *testing.T) {
	name, size, ok := strings.Cut(os.Getenv(child), ":")
	if !ok {
		t.Skip("run by TestLinear")
	}
	n, err := strconv.Atoi(size)
	i := slices.IndexFunc(works, func(w work) bool { return w.name == name })
	if err != nil || i < 0 {
		t.Fatal(errors.New("no such work"), name, size)
	}
	do := works[i].prepare(t, n)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	do()
	runtime.ReadMemStats(&after)
	fmt.Println(allocated, after.TotalAlloc-before.TotalAlloc)
}
