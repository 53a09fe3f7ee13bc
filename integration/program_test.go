package integration

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/mqttgateway/mqttgateway/internal/wording"
)

// program is a running gateway. It is killed when its test ends, if it still runs.
type program struct {
	t      testing.TB
	cmd    *exec.Cmd
	lines  tape[string] // of its log, as described in doc.go
	errors tape[string] // the lines from standard error
	ended  chan struct{}
}

// start starts a program that TestMain has built, in dir.
func start(t testing.TB, dir, name string, args ...string) *program {
	t.Helper()
	return startProgram(t, dir, filepath.Join(programs, name), nil, args...)
}

// startProgram starts the program at path in dir, with additional environment variables.
func startProgram(t testing.TB, dir, path string, environ []string, args ...string) *program {
	t.Helper()
	p := newProgram(t, dir, path, environ, args...)
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	stderr, err := p.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.begin(func() { p.read(stdout, &p.lines) }, func() { p.read(stderr, &p.lines, &p.errors) })
	return p
}

// newProgram prepares a program for begin.
func newProgram(t testing.TB, dir, path string, environ []string, args ...string) *program {
	p := &program{t: t, cmd: exec.Command(path, args...), ended: make(chan struct{})}
	p.cmd.Dir = dir
	// Variables that configure another gateway must not reach this one.
	p.cmd.Env = slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.Contains(v, "GATEWAY_") || strings.HasPrefix(v, "HOME=") })
	// Otherwise the race detector sleeps for a second at each end.
	p.cmd.Env = append(p.cmd.Env, "GORACE=atexit_sleep_ms=10")
	if *transportFlag != "" {
		p.cmd.Env = append(p.cmd.Env, byTransport(*transportFlag))
	}
	p.cmd.Env = append(p.cmd.Env, environ...)
	mortal(p.cmd)
	return p
}

// begin starts the program, and the goroutines that read its output.
func (p *program) begin(readers ...func()) {
	p.t.Helper()
	if err := p.cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	var reading sync.WaitGroup
	for _, read := range readers {
		reading.Go(read)
	}
	go func() {
		reading.Wait()
		_ = p.cmd.Wait() // the result is in ProcessState
		p.lines.end()
		close(p.ended)
	}()
	p.t.Cleanup(func() {
		_ = p.cmd.Process.Kill()
		<-p.ended
		if p.t.Failed() {
			lines, _, _ := p.lines.from(max(0, p.lines.len()-40))
			p.t.Logf("what the program said at last:\n%s", strings.Join(lines, "\n"))
		}
	})
}

// escapes matches quotes within quotes, of any depth.
var escapes = regexp.MustCompile(`\\+"`)

func (p *program) read(r io.Reader, tapes ...*tape[string]) {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		line := escapes.ReplaceAllString(lines.Text(), `"`)
		for _, key := range []string{` err="`, ` latest="`, ` reason="`} {
			_, said, _ := strings.Cut(line, key)
			if twice := wording.Doubled(said); twice != "" {
				p.t.Errorf("the program says %q twice in a row: %s", twice, line)
			}
		}
		for _, tape := range tapes {
			tape.add(line)
		}
	}
}

// says waits for a line that contains text, as described in doc.go, and returns the line.
func (p *program) says(text string) string {
	p.t.Helper()
	return p.saysWithin(patience, text)
}

func (p *program) saysWithin(within time.Duration, text string) string {
	p.t.Helper()
	line, _, ok := p.lines.find(0, within, pattern(text).MatchString)
	if !ok {
		p.t.Fatalf("the program has not said %q", text)
	}
	return line
}

// saidSince returns the lines from line n on that contain text.
func (p *program) saidSince(n int, text string) []string {
	lines, _, _ := p.lines.from(n)
	fits := pattern(text)
	return slices.DeleteFunc(lines, func(line string) bool { return !fits.MatchString(line) })
}

// pattern returns an expression that matches lines which contain text.
func pattern(text string) *regexp.Regexp {
	parts := strings.Split(text, "…")
	for i := range parts {
		parts[i] = regexp.QuoteMeta(strings.TrimSpace(parts[i]))
	}
	return regexp.MustCompile(strings.Join(parts, ".*"))
}

// saysOnly fails the test if a line on standard error is described by none of texts.
func (p *program) saysOnly(texts ...string) {
	p.t.Helper()
	lines, _, _ := p.errors.from(0)
	for _, line := range lines {
		if !slices.ContainsFunc(texts, func(text string) bool { return pattern(text).MatchString(line) }) {
			p.t.Errorf("the program complains: %s\nwhich only these were to happen of: %q", line, texts)
		}
	}
}

// broker waits until the program is connected, and returns the address of its broker, host:port.
func (p *program) broker() string {
	p.t.Helper()
	line := p.says("msg=connected ")
	address := regexp.MustCompile(`broker=tcp://(\S+)`).FindStringSubmatch(line)
	if address == nil {
		p.t.Fatalf("no broker's address in %q", line)
	}
	return address[1]
}

func (p *program) signal(s os.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		p.t.Fatalf("signal %v: %v", s, err)
	}
}

// exit waits for the program's end and returns its status.
func (p *program) exit() string {
	p.t.Helper()
	select {
	case <-p.ended:
	case <-time.After(patience + 5*time.Second): // an orderly stop may take as long as gateway.grace
		p.t.Fatal("the program does not end")
	}
	return p.cmd.ProcessState.String()
}

// kill ends the program by SIGKILL.
func (p *program) kill() {
	p.t.Helper()
	p.signal(os.Kill)
	if status := p.exit(); status != "signal: killed" {
		p.t.Fatalf("the program ended with %s, want signal: killed", status)
	}
}

// stop ends the program in good order.
func (p *program) stop() {
	p.t.Helper()
	p.signal(syscall.SIGTERM)
	if status := p.exit(); status != "exit status 0" {
		p.t.Errorf("the program ended with %s, want exit status 0", status)
	}
}

// write writes a file in dir and returns its path.
func write(t testing.TB, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// command runs a subcommand of the gateway in dir until it ends, and returns all that it has printed.
func command(t *testing.T, dir string, args ...string) (printed string, err error) {
	t.Helper()
	cmd := exec.Command(filepath.Join(programs, "gateway"), args...)
	cmd.Dir = dir
	mortal(cmd)
	out, err := cmd.CombinedOutput()
	return string(out), err
}
