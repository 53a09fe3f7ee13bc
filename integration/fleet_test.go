package integration

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

var reloads = flag.Int("integration.reloads", 5, "how often 30 of 1,000 devices are others")

const (
	fleetSize   = 1000
	fleetChange = 10  // devices that are added, removed, and changed by each reload
	fleetRate   = 500 // commands a second to the devices that stay
	fleetPause  = 100 // commands between two reloads
)

// fleetConfig returns the configuration after a number of reloads. Devices named k… stay, those named c… have another
// mailbox each time, and those named gN… exist in generation N only.
func fleetConfig(generation int) string {
	var b strings.Builder
	b.WriteString("gateway: {name: gw}\nmqtt: {qos: 1}\nhealth: {socket: h.sock}\n" +
		"mapping: {root: home, topics: [\"home/+/+/+/+/+/C\"]}\ndevices:\n")
	device := func(name string, mailbox int) {
		fmt.Fprintf(&b, "  - {name: %[1]s, type: dummy, mailbox: %[2]d, answers_to: {device: [%[1]s]}, params: {port: none, interval: 0, echo: true}}\n", name, mailbox)
	}
	for i := range fleetSize - 2*fleetChange {
		device(fmt.Sprintf("k%d", i), 1000)
	}
	for i := range fleetChange {
		device(fmt.Sprintf("c%d", i), 1000+generation)
		device(fmt.Sprintf("g%d_%d", generation, i), 1000)
	}
	return b.String()
}

// TestReloadOfAFleet reloads a gateway of 1,000 devices, of which 10 are added, 10 removed and 10 changed each time,
// while 500 commands a second go to the devices that stay. These lose no command and are not opened again; the log
// tells of the 30 devices in one line, and of nothing else; and no reload leaves anything behind, in the gateway or at
// the broker.
func TestReloadOfAFleet(t *testing.T) {
	broker := startMosquitto(t)
	dir := t.TempDir()
	config := write(t, dir, "gateway.yaml", fleetConfig(0))
	gateway := start(t, dir, plain(t), "run", "--config", config, "--mqtt.broker=tcp://"+broker.address)
	gateway.says(fmt.Sprintf("msg=\"devices ready\" online=%d", fleetSize))
	gateway.says("msg=subscribed")
	states := join(t, broker.address, "home/$gateway/gw/+/state")
	for range fleetSize { // the retained states
		if _, ok := states.hearAny(patience); !ok {
			t.Fatal("not all devices are known to the broker")
		}
	}
	quiet := gateway.lines.len()
	work := newFleetWork(t, broker.address)

	var early, late footprint
	for generation := 1; generation <= *reloads; generation++ {
		work.wait(generation * fleetPause)
		write(t, dir, "gateway.yaml", fleetConfig(generation))
		if generation%2 == 0 {
			gateway.signal(syscall.SIGHUP)
		} else if said, faults, good := ask(t, "reload", config); !good || strings.Count(said, "\n") != 3*fleetChange {
			t.Fatalf("reload printed %q and %q, and was good: %t", said, faults, good)
		}
		awaitStates(t, states, generation)
		switch generation {
		case (*reloads + 1) / 2:
			early = gateway.footprint()
		case *reloads:
			late = gateway.footprint()
		}
	}
	work.finish()

	lines := slices.DeleteFunc(gateway.saidSince(quiet, ""), pattern(`msg="message received"`).MatchString) // of the dummies
	if len(lines) != *reloads {
		t.Errorf("%d lines of log, want one for each of %d reloads:\n%.4000s", len(lines), *reloads, strings.Join(lines, "\n"))
	}
	for i, line := range lines {
		names := func(format string, n int) string {
			var list []string
			for d := range fleetChange {
				list = append(list, fmt.Sprintf(format, n, d))
			}
			return strings.Join(list, " ")
		}
		want := fmt.Sprintf("added=10 added_devices=\"[%s]\" removed=10 removed_devices=\"[%s]\" changed=10 changed_devices=\"[%s]\" took=",
			names("g%d_%d", i+1), names("g%d_%d", i), "c0 c1 c2 c3 c4 c5 c6 c7 c8 c9")
		if !strings.Contains(line, want) {
			t.Errorf("the log says %s, want %s", line, want)
		}
	}
	if late.grewFrom(early, *reloads) {
		t.Errorf("after %d reloads the gateway has %v, after half of them %v", *reloads, late, early)
	}
	t.Logf("after %d reloads %v, after half of them %v", *reloads, late, early)
	if n := gateway.goroutines(); n > 100 {
		t.Errorf("%d goroutines, want no more than 100", n)
	}
}

