// Package process runs a program beside the gateway, for devices that are one, and has several devices hear one.
//
// A [Process] is a program that runs: lines go to its standard input, and its standard output and standard error arrive line by line.
// A [Shared] is a program for those who only hear lines: each of its connections reads all of them.
//
// # What programs do, and what comes of it
//
// A program that does not read its standard input is told no more, at last, and nobody waits for it ([ErrBusy]). A line that is too long
// is told of at once, and passed over to its end. What a program has started is its process group, and ends with it: also a child that holds
// the program's output open, and one that is left when the program has been killed.
//
// A program inherits standard input, output and error, and nothing else that the gateway has open. Its environment is the gateway's, but
// for the gateway's own options, of which some are secrets, and for what systemd has told the gateway alone. PYTHONUNBUFFERED has
// Python say each line when it is written.
package process

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"

	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/internal/options"
)

const (
	unread     = 256                    // lines that may wait for the program to read them
	wrongSetup = 78                     // the exit status that says so: EX_CONFIG of sysexits.h
	stragglers = 500 * time.Millisecond // that whatever the program has started may hold its output open
)

// Command says which program is run. It is a part of the options of a device.
type Command struct {
	Run   []string      `koanf:"run" doc:"the program and its arguments, without a shell" example:"[/usr/local/lib/gateway/w1, 28-000005e2fdc3]"`
	Dir   string        `koanf:"dir" doc:"folder that it runs in; without one the gateway's" default:""`
	Grace time.Duration `koanf:"grace" doc:"how long it may take to end" default:"5s" min:"100ms" max:"9s"`
}

// Validate implements options.Validator.
func (c Command) Validate() error {
	if len(c.Run) == 0 || c.Run[0] == "" {
		return &options.Fault{Key: "run", Err: errors.New("missing: want a program, and its arguments if it has any")}
	}
	return nil
}

// busy is the type of ErrBusy.
type busy struct{}

func (busy) Error() string { return "busy: the program does not read what it is told" }

func (busy) Unwrap() error { return devices.ErrAction }

// ErrBusy refuses a line for a program that doesn't read. It wraps devices.ErrAction.
var ErrBusy error = busy{}

// Process is a program that runs. It has two goroutines: one writes to its standard input, one waits for its end. What the program writes
// comes on goroutines of os/exec, which end before Ended is closed.
type Process struct {
	cmd   *exec.Cmd
	grace time.Duration
	in    io.WriteCloser
	queue chan []byte   // lines for standard input
	quit  chan struct{} // closed: what waits in queue is written, and standard input closed
	wrote chan struct{} // closed: nothing is written any more
	ended chan struct{} // closed: the process is no more, and err says how it ended
	err   error
}

// Start starts a program. What it writes to its standard output goes to said, and to noted what it writes to its standard error: see
// [Lines].
func Start(c Command, said, noted io.Writer) (*Process, error) {
	cmd := exec.Command(c.Run[0], c.Run[1:]...)
	cmd.Dir, cmd.Env = c.Dir, environment(os.Environ())
	cmd.Stdout, cmd.Stderr = said, noted
	cmd.WaitDelay = stragglers
	group(cmd)
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	p := &Process{
		cmd: cmd, grace: c.Grace, in: in, queue: make(chan []byte, unread),
		quit: make(chan struct{}), wrote: make(chan struct{}), ended: make(chan struct{}),
	}
	go p.write()
	go func() {
		defer close(p.ended)
		p.err = p.cmd.Wait()
	}()
	return p, nil
}

// environment returns what a program gets of the gateway's environment.
func environment(own []string) []string {
	private := func(v string) bool {
		for _, prefix := range []string{"MQTTGATEWAY_", "NOTIFY_SOCKET=", "WATCHDOG_PID=", "WATCHDOG_USEC="} {
			if strings.HasPrefix(v, prefix) {
				return true
			}
		}
		return false
	}
	return append(slices.DeleteFunc(own, private), "PYTHONUNBUFFERED=1")
}

// write writes the lines of the queue, until quit and then the rest of them.
func (p *Process) write() {
	defer close(p.wrote)
	defer p.in.Close()
	for {
		select {
		case line := <-p.queue:
			if _, err := p.in.Write(line); err != nil {
				return // the program has ended, or closed its input; it is known by its answers
			}
			continue
		default:
		}
		select {
		case line := <-p.queue:
			if _, err := p.in.Write(line); err != nil {
				return
			}
		case <-p.ended:
			return
		case <-p.quit:
			if len(p.queue) == 0 {
				return
			}
		}
	}
}

// Say has a line written, which is the Process's from then on. It never blocks.
func (p *Process) Say(line []byte) error {
	select {
	case p.queue <- append(line, '\n'):
		return nil
	default:
		return ErrBusy
	}
}

// Ended is closed when the program has ended.
func (p *Process) Ended() <-chan struct{} { return p.ended }

// Err returns how the program has ended, once Ended is closed. An exit status that says that the program's configuration is wrong
// wraps devices.ErrConfig.
func (p *Process) Err() error {
	state := p.cmd.ProcessState
	switch {
	case state != nil && state.ExitCode() == wrongSetup:
		return fmt.Errorf("%w: %s says so by exit status %d", devices.ErrConfig, p.cmd.Path, wrongSetup)
	case p.err == nil || errors.Is(p.err, exec.ErrWaitDelay):
		return fmt.Errorf("%s has ended", p.cmd.Path)
	}
	return fmt.Errorf("%s has ended: %w", p.cmd.Path, p.err)
}

// Stop ends the program, and waits for it. The program is told farewell, and that its standard input has ended; after half of its grace
// its process group gets SIGTERM, and SIGKILL at the end of it. A program that nothing can be told, for farewell is nil, gets SIGTERM
// at once.
func (p *Process) Stop(farewell []byte) {
	defer p.Kill()
	patience := p.grace / 2
	if farewell == nil {
		patience = 0
	} else {
		_ = p.Say(farewell)
	}
	close(p.quit)
	if p.endsWithin(patience) {
		return
	}
	terminate(p.cmd)
	p.endsWithin(p.grace - patience)
}

func (p *Process) endsWithin(limit time.Duration) bool {
	select {
	case <-p.ended:
		return true
	default:
	}
	late := time.NewTimer(limit)
	defer late.Stop()
	select {
	case <-p.ended:
		return true
	case <-late.C:
		return false
	}
}

// Kill ends the program, and what it has started, and waits for it.
func (p *Process) Kill() {
	killGroup(p.cmd)
	<-p.ended
	<-p.wrote
}
