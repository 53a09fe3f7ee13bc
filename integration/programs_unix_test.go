//go:build unix

package integration

import (
	"fmt"
	"os"
	"path/filepath"
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
echo $! >> "pids.$1"
echo '{"hello":{"protocol":1},"entities":[{"id":"begun","kind":"number"}]}'
echo "{\"values\":{\"begun\":$(($(wc -l < "pids.$1") / 2))}}"
while read -r line; do
	case "$line" in *'"stop"'*) exit 0 ;; esac
done
`

// TestPrograms kills the programs of exec devices, each three times: all of them are back, and after the stop nothing is left of them.
func TestPrograms(t *testing.T) {
	t.Parallel()
	const many, kills = 8, 3
	dir := t.TempDir()
	broker := startMosquitto(t)
	program := write(t, dir, "counter.sh", countingProgram)
	var text strings.Builder
	text.WriteString("gateway: {name: gw}\nmqtt: {qos: 1}\nmapping: {root: home, topics: [home/+/+/+/+/+/C]}\ndevices:\n")
	for i := range many {
		fmt.Fprintf(&text, "  - {name: p%d, type: exec, retry: {min: 10ms, max: 50ms}, params: {run: [sh, %s, \"%d\"], dir: %s, grace: 1s}}\n", i, program, i, dir)
	}
	config := write(t, dir, "gateway.yaml", text.String())
	u := join(t, broker.address, "home/$gateway/gw/+/values")
	gateway := start(t, dir, "gateway", "run", "--config", config, "--mqtt.broker=tcp://"+broker.address)
	for begun := 1; ; begun++ {
		var want []message
		for i := range many {
			want = append(want, message{topic: fmt.Sprintf("home/$gateway/gw/p%d/values", i), payload: fmt.Sprintf(`{"begun":%d}`, begun), qos: 1})
		}
		u.await(fmt.Sprintf("begun %d times", begun), want...)
		if begun > kills {
			break
		}
		for i := range many {
			all := pidsOf(t, dir, i)
			if err := syscall.Kill(all[len(all)-2], syscall.SIGKILL); err != nil {
				t.Error(err)
			}
		}
	}
	gateway.stop()
	for i := range many {
		for _, pid := range pidsOf(t, dir, i) {
			for deadline := time.Now().Add(patience); isAlive(pid); time.Sleep(10 * time.Millisecond) {
				if time.Now().After(deadline) {
					t.Fatalf("process %d of p%d is left behind", pid, i)
				}
			}
		}
	}
}

// pidsOf returns the processes of a program, of each run the program's own and its child's.
func pidsOf(t *testing.T, dir string, program int) (pids []int) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, fmt.Sprintf("pids.%d", program)))
	if err != nil {
		t.Fatal(err)
	}
	for _, field := range strings.Fields(string(text)) {
		pid, err := strconv.Atoi(field)
		if err != nil {
			t.Fatal(err)
		}
		pids = append(pids, pid)
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
