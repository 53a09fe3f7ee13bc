package integration

import (
	"context"
	"flag"
	"fmt"
	"iter"
	"os"
	"path/filepath"
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
	commandEvery = 5 * time.Millisecond // shortest time between two commands
	// Of everything, after a fault; the longest are a device's back-off, and the wait after suspected takeovers.
	recovery = 30 * time.Second
	// The most messages that are under way between broker and gateway, in either direction: no more come again in the next
	// session.
	mostInFlight = 20
)

// TestFaults strikes a gateway with faults while commands pass through it, over each transport, and counts what is
// lost. A minute must contain 5,000 commands and each kind of fault three times, and a shorter trial a part of that in
// proportion.
func TestFaults(t *testing.T) {
	t.Logf("-faults.seed=%d -faults.time=%v", *faultsSeed, *faultsTime)
	overTransports(t, testFaults)
}

func testFaults(t *testing.T, transport string) {
	seed := *faultsSeed
	f := newFaultTrial(t, transport, 0, false)
	part := min(faultsTime.Seconds()/60, 1)
	ofEach := max(1, int(3*part))
	f.run(trial.Plan(seed), *faultsTime, ofEach)
	f.panicAtLeast(ofEach)
	r := f.finish()
	sessions := len(f.proxy.Opened())
	t.Logf("\n%s\n%s%4d sessions", r, f.struck(), sessions)

	if least := int(5000 * part); r.Acknowledged < least {
		t.Errorf("only %d commands were acknowledged, want %d", r.Acknowledged, least)
	}
	for _, kind := range trial.Kinds {
		if f.came[kind] < ofEach {
			t.Errorf("%s came only %d times, want %d", kind, f.came[kind], ofEach)
		}
	}
	for _, lost := range []struct {
		what  string
		cases []trial.Case
	}{
		{"commands lost", r.Lost},
		{"commands refused without an answer", unexcused(r.Unanswered)},
		{"statuses of handled commands lost", r.EchoesLost},
		{"statuses lost though their receipt said kept", r.KeptLost},
		{"commands doubled that were under way at no beginning of a session", r.Repeated},
	} {
		if len(lost.cases) > 0 {
			t.Errorf("seed %d: %d %s:\n%s", seed, len(lost.cases), lost.what, f.story(lost.cases))
		}
	}
	if r.EchoesRepeated > 0 {
		t.Errorf("seed %d: %d statuses doubled that were under way at no beginning of a session", seed, r.EchoesRepeated)
	}
	if most := mostInFlight * sessions; len(r.Doubled) > most || r.EchoesDoubled > most {
		t.Errorf("seed %d: %d commands and %d statuses doubled in %d sessions, want %d at most; of the commands:\n%s",
			seed, len(r.Doubled), r.EchoesDoubled, sessions, most, f.story(r.Doubled))
	}
	if len(r.Disordered)+r.EchoesDisordered > 0 {
		t.Errorf("seed %d: %d commands and %d statuses out of order; of the commands:\n%s",
			seed, len(r.Disordered), r.EchoesDisordered, f.story(r.Disordered))
	}
}

// TestFaultsAutoAck shows that a trial notices commands that are lost by an early acknowledgement: it kills a gateway
// with slow devices, once as it is, and once behind a proxy that acknowledges everything that it passes to the gateway.
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
			f := newFaultTrial(t, transports[0], 30*time.Millisecond, c.auto)
			f.run(slices.Values([]trial.Strike{kill, kill, kill}), 10*time.Second, 0)
			r := f.finish()
			t.Logf("\n%s", r)
			if loses := len(r.Lost) > 0; loses != c.loses {
				t.Errorf("%d of %d commands were lost, want some: %t", len(r.Lost), r.Acknowledged, c.loses)
			}
		})
	}
}

// faultTrial is a gateway on trial, with faults of its link that a proxy makes.
type faultTrial struct {
	*ground
	proxy *faults.Proxy

	panics int
	came   map[trial.Kind]int
	said   []string // the strikes, as text
}

