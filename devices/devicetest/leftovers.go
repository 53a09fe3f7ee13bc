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
	"strconv"
	"strings"
	"time"
)

// labelKey is under which goroutines are labelled that a trial begins, and those that these begin in turn.
const labelKey = "devicetest"

// toSettle is for how long what is left behind may go by itself, where that it is left is no fault yet.
const toSettle = 200 * time.Millisecond

// leftovers is what lives of a device leave behind. Once in the life of a process a library may well begin a goroutine, or open a
// file, and keep it: what counts is what is left by each life.
type leftovers struct {
	*trial
	lives  int             // that have been looked at
	before map[string]bool // descriptors
	leaky  int             // lives in a row that have left some
}

func (l *leftovers) begin() { l.before = descriptors() }

// end looks at what is left when a device has been closed, and gives it some time to go.
func (l *leftovers) end() {
	l.t.Helper()
	if l.lives++; l.lives < fewestLives {
		settled(toSettle, func() bool { l.kept, _ = goroutines(l.label); return l.kept == 0 })
	} else if !l.broken[EndsGoroutines] {
		l.waitForGoroutines()
	}
	var left []string
	settled(toSettle, func() bool {
		now := descriptors()
		maps.DeleteFunc(now, func(name string, _ bool) bool { return l.before[name] })
		left = slices.Sorted(maps.Keys(now))
		return len(left) == 0
	})
	if len(left) == 0 {
		l.leaky = 0
		return
	}
	if l.leaky++; l.leaky >= fewestLives {
		l.fault(GivesBackOpened, "each life leaves some, the last one %s", strings.Join(left, ", "))
	}
}

// waitForGoroutines waits until no more of the trial's are left than the first lives have left.
func (r *trial) waitForGoroutines() {
	r.t.Helper()
	var left int
	var stack string
	if !settled(grace, func() bool { left, stack = goroutines(r.label); return left <= r.kept }) {
		r.fault(EndsGoroutines, "%d are left %v after it was closed, such as\n%s", left, grace, stack)
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

// goroutines returns how many there are with a label, and the stack of the most frequent sort.
func goroutines(label string) (all int, stack string) {
	var profile bytes.Buffer
	if err := pprof.Lookup("goroutine").WriteTo(&profile, 1); err != nil {
		return 0, ""
	}
	with := fmt.Sprintf("%q:%q", labelKey, label)
	most := 0
	for block := range strings.SplitSeq(profile.String(), "\n\n") {
		head, _, _ := strings.Cut(block, "\n#\t")
		if !strings.Contains(head, with) {
			continue
		}
		first := head[strings.LastIndexByte(head[:strings.IndexByte(head, '@')], '\n')+1:] // the profile begins with a line of its own
		n, _ := strconv.Atoi(strings.TrimSpace(first[:strings.IndexByte(first, '@')]))
		if all += n; n > most {
			most, stack = n, stackIn(block)
		}
	}
	return all, stack
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
