package child

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// Others measures how much processor time other programs, and other machines on the same hardware, have used. A
// measurement beside a busy neighbour is not worth much.
type Others struct {
	began time.Time
	taken time.Duration // processor time of others before began
}

// WatchOthers begins to measure.
func WatchOthers() (Others, error) {
	taken, err := takenByOthers()
	return Others{time.Now(), taken}, err
}

// Share returns the part of all processors that others have had since WatchOthers, from 0 to 1. All children must have
// ended.
func (o Others) Share() (float64, error) {
	taken, err := takenByOthers()
	if err != nil {
		return 0, err
	}
	all := time.Since(o.began) * time.Duration(runtime.NumCPU())
	return max(0, (taken-o.taken).Seconds()/all.Seconds()), nil
}

// takenByOthers returns the processor time of the machine since its start, less that of this program and its children.
func takenByOthers() (time.Duration, error) {
	text, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0, err
	}
	taken, err := parseStat(string(text))
	if err != nil {
		return 0, err
	}
	own, err := takenByUs()
	return taken - own, err
}

// tick is the unit of /proc/stat.
const tick = time.Second / 100

// parseStat adds up the first line, "cpu USER NICE SYSTEM IDLE IOWAIT IRQ SOFTIRQ STEAL …", without the idle times.
func parseStat(text string) (busy time.Duration, err error) {
	line, _, _ := strings.Cut(text, "\n")
	fields := strings.Fields(line)
	if len(fields) < 9 || fields[0] != "cpu" {
		return 0, fmt.Errorf("/proc/stat begins with %q: want cpu and eight numbers", line)
	}
	for i, field := range fields[1:9] {
		n, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			return 0, fmt.Errorf("/proc/stat: %w", err)
		}
		if i != 3 && i != 4 {
			busy += time.Duration(n) * tick
		}
	}
	return busy, nil
}