// newFaultTrial starts everything. takes is how long a device takes for a command.
func newFaultTrial(t *testing.T, transport string, takes time.Duration, autoAck bool) *faultTrial {
	t.Helper()
	dir := t.TempDir()
	broker := startMosquitto(t, "persistence true", "persistence_location "+memory(t)+"/",
		"autosave_on_changes true", "autosave_interval 20", "pid_file "+pidFile(dir),
		fmt.Sprintf("max_inflight_messages %d", mostInFlight))
	proxy, err := faults.Listen(freeAddress(t), broker.address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(proxy.Close)
	proxy.AutoAck(autoAck)
	f := &faultTrial{
		ground: newGround(t, dir, broker, proxy.Address(), 4, work{takes: takes}, *faultsSpool, "transport: "+transport),
		proxy:  proxy,
		came:   make(map[trial.Kind]int),
	}
	f.startGateway()
	f.gateway().says("msg=subscribed")
	f.restartBroker() // the broker has then saved the sessions
	return f
}

// memory returns a folder in memory, if the system has one: files there survive the process, and the broker, which
// writes all the time, does not wait for a disk.
func memory(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "faults")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// run strikes the gateway with faults for long, and somewhat longer until each kind has come so often. Commands pass until
// the last strike is mended: there must be one that can show it.
func (f *faultTrial) run(strikes iter.Seq[trial.Strike], long time.Duration, ofEach int) {
	f.t.Helper()
	ctx, cancel := context.WithCancel(f.t.Context())
	var flowing sync.WaitGroup
	defer flowing.Wait()
	flowing.Go(func() { f.publisher.Flow(ctx, commandEvery, f.witnesses...) })
	defer cancel() // also if a strike fails the test
	end := time.Now().Add(long)
	over := func() bool {
		late := time.Since(end)
		return late >= recovery || late >= 0 && !slices.ContainsFunc(trial.Kinds, func(k trial.Kind) bool { return f.came[k] < ofEach })
	}
	for s := range strikes {
		for !f.strikes(s) && !over() {
			f.mended(s) // the strike had no effect
		}
		if over() {
			return
		}
		if s.Mend {
			f.mended(s)
		}
		f.pause(s.Pause)
	}
}

// strikes carries out a strike, and reports whether it had an effect.
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

// pause waits while everything else goes on.
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
		f.ledger.Begun(time.Now()) // by the observer, once the broker is there
		f.broker.start()
		f.watchersBack()
	case trial.GatewayKill:
		f.gateway().kill()
		f.startGateway()
	case trial.DevicePanic:
		if _, err := f.send(f.witnesses[f.panics%len(f.witnesses)], trial.Panic); err != nil {
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

func pidFile(dir string) string { return filepath.Join(dir, "mosquitto.pid") }

// restartBroker ends the broker in good order, and starts it again.
func (f *faultTrial) restartBroker() {
	f.t.Helper()
	path := pidFile(f.dir)
	text, err := os.ReadFile(path)
	if err != nil {
		f.t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		f.t.Fatalf("the broker's %s: %v", path, err)
	}
	broker, err := os.FindProcess(pid)
	if err == nil {
		err = broker.Signal(syscall.SIGTERM)
	}
	if err != nil {
		f.t.Fatalf("stopping the broker: %v", err)
	}
	// The broker removes the file at the very end.
	for deadline := time.Now().Add(patience); ; f.pause(5 * time.Millisecond) {
		if _, err := os.Stat(path); os.IsNotExist(err) {
			break
		}
		if time.Now().After(deadline) {
			f.t.Fatal("the broker does not end")
		}
	}
	f.broker.kill()
	f.watchersLost()
	f.ledger.Begun(time.Now()) // by the observer, once the broker is there
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

// finish waits until every device has echoed one more command, after which nothing is under way, stops the gateway, and
// returns the result.
func (f *faultTrial) finish() trial.Result {
	f.t.Helper()
	for _, device := range f.witnesses {
		f.lastWord(device)
	}
	f.ledger.Begun(f.proxy.Opened()...)
	r := f.result()
	f.came[trial.DevicePanic] = r.Panicked // without the commands that were refused by devices that were down
	return r
}

// panicAtLeast makes devices panic until that has happened so often: a device that is down has refused to, and a killed broker may
// have lost the command.
func (f *faultTrial) panicAtLeast(least int) {
	f.t.Helper()
	for deadline := time.Now().Add(recovery); f.panicked() < least && time.Now().Before(deadline); {
		device := f.witnesses[f.panics%len(f.witnesses)]
		f.lastWord(device) // the device is there, and has done what was to come before
		f.strike(trial.Strike{Kind: trial.DevicePanic})
		f.lastWord(device)
	}
}

// panicked returns over how many commands devices have panicked, according to their records.
func (f *faultTrial) panicked() int {
	f.t.Helper()
	over := make(map[int]bool)
	for _, device := range f.witnesses {
		record, err := os.Open(filepath.Join(f.records, device))
		if err == nil {
			err = trial.Read(record, func(e trial.Event, n int, _ time.Time) {
				if e == trial.Panicked {
					over[n] = true
				}
			})
			record.Close()
		}
		if err != nil {
			f.t.Fatal(err)
		}
	}
	return len(over)
}

// struck returns how often each kind of fault came.
func (f *faultTrial) struck() string {
	var text strings.Builder
	for _, kind := range trial.Kinds {
		fmt.Fprintf(&text, "%4d × %s\n", f.came[kind], kind)
	}
	return text.String()
}

// story shows the first of the cases, and the strikes.
func (f *faultTrial) story(cases []trial.Case) string {
	var text strings.Builder
	for _, c := range cases[:min(len(cases), 20)] {
		fmt.Fprintf(&text, "  %v\n", c)
	}
	fmt.Fprintf(&text, "what struck:\n  %s", strings.Join(f.said, "\n  "))
	return text.String()
}
