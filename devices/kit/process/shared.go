package process

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/devices/kit/recording"
)

const (
	// MaxLine is how many bytes a line has that a Conn reads.
	MaxLine = 64 << 10
	// settling is how long a program that says nothing has run when it counts as one that has begun.
	settling = 500 * time.Millisecond
	// patience is how long a program waits for one that hears it.
	patience = 5 * time.Second
)

// Shared is a program that several hear. It is started for the first of them; when it has ended, all of them are told, and it is started
// again for the next.
type Shared struct {
	Sharing

	mu     sync.Mutex // guards what follows, and the conns of running
	now    *running   // nil: the program does not run
	closed bool
}

// Sharing says which program is shared, and how.
type Sharing struct {
	Command
	Record string                  // file that gets all lines that come and go: see package recording; "": none
	Name   func(error) error       // gives the error of a program the name by which those know it that hear it; nil: it has none
	Check  func(line []byte) error // says why nobody hears a line; nil: they hear all
}

// Share returns a program that has not been started.
func Share(s Sharing) *Shared {
	if s.Name == nil {
		s.Name = func(err error) error { return err }
	}
	if s.Check == nil {
		s.Check = func([]byte) error { return nil }
	}
	return &Shared{Sharing: s}
}

// running is a program that runs, and those who hear it.
type running struct {
	*Process
	record  *recording.Recorder // nil: nothing is recorded
	conns   []*Conn             // is replaced, and never written to
	spoke   chan struct{}       // closed: the program has said a line
	said    sync.Once           // closes spoke
	settled <-chan struct{}
	over    chan struct{} // closed: nothing is left of the program, and err says how it has ended
	err     error
}

// Conn hears a program: each Read returns a line, without its end. Write tells the program a line, and fails with ErrBusy if it does not
// read. It is a stream.Conn.
type Conn struct {
	net.Conn          // the end that is read from
	end      net.Conn // to which lines are written
	of       *running
	shared   *Shared
	env      devices.Env
	err      error // why end was closed
}

// Connect returns a connection to the program, which is started unless it runs. What the program says about itself is logged and reported
// by the env of whoever has connected first.
func (s *Shared) Connect(env devices.Env) (*Conn, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, s.Name(net.ErrClosed)
	}
	if s.now == nil {
		if err := s.start(env); err != nil {
			return nil, s.Name(err)
		}
	}
	here, there := net.Pipe()
	c := &Conn{Conn: here, end: there, of: s.now, shared: s, env: env}
	s.now.conns = append(slices.Clip(s.now.conns), c)
	return c, nil
}

// Begun waits until the program has said a line or has run for half a second, and returns how it has ended if it ends before.
func (c *Conn) Begun(ctx context.Context) error {
	select {
	case <-c.of.spoke:
		return nil
	case <-c.of.settled:
		return nil
	case <-c.of.over:
		return c.of.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// start starts the program. Its first line waits for the lock that the caller holds.
func (s *Shared) start(env devices.Env) error {
	settled, cancel := context.WithTimeout(context.Background(), settling)
	r := &running{spoke: make(chan struct{}), settled: settled.Done(), over: make(chan struct{})}
	var err error
	if s.Record != "" {
		if r.record, err = recording.Open(s.Record); err != nil {
			cancel()
			return fmt.Errorf("record: %w", err)
		}
	}
	r.Process, err = Start(s.Command, Lines(MaxLine, func(line []byte, cut bool) { s.deliver(r, line, cut) }), Notes(env.Log()))
	if err != nil {
		cancel()
		r.endRecord()
		return err
	}
	s.now = r
	go func() {
		defer cancel()
		<-r.Ended()
		r.Kill() // what it has left behind
		r.endRecord()
		s.end(r)
	}()
	return nil
}

func (r *running) endRecord() {
	if r.record != nil {
		_ = r.record.Close() // what it has not kept it has told
	}
}

// deliver has all hear a line, one after the other.
func (s *Shared) deliver(r *running, line []byte, cut bool) {
	s.mu.Lock()
	conns := r.conns
	s.mu.Unlock()
	r.said.Do(func() { close(r.spoke) })
	report := func(err error) {
		if err != nil && len(conns) > 0 {
			conns[0].env.Report(err)
		}
	}
	if cut {
		report(fmt.Errorf("the program says a line of more than %d bytes", MaxLine))
		return
	}
	if r.record != nil {
		report(r.record.In(line))
	}
	if err := s.Check(line); err != nil {
		report(err)
		return
	}
	for _, c := range conns {
		_ = c.end.SetWriteDeadline(time.Now().Add(patience))
		if _, err := c.end.Write(line); errors.Is(err, os.ErrDeadlineExceeded) {
			c.hangUp(fmt.Errorf("nothing was heard of what the program says for %s", patience))
		}
	}
}

// end tells all that the program has ended.
func (s *Shared) end(r *running) {
	s.mu.Lock()
	r.err = s.Name(r.Err())
	conns := r.conns
	if s.now == r {
		s.now = nil
	}
	s.mu.Unlock()
	for _, c := range conns {
		c.hangUp(r.err)
	}
	close(r.over)
}

// Close ends the program. Who still hears it is told.
func (s *Shared) Close() error {
	s.mu.Lock()
	s.closed = true
	r := s.now
	s.mu.Unlock()
	if r != nil {
		r.Stop(nil)
		<-r.over
	}
	return nil
}

// hangUp ends the connection for the one who hears. It is called by the goroutines of the program alone, of which the one that waits for
// its end comes after the one that delivers.
func (c *Conn) hangUp(why error) {
	if c.err == nil {
		c.err = why
	}
	c.end.Close()
}

// Read returns a line, or why there are no more.
func (c *Conn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if errors.Is(err, io.EOF) {
		err = c.err
	}
	return n, err
}

// Write tells the program a line.
func (c *Conn) Write(b []byte) (int, error) {
	if err := c.of.Say(slices.Clone(b)); err != nil {
		return 0, err
	}
	if c.of.record != nil {
		if err := c.of.record.Out(b); err != nil {
			c.env.Report(err)
		}
	}
	return len(b), nil
}

// SetReadDeadline says when a Read ends that waits. Of a program that has ended, Read tells.
func (c *Conn) SetReadDeadline(t time.Time) error {
	_ = c.Conn.SetReadDeadline(t)
	return nil
}

// SetWriteDeadline does nothing: Write never waits.
func (c *Conn) SetWriteDeadline(time.Time) error { return nil }

// Close ends the connection. The program goes on.
func (c *Conn) Close() error {
	c.shared.mu.Lock()
	c.of.conns = slices.DeleteFunc(slices.Clone(c.of.conns), func(other *Conn) bool { return other == c })
	c.shared.mu.Unlock()
	return c.Conn.Close()
}
