package integration

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mqttgateway/mqttgateway/integration/faults/trial"
	"github.com/mqttgateway/mqttgateway/internal/mqtt/direct"
)

// ground is everything around a gateway on trial: the devices are witnesses, the broker keeps a session for the
// gateway, and a ledger records the messages on both sides of it.
type ground struct {
	t         *testing.T
	ledger    *trial.Ledger
	broker    *mosquitto
	address   string // at which the gateway reaches the broker
	publisher *trial.Publisher
	observer  *trial.Observer
	gateways  []*program // the last one is running
	dir       string     // of the gateway
	witnesses []string   // names of the devices
	records   string     // folder of the devices' records
}

// work is how long a device takes for each command, and how much longer for each 40th.
type work struct{ takes, hiccup time.Duration }

// newGround prepares everything but the gateway, which is not started yet. The gateway has a number of devices, and
// further options of mqtt, written in YAML.
func newGround(t *testing.T, dir string, broker *mosquitto, address string, devices int, work work, spool bool, mqtt ...string) *ground {
	t.Helper()
	buildFaultGateway(t)
	g := &ground{t: t, dir: dir, broker: broker, address: address, ledger: trial.NewLedger()}
	for n := range devices {
		g.witnesses = append(g.witnesses, fmt.Sprintf("w%d", n))
	}
	// On a disk that is busy with a spool, devices would wait for their records, and count as slow.
	g.records = memory(t)
	g.configure(work, spool, mqtt)
	g.observer = trial.NewObserver(direct.Dial, broker.address, g.ledger, func(err error) { t.Errorf("the gateway says: %v", err) })
	t.Cleanup(g.observer.Close)
	g.publisher = trial.NewPublisher(direct.Dial, broker.address, g.ledger)
	t.Cleanup(g.publisher.Close)
	return g
}

var faultGateway = sync.OnceValues(func() (said []byte, err error) {
	args := []string{"build", "-o", programs}
	if raced() {
		args = append(args, "-race")
	}
	return exec.Command("go", append(args, "./faults/faultgateway")...).CombinedOutput()
})

// buildFaultGateway builds the program in the folder of those that TestMain has built.
func buildFaultGateway(t *testing.T) {
	t.Helper()
	if said, err := faultGateway(); err != nil {
		t.Fatalf("building the gateway: %v\n%s", err, said)
	}
}

func (g *ground) configure(work work, spool bool, mqtt []string) {
	g.t.Helper()
	dir := ""
	if spool {
		dir = "spool"
	}
	var config strings.Builder
	fmt.Fprintf(&config, `
gateway: {name: gw}
mqtt:
  {qos: 1, clean_session: false, keepalive: 1s, connect_timeout: 2s, lag: 100ms, reconnect: {min: 50ms, max: 500ms}, spool: %q%s}
mapping: {root: home, topics: [%q]}
log: {level: debug}
devices:
`, dir, strings.Join(append([]string{""}, mqtt...), ", "), trial.Commands)
	for _, name := range g.witnesses {
		fmt.Fprintf(&config, "  - {name: %[1]s, type: witness, answers_to: {device: [%[1]s]}, params: {dir: %[2]q, takes: %[3]v, hiccup: %[4]v}}\n",
			name, g.records, work.takes, work.hiccup)
	}
	write(g.t, g.dir, "faultgateway.yaml", config.String())
}

func (g *ground) gateway() *program { return g.gateways[len(g.gateways)-1] }

func (g *ground) startGateway() {
	g.t.Helper()
	g.gateways = append(g.gateways, start(g.t, g.dir, "faultgateway", "run", "--config", "faultgateway.yaml", "--mqtt.broker=tcp://"+g.address))
}

func (g *ground) send(device, action string) (int, error) {
	ctx, cancel := context.WithTimeout(g.t.Context(), recovery)
	defer cancel()
	return g.publisher.Send(ctx, device, action)
}

// lastWord sends commands to a device, which may be down, until the device echoes one.
func (g *ground) lastWord(device string) {
	g.t.Helper()
	deadline := time.Now().Add(recovery)
	for first := 0; time.Now().Before(deadline); {
		n, err := g.send(device, trial.Set)
		if err != nil {
			g.t.Fatalf("the last command to %s: %v", device, err)
		}
		if first == 0 {
			first = n
		}
		ctx, cancel := context.WithTimeout(g.t.Context(), 500*time.Millisecond)
		err = g.ledger.AwaitEcho(ctx, device, first-1)
		cancel()
		if err == nil {
			return
		}
	}
	g.t.Errorf("%s echoes nothing any more, %v after the last fault", device, recovery)
}

// result stops the gateway, and returns the result of the ledger.
func (g *ground) result() trial.Result {
	g.t.Helper()
	g.gateway().stop()
	for _, gateway := range g.gateways {
		g.readLog(gateway)
	}
	var records []io.Reader
	for _, device := range g.witnesses {
		record, err := os.ReadFile(filepath.Join(g.records, device))
		if err != nil {
			g.t.Fatal(err)
		}
		records = append(records, bytes.NewReader(record))
	}
	r, err := g.ledger.Result(records...)
	if err != nil {
		g.t.Fatal(err)
	}
	return r
}

var (
	arrival = regexp.MustCompile(`msg="message in" .*"n":(\d+)`)
	refusal = regexp.MustCompile(`msg="message refused" .*"n":(\d+).* err="?([^"]+)"?`)
)

// readLog reads from the log in which order commands have come, and which of them the gateway has refused, perhaps
// without an answer. It fails the test if there was a data race.
func (g *ground) readLog(gateway *program) {
	g.t.Helper()
	lines, _, _ := gateway.lines.from(0)
	for _, line := range lines {
		if strings.Contains(line, "DATA RACE") {
			g.t.Errorf("the gateway says: %s", line)
		}
		if found := arrival.FindStringSubmatch(line); found != nil {
			n, _ := strconv.Atoi(found[1]) // only digits match
			g.ledger.Arrived(n)
		}
		if found := refusal.FindStringSubmatch(line); found != nil {
			n, _ := strconv.Atoi(found[1]) // only digits match
			g.ledger.Refused(n, found[2])
		}
	}
}

// unexcused returns the refusals that should have been answered. A number of refusals for lack of room is allowed.
func unexcused(refused []trial.Case) (cases []trial.Case) {
	for _, c := range refused {
		if !strings.Contains(c.Why, "full") {
			cases = append(cases, c)
		}
	}
	return cases
}
