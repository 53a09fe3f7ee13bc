//go:build unix

package integration

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// countingProgram is a program that says how often it was begun, and leaves a child behind if nobody looks after it.
const countingProgram = `
echo $$ >> "pids.$1"
sleep 600 &
echo '{"hello":{"protocol":1},"entities":[{"id":"begun","kind":"number"}]}'
echo "{\"values\":{\"begun\":$(wc -l < "pids.$1")}}"
while read -r line; do
	case "$line" in *'"stop"'*) exit 0 ;; esac
done
`

// TestPrograms kills programs of fifty exec devices at random, and some of them while they begin. All are back afterwards, and after the stop nothing
// is left of them.
func TestPrograms(t *testing.T) {
	t.Parallel()
	const many = 50
	dir, work := t.TempDir(), t.TempDir() // nothing but the programs works in the second
	broker := startMosquitto(t)
	program := write(t, dir, "counter.sh", countingProgram)
	var text strings.Builder
	text.WriteString("gateway: {name: gw}\nmqtt: {qos: 1}\nmapping: {root: home, topics: [home/+/+/+/+/+/C]}\ndevices:\n")
	for i := range many {
		fmt.Fprintf(&text, "  - {name: p%d, type: exec, retry: {min: 100ms, max: 1s}, params: {run: [sh, %s, \"%d\"], dir: %s, grace: 2s}}\n", i, program, i, work)
	}
	config := write(t, dir, "gateway.yaml", text.String())
	u := join(t, broker.address, "home/$gateway/gw/+/values")
	gateway := start(t, dir, "gateway", "run", "--config", config, "--mqtt.broker=tcp://"+broker.address)
	said := map[string]string{} // by topic, the latest values
	await := func(when string, program int) {
		t.Helper()
		topic := fmt.Sprintf("home/$gateway/gw/p%d/values", program)
		for deadline := time.Now().Add(2 * patience); ; {
			pids := pidsOf(work, program)
			if n := len(pids); n > 0 && isAlive(pids[n-1]) && said[topic] == fmt.Sprintf(`{"begun":%d}`, n) {
				return
			}
			m, ok := u.hearAny(time.Until(deadline))
			if !ok {
				t.Fatalf("%s: p%d has begun %d times, and said last %s", when, program, len(pids), said[topic])
			}
			said[m.topic] = m.payload
		}
	}
	for i := range many {
		await("at the beginning", i)
	}
	kills := 0
	for end := time.Now().Add(*programsTime); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		pids := pidsOf(work, rand.IntN(many))
		if pid := pids[len(pids)-1]; isAlive(pid) && syscall.Kill(pid, syscall.SIGKILL) == nil {
			kills++
		}
	}
	for i := range many {
		await(fmt.Sprintf("after %d kills", kills), i)
	}
	if left := workingIn(work); runtime.GOOS == "linux" && len(left) < 2*many {
		t.Errorf("there are %d processes while all programs run, each of which has a child", len(left))
	}
	t.Logf("%d programs, killed %d times", many, kills)
	gateway.stop()
	for deadline := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		left := workingIn(work)
		if len(left) == 0 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("left behind are the processes %s", left)
		}
	}
}

// pidsOf returns the processes of a program, one for each time that it has begun.
func pidsOf(dir string, program int) (pids []int) {
	text, _ := os.ReadFile(filepath.Join(dir, fmt.Sprintf("pids.%d", program)))
	for _, field := range strings.Fields(string(text)) {
		if pid, err := strconv.Atoi(field); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids
}

// workingIn returns the processes that work in a folder, as far as the system tells by files in /proc.
func workingIn(dir string) (pids []string) {
	all, _ := filepath.Glob("/proc/[0-9]*/cwd")
	for _, cwd := range all {
		if at, err := os.Readlink(cwd); err == nil && at == dir {
			pids = append(pids, filepath.Base(filepath.Dir(cwd)))
		}
	}
	return pids
}

// isAlive reports whether there is a process, that is not only waiting for its parent to take note of its end.
func isAlive(pid int) bool {
	if syscall.Kill(pid, 0) != nil {
		return false
	}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err != nil || !strings.Contains(string(stat), ") Z ")
}
