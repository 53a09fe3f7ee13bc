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
	streamWait  = 10 * time.Millisecond // how long a caller of Write waits at most
	streamQueue = 256 << 10             // bytes of lines that may wait; further lines are dropped
	streamFlush = time.Second           // how long closing waits for the last lines at most
)

// stream writes to one of the program's standard streams, or to the log file. The reader of a standard stream may go
// away or stand still, and the disk may be slow or full. A stream delays its callers by no more than streamWait: it
// counts the lines that could not be written, and reports their number when it can write again.
//
// A goroutine of the stream's own does the writing; [stream.close] ends it. Write waits until its line is written, so
// that the last lines before a crash are not lost, but for at most [streamWait]. After a write that took longer, Write
// does not wait at all, until a write is quick again.
type stream struct {
	w       io.Writer
	gap     slog.Handler // writes to w the record that says how many lines are missing
	trouble *trouble     // logs to the other sinks; set before the first Write

	wake  chan struct{} // has room for one value: there are lines in the queue
	quit  chan struct{}
	ended chan struct{}

	mu      sync.Mutex    // guards the fields below
	queue   []byte        // whole lines
	dropped int           // lines that had no room in queue
	out     chan struct{} // closed when the lines now in queue are written
	behind  bool          // the latest write took longer than streamWait, or still does
	closed  bool

	// The fields below belong to the goroutine.
	spare   []byte // an array to use as the next queue
	missing int    // lines lost since the latest line that was written
	failing bool
	torn    bool // the latest write ended within a line
}

func newStream(w io.Writer, format Format) *stream {
	s := &stream{
		w: w, gap: console(w, format, slog.LevelDebug),
		wake: make(chan struct{}, 1), quit: make(chan struct{}), ended: make(chan struct{}), out: make(chan struct{}),
	}
	go s.run() // ends after close, or never, if a write never returns
	return s
}

// Fd returns the descriptor of a stream that is a terminal, so that isTerminal recognizes the terminal.
func (s *stream) Fd() uintptr {
	if f, ok := s.w.(interface{ Fd() uintptr }); ok {
		return f.Fd()
	}
	return ^uintptr(0)
}

// Write queues whole lines. It never fails: an error of this sink must not keep records from others.
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

// await returns when the batch is written, or after streamWait.
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

// late writes lines that come after close, unless the goroutine is still within a write.
func (s *stream) late(lines []byte) (int, error) {
	if !s.done() {
		return len(lines), nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.w.Write(lines)
}

// done reports whether the goroutine has ended.
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

// flush writes the queued lines, and those that are queued meanwhile, until the queue is empty.
func (s *stream) flush() {
	for {
		batch, dropped, out := s.take()
		if len(batch) == 0 && dropped == 0 {
			return
		}
		began := time.Now()
		s.put(batch)
		s.missing += dropped // they were dropped after the lines of the batch were queued
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

// take returns the queued lines, the number of lines that were dropped since, and the channel to close when the lines
// are written.
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

// put writes how many lines are missing, if any are, and then lines.
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

// bridge ends a line that was written in part, and writes how many lines are missing.
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

// close waits for the last lines, for at most streamFlush. Later lines are written at once, or dropped if earlier lines
// still wait for a write.
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

// lineByLine writes each line by a Write of its own, since file counts bytes by line.
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
