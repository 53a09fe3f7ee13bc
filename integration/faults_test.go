package integration

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"
	"iter"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/mqttgateway/mqttgateway/integration/faults"
	"github.com/mqttgateway/mqttgateway/integration/faults/trial"
)

var (
	faultsSeed  = flag.Uint64("faults.seed", 1, "what the faults are drawn from")
	faultsTime  = flag.Duration("faults.time", 30*time.Second, "how long they strike")
	faultsSpool = flag.Bool("faults.spool", true, "give the gateway a spool, if it can have one")
)

const (
	commandEvery = 5 * time.Millisecond // at most
	recovery     = 20 * time.Second     // of everything, after a fault; the longest is a device's back-off
)

// TestFaults has faults strike a gateway while commands flow through it, and sees what is lost. A minute must bring
// 5,000 commands and every kind of fault three times; a shorter trial in proportion.
func TestFaults(t *testing.T) {
	seed := *faultsSeed
	t.Logf("-faults.seed=%d -faults.time=%v", seed, *faultsTime)
	f := newFaultTrial(t, 0, false)
	f.run(trial.Plan(seed), *faultsTime)
	r := f.finish()
	t.Logf("\n%s\n%s", r, f.struck())

	part := min(faultsTime.Seconds()/60, 1)
	if least := int(5000 * part); r.Acknowledged < least {
		t.Errorf("only %d commands were acknowledged, want %d", r.Acknowledged, least)
	}
	for _, kind := range trial.Kinds {
		if least := max(1, int(3*part)); f.came[kind] < least {
			t.Errorf("%s came only %d times, want %d", kind, f.came[kind], least)
		}
	}
	for _, lost := range []struct {
		what  string
		cases []trial.Case
	}{
		{"commands lost", r.Lost},
		{"commands refused without an answer", f.unexcused(r.Unanswered)},
		{"statuses of handled commands lost", r.EchoesLost},
		{"statuses lost though their receipt said kept", r.KeptLost},
	} {
		if len(lost.cases) > 0 {
			t.Errorf("seed %d: %d %s:\n%s", seed, len(lost.cases), lost.what, f.story(lost.cases))
		}
	}
	if most := r.Acknowledged / 50; len(r.Doubled) > most || r.EchoesDoubled > most {
		t.Errorf("seed %d: %d commands and %d statuses doubled, want %d at most; of the commands:\n%s",
			seed, len(r.Doubled), r.EchoesDoubled, most, f.story(r.Doubled))
	}
	if len(r.Disordered)+r.EchoesDisordered > 0 {
		t.Errorf("seed %d: %d commands and %d statuses out of order; of the commands:\n%s",
			seed, len(r.Disordered), r.EchoesDisordered, f.story(r.Disordered))
	}
}

// TestFaultsAutoAck shows that a trial notices what acknowledging too early loses: it kills a gateway whose devices
// can't keep up, once as it is, and once with a proxy that acknowledges all it hands to the gateway.
func TestFaultsAutoAck(t *testing.T) {
	kill := trial.Strike{Kind: trial.GatewayKill, Pause: time.Second}
	for _, c := range []struct {
		name  string
		auto  bool
		loses bool
	}{
		{"when the devices are done", false, false},
		{"automatically", true, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFaultTrial(t, 30*time.Millisecond, c.auto)
			f.run(slices.Values([]trial.Strike{kill, kill, kill}), 10*time.Second)
			r := f.finish()
			t.Logf("\n%s", r)
			if loses := len(r.Lost) > 0; loses != c.loses {
				t.Errorf("%d of %d commands were lost, want some: %t", len(r.Lost), r.Acknowledged, c.loses)
			}
		})
	}
}

// faultTrial is a gateway behind a proxy, a broker, and those who watch.
type faultTrial struct {
	t         *testing.T
	ledger    *trial.Ledger
	broker    *mosquitto
	proxy     *faults.Proxy
	publisher *trial.Publisher
	observer  *trial.Observer
	gateways  []*program // the last is the one that runs
	dir       string     // of the gateway, and what its devices write down
	answers   bool       // the gateway answers commands

	panics int
	came   map[trial.Kind]int
	said   []string // the strikes
}

