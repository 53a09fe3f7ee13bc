package integration

import (
	"flag"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"
)

var house = flag.Duration("integration.house", time.Second, "how long 10,000 values are read once a second; from 20s on it is judged what that costs")

// TestHouse has 1,000 devices read ten values each once a second, of which one in a hundred has changed. Of all others there is no
// message. Unless it is judged what that costs, it has 100 devices, for tests run beside it.
func TestHouse(t *testing.T) {
	t.Parallel()
	meters := 1000
	if *house < 20*time.Second {
		meters = 100
	}
	broker := startMosquitto(t)
	dir := t.TempDir()
	var config strings.Builder
	fmt.Fprint(&config, "gateway: {name: gw, grace: 1s}\nmqtt: {qos: 1}\nmapping: {root: home, topics: [\"home/+/+/+/+/+/C\"]}\ndevices:\n")
	for i := range meters {
		fmt.Fprintf(&config, "  - {name: m%04d, type: meter, reply: never}\n", i)
	}
	u := join(t, broker.address, "home/+/+/+/+/+/S")
	gateway := start(t, dir, "testgateway", "run", "--config", write(t, dir, "gateway.yaml", config.String()), "--mqtt.broker=tcp://"+broker.address)
	gateway.says("msg=subscribed")
	count := func(within time.Duration) (states int) {
		for deadline := time.Now().Add(within); ; states++ {
			if _, ok := u.hear(time.Until(deadline)); !ok {
				return states
			}
		}
	}
	count(time.Second) // all that is described and read for the first time
	before, began := gateway.computed(), time.Now()
	states := count(*house)
	took := time.Since(began)
	share := (gateway.computed() - before).Seconds() / took.Seconds()
	t.Logf("%d values a second for %v: %d statuses, %.1f %% of a processor", 10*meters, took.Round(time.Second), states, 100*share)
	if *house < 20*time.Second {
		return
	}
	if share > 0.15 {
		t.Errorf("the gateway has computed for %.0f %% of the time, want 15 at most", 100*share)
	}
	if want := meters / 10 * int(took.Seconds()); states < want*9/10 || states > want*11/10 {
		t.Errorf("%d values were told, want those that have changed, about %d", states, want)
	}
}

// computed returns how long the program has computed so far, as far as the system tells.
func (p *program) computed() time.Duration {
	p.t.Helper()
	if runtime.GOOS != "linux" {
		return 0
	}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.cmd.Process.Pid))
	if err != nil {
		p.t.Fatal(err)
	}
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	user, _ := strconv.Atoi(fields[11])
	system, _ := strconv.Atoi(fields[12])
	return time.Duration(user+system) * time.Second / 100
}
