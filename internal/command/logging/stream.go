package logging

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"sync"
	"time"
)

const (
	streamWait  = 10 * time.Millisecond // that whoever logs waits for a line to be written, at most
	streamQueue = 256 << 10             // bytes of lines that wait; further ones are dropped
	streamFlush = time.Second           // that closing waits for the last lines, at most
)

// stream is one of the program's standard streams, or what leads to the log file. Its reader may go away or stand still,
// the disk may be busy or find no room: nobody waits for it, and what could not be written is counted and told when it can
// be again.
//
// A goroutine of its own writes, which [stream.close] ends. Whoever logs a line waits until it is out, so that the last
// words before a crash are not lost; but only for [streamWait], and not at all once a write has taken longer than that,
// until one is quick again.
type stream struct {
	w       io.Writer
	gap     slog.Handler // writes to w, what is said where lines are missing
	trouble *trouble     // tells the other sinks; set before anything is written

	wake  chan struct{} // holds one: there is something in the queue
	quit  chan struct{}
	ended chan struct{}

	mu      sync.Mutex    // guards what follows
	queue   []byte        // whole lines
	dropped int           // lines that found no room in it
	out     chan struct{} // closed when what is in it is written
	behind  bool          // the latest write took long, or takes long
	closed  bool

	// The goroutine's own.
	spare   []byte // takes the place of queue when that is taken
	missing int    // lines that are lost since the latest one that was written
	failing bool
	torn    bool // the latest write broke off within a line
}

func newStream(w io.Writer, format Format) *stream {
	s := &stream{
		w: w, gap: console(w, format, slog.LevelDebug),
		wake: make(chan struct{}, 1), quit: make(chan struct{}), ended: make(chan struct{}), out: make(chan struct{}),
	}
	go s.run() // until close, and on if a write never returns
	return s
}

// Fd is that of a terminal, if the stream is one.
func (s *stream) Fd() uintptr {
	if f, ok := s.w.(interface{ Fd() uintptr }); ok {
		return f.Fd()
	}
	return ^uintptr(0)
}

// Write takes whole lines. It never fails: an error of one sink is no business of the others.
func (s *stream) Write(lines []byte) (int, error) {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return s.late(lines)
	}
	if len(s.queue) > 0 && len(s.queue)+len(lines) > streamQueue {
		s.dropped += bytes.Count(lines, []byte("\n"))
		s.mu.Unlock()
		return len(lines), nil
	}
	s.queue = append(s.queue, lines...)
	out, behind := s.out, s.behind
	s.mu.Unlock()
	select {
	case s.wake <- struct{}{}:
	default:
	}
	if !behind {
		s.await(out)
	}
	return len(lines), nil
}

// await returns when a batch is written, or takes too long.
func (s *stream) await(out chan struct{}) {
	patience := time.NewTimer(streamWait)
	defer patience.Stop()
	select {
	case <-out:
	case <-patience.C:
		s.mu.Lock()
		s.behind = true
		s.mu.Unlock()
	}
}

// late writes what is said after close, unless the goroutine still stands within a write.
func (s *stream) late(lines []byte) (int, error) {
	if !s.done() {
		return len(lines), nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.w.Write(lines)
}

// done tells whether all is written that ever will be.
func (s *stream) done() bool {
	select {
	case <-s.ended:
		return true
	default:
		return false
	}
}

func (s *stream) run() {
	defer close(s.ended)
	for {
		select {
		case <-s.wake:
			s.flush()
		case <-s.quit:
			s.flush()
			return
		}
	}
}

// flush writes what there is in the queue, and what comes meanwhile.
func (s *stream) flush() {
	for {
		batch, dropped, out := s.take()
		if len(batch) == 0 && dropped == 0 {
			return
		}
		began := time.Now()
		s.put(batch)
		s.missing += dropped // they came behind the batch
		if s.missing > 0 && !s.failing {
			s.put(nil)
		}
		slow := time.Since(began) > streamWait
		if cap(batch) <= streamQueue/4 {
			s.spare = batch
		}
		s.mu.Lock()
		s.behind = slow
		s.mu.Unlock()
		close(out)
	}
}

// take returns what is in the queue, how many lines found no room behind that, and what to close when it is written.
func (s *stream) take() (batch []byte, dropped int, out chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.queue) == 0 && s.dropped == 0 {
		return nil, 0, nil
	}
	batch, dropped, out = s.queue, s.dropped, s.out
	s.queue, s.dropped, s.out = s.spare[:0], 0, make(chan struct{})
	s.spare = nil
	return batch, dropped, out
}

// put writes lines, and before them how many are missing.
func (s *stream) put(lines []byte) {
	n := 0
	err := s.bridge()
	if err == nil && len(lines) > 0 {
		n, err = s.w.Write(lines)
	}
	if err != nil {
		s.missing += bytes.Count(lines[n:], []byte("\n"))
		s.torn = s.torn && n == 0 || n > 0 && lines[n-1] != '\n'
	}
	if failing := err != nil; failing != s.failing {
		s.failing = failing
		if failing {
			s.trouble.failed(err)
		} else {
			s.trouble.recovered()
		}
	}
}

// bridge ends a torn line, and says how many are missing.
func (s *stream) bridge() error {
	if s.torn {
		if _, err := s.w.Write([]byte("\n")); err != nil {
			return err
		}
		s.torn = false
	}
	if s.missing == 0 {
		return nil
	}
	r := slog.NewRecord(time.Now(), slog.LevelWarn, "lines are missing here: they could not be written in time", 0)
	r.AddAttrs(slog.Int("lines", s.missing))
	if err := s.gap.Handle(context.Background(), r); err != nil {
		return err
	}
	s.missing = 0
	return nil
}

// close waits for the last lines, but not for ever. What is written later is written at once, or dropped if that is what
// earlier lines still wait for.
func (s *stream) close() {
	s.mu.Lock()
	again := s.closed
	s.closed = true
	s.mu.Unlock()
	if again {
		return
	}
	close(s.quit)
	patience := time.NewTimer(streamFlush)
	defer patience.Stop()
	select {
	case <-s.ended:
	case <-patience.C:
	}
	s.trouble.close()
}

var _ io.Writer = (*stream)(nil)

// lineByLine writes each line by itself, for who counts them.
type lineByLine struct{ w io.Writer }

func (l lineByLine) Write(lines []byte) (n int, err error) {
	for line := range bytes.Lines(lines) {
		done, err := l.w.Write(line)
		if n += done; err != nil {
			return n, err
		}
	}
	return n, nil
}
