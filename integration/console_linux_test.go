package integration

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// babbling is the configuration of a gateway that logs much about each message in every sink.
const babbling = `
gateway: {name: gw, grace: 5s}
mqtt: {qos: 1}
mapping: {root: home, topics: ["home/#"]}
devices:
  - {name: spot, type: dummy, params: {port: none, interval: 0, echo: true}}
log: {level: debug, file: {path: gateway.log, level: debug, max_size: 200KB, max_files: 2}}
`

// startBabbling starts such a gateway. Its standard streams are not read yet.
func startBabbling(t *testing.T, dir string) (gateway *program, user *user, stdout, stderr *onlooker) {
	t.Helper()
	broker := startMosquitto(t)
	stdout, stderr = onlook(t), onlook(t)
	gateway = newProgram(t, dir, filepath.Join(programs, "gateway"), nil, "run",
		"--config", write(t, dir, "gateway.yaml", babbling), "--mqtt.broker=tcp://"+broker.address)
	gateway.cmd.Stdout, gateway.cmd.Stderr = stdout.stream, stderr.stream
	gateway.begin()
	user = join(t, broker.address, "#")
	online := message{topic: "home/$gateway/gw/state", payload: "online", qos: 1}
	if _, _, ok := user.heard.find(0, patience, func(m message) bool { m.retained = false; return m == online }); !ok {
		t.Fatal("the gateway is not online")
	}
	return gateway, user, stdout, stderr
}

// onlooker reads a standard stream of a program through a named pipe, and can stand still, go away and come back.
type onlooker struct {
	t      *testing.T
	path   string
	stream *os.File // the program's end of the pipe

	mu      sync.Mutex
	change  *sync.Cond // of the fields below
	end     *os.File   // the onlooker's end of the pipe; nil while it is away
	reading bool
	over    bool
}

// onlook returns an onlooker that is there and stands still.
func onlook(t *testing.T) *onlooker {
	t.Helper()
	l := &onlooker{t: t, path: filepath.Join(t.TempDir(), "pipe")}
	l.change = sync.NewCond(&l.mu)
	if err := syscall.Mkfifo(l.path, 0o600); err != nil {
		t.Fatal(err)
	}
	l.come(false)
	var err error
	if l.stream, err = os.OpenFile(l.path, os.O_WRONLY, 0); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		l.listen()
	}()
	t.Cleanup(func() {
		l.stream.Close()
		l.leave()
		l.set(func() { l.over = true })
		<-ended
	})
	return l
}

func (l *onlooker) set(f func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	f()
	l.change.Broadcast()
}

// listen reads while reading is true.
func (l *onlooker) listen() {
	piece := make([]byte, 4096)
	for {
		l.mu.Lock()
		for !l.over && (!l.reading || l.end == nil) {
			l.change.Wait()
		}
		end, over := l.end, l.over
		l.mu.Unlock()
		if over {
			return
		}
		_ = end.SetReadDeadline(time.Now().Add(10 * time.Millisecond))
		_, _ = end.Read(piece)
	}
}

// come opens the pipe if the onlooker is away, and begins to read or stands still.
func (l *onlooker) come(reading bool) {
	l.t.Helper()
	l.set(func() {
		l.reading = reading
		if l.end == nil {
			var err error
			if l.end, err = os.OpenFile(l.path, os.O_RDONLY|syscall.O_NONBLOCK, 0); err != nil {
				l.t.Fatal(err)
			}
		}
	})
}

// leave closes the pipe: the program's next write fails.
func (l *onlooker) leave() {
	l.set(func() {
		if l.end != nil {
			l.end.Close()
			l.end = nil
		}
	})
}

// asks sends n commands and waits for n answers, each of which must come in time.
func (u *user) asks(n int) (slowest time.Duration) {
	u.t.Helper()
	for i := range n {
		payload := fmt.Sprintf("N%d", i)
		began := time.Now()
		u.ask(patience, message{topic: "home/////me/C", payload: payload, qos: 1}, message{topic: "home/////gw/S", payload: payload, qos: 1})
		slowest = max(slowest, time.Since(began))
	}
	return slowest
}

// TestNobodyReadsTheConsole makes the readers of a gateway's standard streams stand still, or go away. The gateway
// works on, reports in its log file that the readers have gone, and ends when it is told to.
func TestNobodyReadsTheConsole(t *testing.T) {
	for _, gone := range []bool{false, true} {
		t.Run(map[bool]string{false: "they stand still", true: "they are gone"}[gone], func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			gateway, user, stdout, stderr := startBabbling(t, dir)
			if gone {
				stdout.leave()
				stderr.leave()
			}
			user.asks(300)                                                              // more output than a pipe holds
			user.say(message{topic: "home/////me/C", payload: `{"action": 1}`, qos: 1}) // refused with a warning
			user.asks(1)
			gateway.stop()
			logs, err := os.ReadFile(filepath.Join(dir, "gateway.log"))
			if err != nil {
				t.Fatal(err)
			}
			for _, console := range []string{"standard output", "standard error"} {
				if n := strings.Count(string(logs), `msg="console lost, going on without it" console="`+console+`" err="write `); n > 1 || gone && n == 0 && console == "standard error" {
					t.Errorf("the log file says %d times that %s is lost", n, console)
				}
			}
		})
	}
}

