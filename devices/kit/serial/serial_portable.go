//go:build portable || !linux || ppc || ppc64 || ppc64le

package serial

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"

	library "go.bug.st/serial"
)

// slice is how long whoever waits looks away from deadlines and Close.
const slice = 100 * time.Millisecond

// port gives a port of the library deadlines, and a Close that ends Reads and Writes. The library must not be called after its own
// Close, for a Write then goes into whatever has the descriptor by now; hence the library's port is closed by the last who uses it.
type port struct {
	path          string
	library       library.Port
	reads, writes deadline
	turn          chan struct{} // of the one Write that is in the library
	closed        chan struct{}

	mu   sync.Mutex // guards closed, and Add of uses
	uses sync.WaitGroup
}

// opened has the paths that this process has open: the library's own lock does not hold for root.
var opened sync.Map

func open(path string, mode Mode) (line, error) {
	if _, taken := opened.LoadOrStore(path, nil); taken {
		return nil, errTaken
	}
	raw, err := library.Open(path, &library.Mode{
		BaudRate: mode.Baud,
		DataBits: mode.DataBits,
		Parity: map[Parity]library.Parity{
			None: library.NoParity, Odd: library.OddParity, Even: library.EvenParity, Mark: library.MarkParity, Space: library.SpaceParity,
		}[mode.Parity],
		StopBits: map[int]library.StopBits{1: library.OneStopBit, 2: library.TwoStopBits}[mode.StopBits],
	})
	if err == nil {
		err = errors.Join(raw.SetReadTimeout(slice), raw.ResetInputBuffer())
		if err != nil {
			_ = raw.Close()
		}
	}
	if err != nil {
		opened.Delete(path)
		return nil, err
	}
	return &port{path: path, library: raw, turn: make(chan struct{}, 1), closed: make(chan struct{})}, nil
}

var errTaken = errors.New("another program or device has it open")

// explain is an error of open in words that help.
func explain(err error) error {
	var of *library.PortError
	if !errors.As(err, &of) {
		return err
	}
	switch of.Code() {
	case library.PortBusy:
		return errTaken
	case library.PortNotFound:
		return os.ErrNotExist
	case library.PermissionDenied:
		return os.ErrPermission
	case library.InvalidSerialPort:
		return errors.New("no serial port")
	}
	return err
}

// begin has the library's port stay open until uses.Done, unless it is closed already.
func (p *port) begin() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	select {
	case <-p.closed:
		return os.ErrClosed
	default:
		p.uses.Add(1)
		return nil
	}
}

func (p *port) Read(b []byte) (int, error) {
	if err := p.begin(); err != nil {
		return 0, err
	}
	defer p.uses.Done()
	for {
		if err := p.stop(&p.reads); err != nil {
			return 0, err
		}
		n, err := p.library.Read(b)
		switch {
		case n > 0 || len(b) == 0:
			return n, nil
		case err != nil:
			return 0, gone(err)
		}
	}
}

func (p *port) Write(b []byte) (int, error) {
	if err := p.begin(); err != nil {
		return 0, err
	}
	if err := p.wait(p.takeTurn, &p.writes); err != nil {
		p.uses.Done()
		return 0, err
	}
	type result struct {
		n   int
		err error
	}
	done := make(chan result, 1)
	// The goroutine ends when the driver has taken the bytes or the port is gone, however long the caller waits.
	go func(b []byte) {
		defer p.uses.Done()
		var r result
		for r.n < len(b) && r.err == nil {
			var n int
			if n, r.err = p.library.Write(b[r.n:]); n == 0 && r.err == nil {
				r.err = errors.New("the driver takes nothing")
			}
			r.n += n
		}
		<-p.turn
		done <- r
	}(append([]byte(nil), b...))
	var r result
	err := p.wait(func(tick <-chan time.Time) bool {
		select {
		case r = <-done:
			return true
		case <-tick:
		case <-p.closed:
		}
		return false
	}, &p.writes)
	if err == nil && r.err != nil {
		err = gone(r.err)
	}
	return r.n, err
}

func (p *port) takeTurn(tick <-chan time.Time) bool {
	select {
	case p.turn <- struct{}{}:
		return true
	case <-tick:
	case <-p.closed:
	}
	return false
}

// wait calls try until it has succeeded, the deadline has passed or the port is closed. try returns when the channel has something.
func (p *port) wait(try func(<-chan time.Time) bool, d *deadline) error {
	tick := time.NewTicker(slice)
	defer tick.Stop()
	for {
		if err := p.stop(d); err != nil {
			return err
		}
		if try(tick.C) {
			return nil
		}
	}
}

// stop says why whoever waits is to wait no longer.
func (p *port) stop(d *deadline) error {
	select {
	case <-p.closed:
		return os.ErrClosed
	default:
	}
	if d.passed() {
		return os.ErrDeadlineExceeded
	}
	return nil
}

func (p *port) Close() error {
	if err := p.begin(); err != nil {
		return err
	}
	p.mu.Lock()
	close(p.closed)
	p.mu.Unlock()
	p.uses.Done()
	done := make(chan error, 1)
	go func() {
		p.uses.Wait()
		err := p.library.Close()
		opened.Delete(p.path)
		done <- err
	}()
	select {
	case err := <-done:
		return err
	case <-time.After(10 * slice):
		return errors.New("a write hangs in the driver: the port is closed when it ends")
	}
}

func (p *port) SetReadDeadline(t time.Time) error  { return p.set(&p.reads, t) }
func (p *port) SetWriteDeadline(t time.Time) error { return p.set(&p.writes, t) }

func (p *port) set(d *deadline, t time.Time) error {
	if err := p.begin(); err != nil {
		return err
	}
	defer p.uses.Done()
	d.time.Store(&t)
	return nil
}

// deadline is a time that one goroutine sets and another looks at.
type deadline struct{ time atomic.Pointer[time.Time] }

func (d *deadline) passed() bool {
	t := d.time.Load()
	return t != nil && !t.IsZero() && !time.Now().Before(*t)
}

// gone is an error of the library at a port that was open. They differ from system to system, and mean one thing.
func gone(err error) error { return fmt.Errorf("%w (%w)", ErrGone, err) }
