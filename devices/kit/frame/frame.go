// Package frame cuts a stream of bytes, as a serial line or a TCP connection delivers it, into the frames that the equipment has sent.
//
// A [Format] says where a frame ends. There are five ways:
//
//	{End: "\r"}                        each frame is followed by these bytes
//	{Start: "\x02", End: "\x03"}       each frame stands between these
//	{Size: 2, Gap: 20ms}               each frame is that long
//	{Length: &Length{At: 1, Bytes: 1}} each frame holds its length
//	{Match: `(?s)/[^/!]*!\w{4}\r\n`}   each frame matches a regular expression
//
// [Each] reads a stream and has a function called with each frame, which is the whole Run of many a device:
//
//	return frame.Each(port, frame.Format{End: "\r"}, d.heard)
//
// Who reads in another way feeds a [Splitter] with whatever has been read, and when, and gets the frames that are complete with it.
//
// It makes no difference how the bytes are cut when they are fed: a Splitter decides anew after each byte. The frames belong to the
// caller. The Splitter skips, and counts, all that is no part of a frame: what stands before the first start, what a gap has cut
// short, and what goes on for more than [Max] bytes without an end.
//
// With a Gap, the Splitter gives an unfinished frame up when nothing has come for that long, whatever the format is. So it finds the
// beginning of frames that have nothing but their size.
//
// A Splitter takes a fixed time for each byte, whatever the bytes are, and keeps no more than Max of them. It has no goroutine and no
// clock, and is not for several goroutines at once.
package frame

import (
	"bytes"
	"io"
	"time"
)

// Max is how many bytes a frame may have, with those that stand around it.
const Max = 64 << 10

// Each reads r until that fails, calls do with each frame, on the goroutine that has called Each, and returns the error of r. io.EOF is
// an error like others: equipment has hung up. Each also returns what is wrong with the format.
func Each(r io.Reader, format Format, do func(frame []byte)) error {
	s, err := New(format)
	if err != nil {
		return err
	}
	for buf := make([]byte, 4096); ; {
		n, err := r.Read(buf)
		for _, frame := range s.Feed(time.Now(), buf[:n]) {
			do(frame)
		}
		if err != nil {
			return err
		}
	}
}

// Splitter cuts frames of one format. New makes one.
type Splitter struct {
	gap     time.Duration
	shape   shape
	buf     []byte    // what has come, from head on what belongs to no frame yet
	head    int       // less than half of buf
	last    time.Time // when the last bytes came
	skipped uint64
}

// shape looks at the bytes that belong to no frame yet, after each that has come.
type shape interface {
	// step says what the first bytes of buf are, whose last byte is new. It never leaves Max of them.
	step(buf []byte) verdict
	// reset forgets what step has seen: the next buf begins anew, perhaps in the middle of a frame.
	reset()
}

// verdict parts the first bytes of a buffer: first those to skip, then those that stand before the frame, the frame, and those behind it.
// What is left waits for more. A frame without a byte is none.
type verdict struct{ skip, before, frame, behind int }

// Feed takes bytes that came at a time, and returns the frames that are complete with them, none of which is empty.
func (s *Splitter) Feed(now time.Time, arrived []byte) (frames [][]byte) {
	if len(arrived) == 0 {
		return nil
	}
	if s.gap > 0 && now.Sub(s.last) > s.gap {
		s.Reset()
	}
	s.last = now
	for _, b := range arrived {
		s.buf = append(s.buf, b)
		waiting := s.buf[s.head:]
		v := s.shape.step(waiting)
		s.skipped += uint64(v.skip)
		waiting = waiting[v.skip+v.before:]
		if v.frame > 0 {
			frames = append(frames, bytes.Clone(waiting[:v.frame]))
		}
		waiting = waiting[v.frame+v.behind:]
		// What waits is moved when it is less than what has been used since, so that each byte is moved once on average.
		if s.head = len(s.buf) - len(waiting); s.head >= len(waiting) {
			s.buf, s.head = append(s.buf[:0], waiting...), 0
		}
	}
	return frames
}

// Reset gives up an unfinished frame, as when the line has been opened anew.
func (s *Splitter) Reset() {
	s.skipped += uint64(len(s.buf) - s.head)
	s.buf, s.head = s.buf[:0], 0
	s.shape.reset()
}

// Skipped counts the bytes that were part of no frame and stood around none.
func (s *Splitter) Skipped() uint64 { return s.skipped }