// Commands other than run end when nobody reads their output, as other programs do.
func TestCommandsDieOfABrokenPipe(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"config"}, {"devices"}, {"version"}, {"--help"}, {"run", "--help"}, {"migrate", "--device", "dummy", "gateway.conf"}} {
		dir := t.TempDir()
		write(t, dir, "gateway.conf", "[MQTT]\nhost: h\n[MAP]\nroot: home\ntopics: home/#\n")
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		r.Close()
		cmd := exec.Command(filepath.Join(programs, "gateway"), args...)
		cmd.Dir, cmd.Stdout = dir, w
		said, _ := cmd.StderrPipe()
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		w.Close()
		_ = said.Close()
		if err := cmd.Wait(); err == nil || err.Error() != "signal: broken pipe" {
			t.Errorf("%q ends with %v, want signal: broken pipe", args, err)
		}
	}
}

// TestLogTroubles does to a gateway's log everything that happens to logs, again and again and at random, while
// commands pass through the gateway: readers of the console stand still and go away, the file is copied and truncated,
// moved, rotated, and its disk is full. -integration.console=10m makes that last ten minutes.
func TestLogTroubles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	gateway, user, stdout, stderr := startBabbling(t, dir)
	seed := rand.Uint64()
	random := rand.New(rand.NewPCG(seed, 13))
	t.Logf("seed %d", seed)
	file := filepath.Join(dir, "gateway.log")
	full := false
	strikes := map[string]func() error{
		"stdout reads":        func() error { stdout.come(true); return nil },
		"stdout stands still": func() error { stdout.come(false); return nil },
		"stdout goes away":    func() error { stdout.leave(); return nil },
		"stderr reads":        func() error { stderr.come(true); return nil },
		"stderr stands still": func() error { stderr.come(false); return nil },
		"stderr goes away":    func() error { stderr.leave(); return nil },
		"copied and cut off":  func() error { return copyAndCutOff(file) },
		"moved":               func() error { return os.Rename(file, file+".moved") },
		"moved, and it is told": func() error {
			err := os.Rename(file, file+".moved")
			gateway.signal(syscall.SIGHUP)
			return err
		},
		"the disk is full": func() error {
			full = true
			_ = os.Remove(file)
			return os.Symlink("/dev/full", file)
		},
	}
	var names []string
	for name := range strikes {
		names = append(names, name)
	}
	struck := map[string]int{}
	asked, slowest, after, began := 0, time.Duration(0), "", time.Now()
	var quarter int
	for time.Since(began) < *console || asked == 0 {
		name := names[random.IntN(len(names))]
		if full { // there is room again
			if to, err := os.Readlink(file); err == nil && to == "/dev/full" {
				_ = os.Remove(file)
			}
			full = false
		}
		if err := strikes[name](); err != nil && !os.IsNotExist(err) && !os.IsExist(err) {
			t.Errorf("%s: %v", name, err)
		}
		struck[name]++
		n := 1 + random.IntN(60)
		if took := user.asks(n); took > slowest {
			slowest, after = took, fmt.Sprintf("%s, %v after the begin", name, time.Since(began).Round(time.Second))
		}
		asked += n
		if quarter == 0 && time.Since(began) > *console/4 {
			quarter = gateway.resident()
		}
	}
	grown := gateway.resident() - quarter
	t.Logf("%d commands answered, the slowest in %v (%s); %d MB at last, of which %d since the first quarter; %v",
		asked, slowest, after, gateway.resident()>>20, grown>>20, struck)
	// A program that has just started grows for a while, and the race detector needs memory for what it has seen.
	if grown > 20<<20 && *console >= time.Minute && !raced() {
		t.Errorf("the gateway has grown by %d MB", grown>>20)
	}
	stdout.come(false)
	stderr.come(false)
	gateway.stop()
	wholeLines(t, dir)
}

func copyAndCutOff(file string) error {
	text, err := os.ReadFile(file)
	if err != nil || len(text) > 1<<20 { // it may still be /dev/full, which never ends
		return err
	}
	if err := os.WriteFile(file+".copy", text, 0o600); err != nil {
		return err
	}
	return os.Truncate(file, 0)
}

// wholeLines fails the test if a log file contains anything but whole lines.
func wholeLines(t *testing.T, dir string) {
	t.Helper()
	files, _ := filepath.Glob(filepath.Join(dir, "gateway.log*"))
	for _, file := range files {
		if to, err := os.Readlink(file); err == nil && to == "/dev/full" || strings.HasSuffix(file, ".copy") {
			continue // a copy may end within a line that was just being written
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Error(err)
		}
		if len(text) > 200<<10 && filepath.Ext(file) != ".moved" {
			t.Errorf("%s has %d bytes, want max_size at most", filepath.Base(file), len(text))
		}
		for line := range strings.SplitSeq(strings.TrimSuffix(string(text), "\n"), "\n") {
			if line != "" && !strings.HasPrefix(line, "time=") {
				t.Errorf("%s has a line %q", filepath.Base(file), line)
			}
		}
	}
}