var witnesses = []string{"w0", "w1", "w2", "w3"}

// newFaultTrial starts all of it. Devices take that long for a command.
func newFaultTrial(t *testing.T, takes time.Duration, autoAck bool) *faultTrial {
	t.Helper()
	f := &faultTrial{t: t, dir: t.TempDir(), came: make(map[trial.Kind]int)}
	buildFaultGateway(t)
	f.broker = startMosquitto(t, "persistence true", "persistence_location "+memory(t)+"/",
		"autosave_on_changes true", "autosave_interval 20", "pid_file "+f.pidFile())
	proxy, err := faults.Listen(freeAddress(t), f.broker.address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(proxy.Close)
	proxy.AutoAck(autoAck)
	f.proxy = proxy
	f.configure(takes)

	f.ledger = trial.NewLedger()
	f.observer = trial.NewObserver(f.broker.address, f.ledger, func(err error) { t.Errorf("the gateway says: %v", err) })
	t.Cleanup(f.observer.Close)
	f.publisher = trial.NewPublisher(f.broker.address, f.ledger)
	t.Cleanup(f.publisher.Close)
	f.startGateway()
	f.gateway().says("msg=subscribed")
	f.restartBroker() // which has then written down the sessions that there are
	return f
}

// memory returns a folder in memory, if there can be one: it outlives a process, and the broker writes into it without
// end.
func memory(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "faults")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// buildFaultGateway builds the program beside those that TestMain has built.
func buildFaultGateway(t *testing.T) {
	t.Helper()
	args := []string{"build", "-o", programs}
	if raced() {
		args = append(args, "-race")
	}
	if said, err := exec.Command("go", append(args, "./faults/faultgateway")...).CombinedOutput(); err != nil {
		t.Fatalf("building the gateway: %v\n%s", err, said)
	}
}

func (f *faultTrial) configure(takes time.Duration) {
	f.t.Helper()
	known, err := exec.Command(filepath.Join(programs, "faultgateway"), "config").Output()
	if err != nil {
		f.t.Fatalf("asking the gateway for its options: %v", err)
	}
	knows := func(key string) bool { return regexp.MustCompile(`(?m)^[ #-]*` + key + `:`).Match(known) }
	f.answers = knows("reply")
	spool := ""
	if *faultsSpool && knows("spool") {
		spool = ", spool: " + filepath.Join(f.dir, "spool")
	}
	f.t.Logf("spool: %t, answers: %t", spool != "", f.answers)
	var config strings.Builder
	fmt.Fprintf(&config, `
gateway: {name: gw}
mqtt:
  {qos: 1, clean_session: false, keepalive: 1s, connect_timeout: 2s, lag: 100ms, reconnect: {min: 50ms, max: 500ms}%s}
mapping: {root: home, topics: [%q]}
log: {level: debug}
devices:
`, spool, trial.Commands)
	for _, name := range witnesses {
		fmt.Fprintf(&config, "  - {name: %[1]s, type: witness, answers_to: {device: [%[1]s]}, params: {dir: %[2]q, takes: %[3]v}}\n", name, f.dir, takes)
	}
	write(f.t, f.dir, "faultgateway.yaml", config.String())
}

// run has faults strike while commands flow, for that long at most.
func (f *faultTrial) run(strikes iter.Seq[trial.Strike], long time.Duration) {
	f.t.Helper()
	ctx, cancel := context.WithTimeout(f.t.Context(), long)
	defer cancel()
	var flowing sync.WaitGroup
	defer flowing.Wait()
	flowing.Go(func() { f.publisher.Flow(ctx, commandEvery, witnesses...) })
	defer cancel() // also if a strike fails the test
	for s := range strikes {
		for !f.strikes(s) && ctx.Err() == nil {
			f.mended(s) // there was nothing for it to strike
		}
		if ctx.Err() != nil {
			return
		}
		if s.Mend {
			f.mended(s)
		}
		f.pause(s.Pause)
	}
}

// strikes reports whether it really did.
func (f *faultTrial) strikes(s trial.Strike) bool {
	f.t.Helper()
	began, before := f.ledger.Since(), f.proxy.Struck()
	f.strike(s)
	switch s.Kind {
	case trial.BrokerRestart, trial.BrokerKill, trial.GatewayKill, trial.DevicePanic:
	default:
		if f.proxy.Struck() == before {
			return false
		}
	}
	f.came[s.Kind]++
	f.said = append(f.said, fmt.Sprintf("%6.2f–%.2f s %v", began.Seconds(), f.ledger.Since().Seconds(), s))
	return true
}

// pause lets time pass in which all else goes on.
func (f *faultTrial) pause(d time.Duration) { <-time.After(d) }

// mended waits until commands pass again.
func (f *faultTrial) mended(after trial.Strike) {
	f.t.Helper()
	ctx, cancel := context.WithTimeout(f.t.Context(), recovery)
	defer cancel()
	if err := f.ledger.AwaitEcho(ctx, "", f.ledger.Last()); err != nil {
		f.t.Fatalf("nothing passes %v after %v:\n%s", recovery, after, strings.Join(f.said, "\n"))
	}
}

func (f *faultTrial) strike(s trial.Strike) {
	f.t.Helper()
	switch s.Kind {
	case trial.BrokerRestart:
		f.restartBroker()
	case trial.BrokerKill:
		f.broker.kill()
		f.watchersLost()
		f.ledger.BrokerDied()
		f.broker.start()
		f.watchersBack()
	case trial.GatewayKill:
		_ = f.gateway().cmd.Process.Kill()
		<-f.gateway().ended
		f.startGateway()
	case trial.DevicePanic:
		if _, err := f.send(witnesses[f.panics%len(witnesses)], trial.Panic); err != nil {
			f.t.Fatalf("telling a device to panic: %v", err)
		}
		f.panics++
	case trial.CutFIN, trial.CutRST, trial.HalfCut:
		f.proxy.Cut(s.Way, s.How)
	case trial.Refuse:
		f.refuse(true)
		f.proxy.Cut(faults.Both, faults.RST)
		f.pause(s.For)
		f.refuse(false)
	default:
		f.proxy.Inject(s.Way, s.Fault)
		f.pause(s.For)
		f.proxy.Heal()
	}
}

func (f *faultTrial) refuse(on bool) {
	f.t.Helper()
	if err := f.proxy.Refuse(on); err != nil {
		f.t.Fatal(err)
	}
}

func (f *faultTrial) send(device, action string) (int, error) {
	ctx, cancel := context.WithTimeout(f.t.Context(), recovery)
	defer cancel()
	return f.publisher.Send(ctx, device, action)
}

func (f *faultTrial) gateway() *program { return f.gateways[len(f.gateways)-1] }

func (f *faultTrial) startGateway() {
	f.t.Helper()
	f.gateways = append(f.gateways, start(f.t, f.dir, "faultgateway", "run", "--config", "faultgateway.yaml", "--mqtt.broker=tcp://"+f.proxy.Address()))
}

func (f *faultTrial) pidFile() string { return filepath.Join(f.dir, "mosquitto.pid") }

// restartBroker has the broker end in good order, and starts it again.
func (f *faultTrial) restartBroker() {
	f.t.Helper()
	text, err := os.ReadFile(f.pidFile())
	if err != nil {
		f.t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		f.t.Fatalf("the broker's %s: %v", f.pidFile(), err)
	}
	broker, err := os.FindProcess(pid)
	if err == nil {
		err = broker.Signal(syscall.SIGTERM)
	}
	if err != nil {
		f.t.Fatalf("stopping the broker: %v", err)
	}
	// It takes the file away at the very end.
	for deadline := time.Now().Add(patience); ; f.pause(5 * time.Millisecond) {
		if _, err := os.Stat(f.pidFile()); os.IsNotExist(err) {
			break
		}
		if time.Now().After(deadline) {
			f.t.Fatal("the broker does not end")
		}
	}
	f.broker.kill()
	f.watchersLost()
	f.broker.start()
	f.watchersBack()
}

func (f *faultTrial) watchersLost() { f.watchers("lost", f.publisher.Lost, f.observer.Lost) }

func (f *faultTrial) watchersBack() {
	f.watchers("connected", f.publisher.Connected, f.observer.Connected)
}

func (f *faultTrial) watchers(what string, waits ...func(context.Context) error) {
	f.t.Helper()
	ctx, cancel := context.WithTimeout(f.t.Context(), patience)
	defer cancel()
	for _, wait := range waits {
		if err := wait(ctx); err != nil {
			f.t.Fatalf("publisher and observer are not %s: %v", what, err)
		}
	}
}

// finish waits until every device has echoed one command more, behind which nothing is left, stops the gateway, and
// adds up.
func (f *faultTrial) finish() trial.Result {
	f.t.Helper()
	for _, device := range witnesses {
		f.lastWord(device)
	}
	f.gateway().stop()
	for _, gateway := range f.gateways {
		f.readLog(gateway)
	}
	var records []io.Reader
	for _, device := range witnesses {
		record, err := os.ReadFile(filepath.Join(f.dir, device))
		if err != nil {
			f.t.Fatal(err)
		}
		records = append(records, bytes.NewReader(record))
	}
	r, err := f.ledger.Result(records...)
	if err != nil {
		f.t.Fatal(err)
	}
	f.came[trial.DevicePanic] = r.Panicked // not those refused by devices that were down
	return r
}

// lastWord sends commands to a device, which may be down, until it echoes one.
func (f *faultTrial) lastWord(device string) {
	f.t.Helper()
	deadline := time.Now().Add(recovery)
	for first := 0; time.Now().Before(deadline); {
		n, err := f.send(device, trial.Set)
		if err != nil {
			f.t.Fatalf("the last command to %s: %v", device, err)
		}
		if first == 0 {
			first = n
		}
		ctx, cancel := context.WithTimeout(f.t.Context(), 500*time.Millisecond)
		err = f.ledger.AwaitEcho(ctx, device, first-1)
		cancel()
		if err == nil {
			return
		}
	}
	f.t.Errorf("%s echoes nothing any more, %v after the last fault", device, recovery)
}

var (
	arrival = regexp.MustCompile(`msg="message in" .*"n":(\d+)`)
	refusal = regexp.MustCompile(`msg="message refused" .*"n":(\d+).* err="?([^"]+)"?`)
)

// readLog looks for the order in which commands came, for what the gateway refused, which answers may not tell, and for
// data races.
func (f *faultTrial) readLog(gateway *program) {
	f.t.Helper()
	lines, _, _ := gateway.lines.from(0)
	for _, line := range lines {
		if strings.Contains(line, "DATA RACE") {
			f.t.Errorf("the gateway says: %s", line)
		}
		if found := arrival.FindStringSubmatch(line); found != nil {
			n, _ := strconv.Atoi(found[1]) // digits
			f.ledger.Arrived(n)
		}
		if found := refusal.FindStringSubmatch(line); found != nil {
			n, _ := strconv.Atoi(found[1]) // digits
			f.ledger.Refused(n, found[2])
		}
	}
}

// unexcused returns the refusals that should have been answered. Of those for want of room only so many are.
func (f *faultTrial) unexcused(refused []trial.Case) (cases []trial.Case) {
	for _, c := range refused {
		if f.answers && !strings.Contains(c.Why, "full") && !strings.Contains(c.Why, "slow") {
			cases = append(cases, c)
		}
	}
	return cases
}

// struck tells how often each kind of fault came.
func (f *faultTrial) struck() string {
	var text strings.Builder
	for _, kind := range trial.Kinds {
		fmt.Fprintf(&text, "%4d × %s\n", f.came[kind], kind)
	}
	return text.String()
}

// story shows the first of the cases, and what struck.
func (f *faultTrial) story(cases []trial.Case) string {
	var text strings.Builder
	for _, c := range cases[:min(len(cases), 20)] {
		fmt.Fprintf(&text, "  %v\n", c)
	}
	fmt.Fprintf(&text, "what struck:\n  %s", strings.Join(f.said, "\n  "))
	return text.String()
}
