package child

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Process is a running program.
type Process struct {
	Began time.Time

	cmd   *exec.Cmd
	ended chan struct{}

	mu      sync.Mutex
	lines   []line        // the latest lines of its output
	changed chan struct{} // closed at the next line, or at the end
}

type line struct {
	text string
	at   time.Time
}

// keptLines is how many lines of a program's output are kept.
const keptLines = 200

// Start starts the program at path in the folder dir.
func Start(dir, path string, args ...string) (*Process, error) {
	p := &Process{cmd: exec.Command(path, args...), ended: make(chan struct{}), changed: make(chan struct{})}
	p.cmd.Dir = dir
	// Variables that configure another gateway must not reach this one.
	p.cmd.Env = slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.Contains(v, "GATEWAY_") })
	said, out, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	p.cmd.Stdout, p.cmd.Stderr = out, out
	mortal(p.cmd)
	p.Began = time.Now()
	err = p.cmd.Start()
	out.Close() // the child has its own descriptor
	if err != nil {
		said.Close()
		return nil, err
	}
	go p.listen(said)
	return p, nil
}

// listen keeps the latest lines of the program's output until the program ends.
func (p *Process) listen(said *os.File) {
	defer said.Close()
	for lines := bufio.NewScanner(said); lines.Scan(); {
		p.add(line{lines.Text(), time.Now()})
	}
	_ = p.cmd.Wait() // the result is in ProcessState
	close(p.ended)
}

func (p *Process) add(l line) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.lines) == keptLines {
		p.lines = slices.Delete(p.lines, 0, 1)
	}
	p.lines = append(p.lines, l)
	close(p.changed)
	p.changed = make(chan struct{})
}

// Await waits for a line that contains text, and returns the line and its time.
func (p *Process) Await(ctx context.Context, text string) (string, time.Time, error) {
	for {
		p.mu.Lock()
		lines, changed := slices.Clone(p.lines), p.changed
		p.mu.Unlock()
		for _, l := range lines {
			if strings.Contains(l.text, text) {
				return l.text, l.at, nil
			}
		}
		select {
		case <-changed:
		case <-p.ended:
			return "", time.Time{}, fmt.Errorf("%s ended (%v) before it said %q:\n%s", p, p.cmd.ProcessState, text, p.said())
		case <-ctx.Done():
			return "", time.Time{}, fmt.Errorf("%s has not said %q: %w:\n%s", p, text, context.Cause(ctx), p.said())
		}
	}
}

// said returns the latest lines of the program's output.
func (p *Process) said() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var text strings.Builder
	for _, l := range p.lines[max(0, len(p.lines)-20):] {
		text.WriteString(l.text + "\n")
	}
	return text.String()
}

// PID returns the number of the process.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// String returns the name of the program.
func (p *Process) String() string { return filepath.Base(p.cmd.Path) }

// farewell is how long an orderly stop may take.
const farewell = 30 * time.Second

// Stop ends the process by SIGTERM, and returns how long that took.
func (p *Process) Stop() (time.Duration, error) {
	began := time.Now()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return 0, fmt.Errorf("%s: %w", p, err)
	}
	select {
	case <-p.ended:
	case <-time.After(farewell):
		p.Kill()
		return 0, fmt.Errorf("%s did not stop within %s:\n%s", p, farewell, p.said())
	}
	if !p.cmd.ProcessState.Success() {
		return 0, fmt.Errorf("%s: %v:\n%s", p, p.cmd.ProcessState, p.said())
	}
	return time.Since(began), nil
}

// Kill ends the process at once. It has no effect if the process has ended.
func (p *Process) Kill() {
	_ = p.cmd.Process.Kill()
	<-p.ended
}
