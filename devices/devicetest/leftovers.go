package devicetest

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"runtime/pprof"
	"slices"
	"strings"
	"time"
)

// labelKey is under which goroutines are labelled that a trial begins, and those that these begin in turn.
const labelKey = "devicetest"

// leftovers is what lives of a device leave behind.
type leftovers struct {
	*trial
	before map[string]bool // descriptors
	lives  int             // in a row, in each of which some were left
}

func (l *leftovers) begin() { l.before = descriptors() }

// end looks at what is left when a device has been closed, and gives it some time to go.
func (l *leftovers) end() {
	l.t.Helper()
	if !l.broken[EndsGoroutines] {
		l.waitForGoroutines()
	}
	var left []string
	settled(time.Second, func() bool {
		now := descriptors()
		maps.DeleteFunc(now, func(name string, _ bool) bool { return l.before[name] })
		left = slices.Sorted(maps.Keys(now))
		return len(left) == 0
	})
	if len(left) == 0 {
		l.lives = 0
		return
	}
	if l.lives++; l.lives >= fewestLives {
		l.fault(GivesBackOpened, "each life leaves some, the last one %s", strings.Join(left, ", "))
	}
}

// waitForGoroutines waits until those of the trial have ended.
func (r *trial) waitForGoroutines() {
	r.t.Helper()
	var left []string
	if !settled(grace, func() bool { left = goroutines(r.label); return len(left) == 0 }) {
		r.fault(EndsGoroutines, "%d sorts are left %v after it was closed, such as\n%s", len(left), grace, left[0])
	}
}

// settled waits until something is so, and reports whether it is.
func settled(within time.Duration, is func() bool) bool {
	end := time.Now().Add(within)
	for wait := time.Microsecond; !is(); wait = min(2*wait, 50*time.Millisecond) {
		if time.Now().After(end) {
			return false
		}
		time.Sleep(wait)
	}
	return true
}

// goroutines returns the stacks of those with a label, one for each sort.
func goroutines(label string) (stacks []string) {
	var profile bytes.Buffer
	if err := pprof.Lookup("goroutine").WriteTo(&profile, 1); err != nil {
		return nil
	}
	with := fmt.Sprintf("%q:%q", labelKey, label)
	for block := range strings.SplitSeq(profile.String(), "\n\n") {
		if labels, _, _ := strings.Cut(block, "\n#\t"); strings.Contains(labels, with) {
			stacks = append(stacks, stackIn(block))
		}
	}
	return stacks
}

// frame matches a frame of a profile: an address, a function with an offset, a file with a line.
var frame = regexp.MustCompile(`^#\t0x[0-9a-f]+\t(\S+)\+0x[0-9a-f]+\s+(\S+:[0-9]+)$`)

// stackIn returns the functions of a block of a goroutine profile, a line each, from where the goroutine is.
func stackIn(block string) string {
	var lines []string
	for line := range strings.Lines(block) {
		if f := frame.FindStringSubmatch(strings.TrimRight(line, "\n")); f != nil && !strings.HasPrefix(f[1], "runtime.") {
			lines = append(lines, fmt.Sprintf("\t%s (%s)", f[1], filepath.Base(f[2])))
		}
	}
	return strings.Join(lines, "\n")
}

// descriptors returns what the process has open, as number and name; nothing where the system doesn't tell.
func descriptors() map[string]bool {
	const folder = "/proc/self/fd"
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil
	}
	open := make(map[string]bool)
	for _, e := range entries {
		if name, err := os.Readlink(filepath.Join(folder, e.Name())); err == nil { // else it was that of ReadDir
			open[e.Name()+" "+name] = true
		}
	}
	return open
}
