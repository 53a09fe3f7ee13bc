package child

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// CPU returns the processor time that the process has used so far, in user and system mode. It adds up the scheduler's
// nanoseconds for each thread: /proc/PID/stat counts hundredths of a second, which is too coarse for a thousand
// messages.
func (p *Process) CPU() (time.Duration, error) {
	threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", p.PID()))
	if err != nil || len(threads) == 0 {
		return 0, fmt.Errorf("processor time of %s: nothing in /proc about its threads", p)
	}
	var sum time.Duration
	for _, path := range threads {
		text, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue // the thread has ended meanwhile
		}
		if err != nil {
			return 0, err
		}
		spent, err := parseSchedstat(string(text))
		if err != nil {
			return 0, fmt.Errorf("%s: %w", path, err)
		}
		sum += spent
	}
	return sum, nil
}

// parseSchedstat reads the first number of "RUN WAIT SLICES", in nanoseconds.
func parseSchedstat(text string) (time.Duration, error) {
	run, _, _ := strings.Cut(strings.TrimSpace(text), " ")
	ns, err := strconv.ParseInt(run, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("schedstat %q: want three numbers", text)
	}
	return time.Duration(ns), nil
}

// Memory is the memory of a process in RAM, in bytes.
type Memory struct {
	Now  int
	Peak int // largest value since the process began
}

// Memory returns the memory of the process.
func (p *Process) Memory() (Memory, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.PID()))
	if err != nil {
		return Memory{}, err
	}
	return parseStatus(string(text))
}

var resident = regexp.MustCompile(`(?m)^(VmHWM|VmRSS):\s+(\d+) kB$`)

func parseStatus(text string) (m Memory, err error) {
	found := resident.FindAllStringSubmatch(text, -1)
	if len(found) != 2 {
		return m, errors.New("status of a process: want a line VmHWM and a line VmRSS in kB")
	}
	for _, f := range found {
		kB, err := strconv.Atoi(f[2])
		if err != nil {
			return m, fmt.Errorf("status of a process: %w", err)
		}
		if f[1] == "VmHWM" {
			m.Peak = kB << 10
		} else {
			m.Now = kB << 10
		}
	}
	return m, nil
}