// awaitStates waits until the broker has the states of the devices of a generation, and no longer those of the
// generation before. No state of a device that stays may come.
func awaitStates(t *testing.T, u *user, generation int) {
	t.Helper()
	left := 3 * fleetChange
	online := regexp.MustCompile(fmt.Sprintf(`/(c\d|g%d_\d)/state$`, generation))
	gone := regexp.MustCompile(fmt.Sprintf(`/g%d_\d/state$`, generation-1))
	for left > 0 {
		m, ok := u.hearAny(patience)
		switch {
		case !ok:
			t.Fatalf("generation %d: the broker has not heard of %d devices", generation, left)
		case gone.MatchString(m.topic):
			if m.payload == "" {
				left--
			}
		case !online.MatchString(m.topic):
			t.Errorf("generation %d: %v, which has not changed", generation, m)
		case m.payload == "online":
			left--
		}
	}
}

// fleetWork sends numbered commands to the devices that stay.
type fleetWork struct {
	t    *testing.T
	user *user
	sent atomic.Int64
	stop chan struct{}
	done chan struct{}
}

func newFleetWork(t *testing.T, address string) *fleetWork {
	w := &fleetWork{t: t, user: join(t, address, "home/+/+/+/+/gw/S"), stop: make(chan struct{}), done: make(chan struct{})}
	go func() {
		defer close(w.done)
		pace := time.NewTicker(time.Second / fleetRate)
		defer pace.Stop()
		for n := 0; ; n++ {
			select {
			case <-w.stop:
				return
			case <-pace.C:
			}
			w.user.mark(message{
				topic:   fmt.Sprintf("home////k%d/me/C", n%(fleetSize-2*fleetChange)),
				payload: fmt.Sprintf(`{"action":"on","seq":%d}`, n), qos: 1,
			})
			w.sent.Add(1)
		}
	}()
	t.Cleanup(w.end)
	return w
}

// wait returns when a number of commands have been answered.
func (w *fleetWork) wait(answers int) {
	w.t.Helper()
	if _, ok := w.user.heard.next(answers-1, patience); !ok {
		w.t.Fatalf("of %d commands %d are answered, want %d", w.sent.Load(), w.user.heard.len(), answers)
	}
}

func (w *fleetWork) end() {
	select {
	case <-w.stop:
	default:
		close(w.stop)
	}
	<-w.done
}

// finish waits until each command is answered, and fails the test if one is not, or if too many are answered twice.
func (w *fleetWork) finish() {
	w.t.Helper()
	w.end()
	sent := int(w.sent.Load())
	answered := make(map[string]bool, sent)
	for read := 0; len(answered) < sent; read++ {
		m, ok := w.user.heard.next(read, patience)
		if !ok {
			w.t.Fatalf("of %d commands %d are lost", sent, sent-len(answered))
		}
		answered[m.payload] = true
	}
	if twice := w.user.heard.len() - sent; twice > sent/50 {
		w.t.Errorf("of %d commands %d are answered twice", sent, twice)
	}
}

// footprint is what a process uses of the system.
type footprint struct{ descriptors, memory int }

func (f footprint) String() string {
	return fmt.Sprintf("%d descriptors and %d MB", f.descriptors, f.memory/1e6)
}

// grewFrom reports whether a program has leaked something in the rounds between before and f. One descriptor more is
// allowed, since it may be about to be closed. Memory is compared only after many rounds, and not in a program with the
// race detector, whose memory grows with everything that was ever used.
func (f footprint) grewFrom(before footprint, rounds int) bool {
	const many = 20
	return f.descriptors > before.descriptors+1 || rounds >= many && !raced() && f.memory > before.memory+8<<20
}

// footprint returns the footprint of the program, as far as the system tells.
func (p *program) footprint() (f footprint) {
	p.t.Helper()
	if runtime.GOOS != "linux" {
		return f
	}
	open, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", p.cmd.Process.Pid))
	if err != nil {
		p.t.Fatal(err)
	}
	return footprint{len(open), p.resident()}
}

// goroutines ends the program by a signal that makes it write the stacks of all goroutines, and returns their number.
func (p *program) goroutines() int {
	p.t.Helper()
	p.signal(syscall.SIGQUIT)
	p.exit()
	return len(p.saidSince(0, "goroutine … [… ]:"))
}
