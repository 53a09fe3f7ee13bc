package exec

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"time"

	"github.com/mqttgateway/mqttgateway/devices"
)

const (
	longest    = 1 << 20                // bytes of a line
	unread     = 256                    // lines that may wait for the program to read them
	wrongSetup = 78                     // the exit status that says so: EX_CONFIG of sysexits.h
	stragglers = 500 * time.Millisecond // that whatever the program has started may hold its output open
)

// errUnread refuses what is to be said to a program that doesn't read.
var errUnread = errors.New("busy: the program does not read what it is told")

// program is a process with two goroutines: one writes to its standard input, one waits for its end. What the process writes comes on
// goroutines of os/exec, which end before ended is closed.
type program struct {
	cmd   *exec.Cmd
	grace time.Duration
	in    io.WriteCloser
	queue chan []byte   // lines for standard input
	quit  chan struct{} // closed: what waits in queue is written, and standard input closed
	wrote chan struct{} // closed: nothing is written any more
	ended chan struct{} // closed: the process is no more, and err says how it ended
	err   error
}

// start starts the program. heard gets each line of its standard output, and noted of its standard error, one at a time each.
func start(p Params, heard, noted func(line []byte, cut bool)) (*program, error) {
	cmd := exec.Command(p.Run[0], p.Run[1:]...)
	cmd.Dir, cmd.Env = p.Dir, append(os.Environ(), "PYTHONUNBUFFERED=1")
	cmd.Stdout, cmd.Stderr = &lines{do: heard}, &lines{do: noted}
	cmd.WaitDelay = stragglers
	group(cmd)
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	r := &program{
		cmd: cmd, grace: p.Grace, in: in, queue: make(chan []byte, unread),
		quit: make(chan struct{}), wrote: make(chan struct{}), ended: make(chan struct{}),
	}
	go r.write()
	go func() {
		defer close(r.ended)
		r.err = r.cmd.Wait()
	}()
	return r, nil
}

// write writes the lines of the queue, until quit and then the rest of them.
func (r *program) write() {
	defer close(r.wrote)
	defer r.in.Close()
	for {
		select {
		case line := <-r.queue:
			if _, err := r.in.Write(line); err != nil {
				return // the program has ended, or closed its input; it is known by its answers
			}
			continue
		default:
		}
		select {
		case line := <-r.queue:
			if _, err := r.in.Write(line); err != nil {
				return
			}
		case <-r.ended:
			return
		case <-r.quit:
			if len(r.queue) == 0 {
				return
			}
		}
	}
}

// say has a line written. It never blocks.
func (r *program) say(line []byte) error {
	select {
	case r.queue <- append(line, '\n'):
		return nil
	default:
		return errUnread
	}
}

// end returns how the program has ended, once ended is closed.
func (r *program) end() error {
	state := r.cmd.ProcessState
	switch {
	case state != nil && state.ExitCode() == wrongSetup:
		return fmt.Errorf("%w: %s says so by exit status %d", devices.ErrConfig, r.cmd.Path, wrongSetup)
	case r.err == nil || errors.Is(r.err, exec.ErrWaitDelay):
		return fmt.Errorf("%s has ended", r.cmd.Path)
	}
	return fmt.Errorf("%s has ended: %w", r.cmd.Path, r.err)
}

// stop ends the program as it wants to be ended, and waits for it.
func (r *program) stop() {
	_ = r.say(fmt.Appendf(nil, `{"stop":{"within":%q}}`, r.grace))
	close(r.quit)
	defer r.kill()
	if r.endsWithin(r.grace / 2) {
		return
	}
	terminate(r.cmd)
	r.endsWithin(r.grace - r.grace/2)
}

func (r *program) endsWithin(limit time.Duration) bool {
	late := time.NewTimer(limit)
	defer late.Stop()
	select {
	case <-r.ended:
		return true
	case <-late.C:
		return false
	}
}

// kill ends the program, and what it has started, and waits for it.
func (r *program) kill() {
	killGroup(r.cmd)
	<-r.ended
	<-r.wrote
}

// lines cuts what is written to it into lines. Of a line that is too long it gives the beginning, and says so.
type lines struct {
	do   func(line []byte, cut bool)
	part []byte
	over bool
}

func (l *lines) Write(p []byte) (int, error) {
	for rest := p; len(rest) > 0; {
		line, after, whole := bytes.Cut(rest, []byte{'\n'})
		rest = after
		if room := longest - len(l.part); len(line) > room {
			line, l.over = line[:room], true
		}
		l.part = append(l.part, line...)
		if !whole {
			break
		}
		if text := bytes.TrimSpace(l.part); len(text) > 0 || l.over {
			l.do(text, l.over)
		}
		l.part, l.over = l.part[:0], false
	}
	return len(p), nil
}
