package probe

import (
	"bytes"
	"time"
)

// Cut says where what comes is cut into frames: behind End, after Size bytes, and wherever nothing comes for longer than Gap.
type Cut struct {
	End  []byte // empty: none
	Size int    // 0: any
	Gap  time.Duration
}

// Frame is what has come, or was sent, at once.
type Frame struct {
	Sent  bool
	At    time.Time     // when its first byte came
	Pause time.Duration // since the last byte before it; 0 if none came before, or if it came at the same time
	Bytes []byte
	Open  bool // neither its end nor its last byte has come
}

// mostBytes is how long a frame grows until it is shown all the same.
const mostBytes = 4096

// cutter makes frames of what comes.
type cutter struct {
	Cut
	frame Frame     // that is not complete yet, if it has bytes
	last  time.Time // when the last byte came
}

// feed takes bytes that came at a time, and returns the frames that are complete with them.
func (c *cutter) feed(now time.Time, arrived []byte) (frames []Frame) {
	if !c.due().IsZero() && now.After(c.due()) {
		frames = append(frames, c.flush())
	}
	for _, b := range arrived {
		if len(c.frame.Bytes) == 0 {
			c.frame.At = now
			if !c.last.IsZero() {
				c.frame.Pause = now.Sub(c.last)
			}
		}
		c.last = now
		c.frame.Bytes = append(c.frame.Bytes, b)
		ended := len(c.End) > 0 && bytes.HasSuffix(c.frame.Bytes, c.End)
		if ended || len(c.frame.Bytes) == c.Size {
			frames = append(frames, c.take())
		} else if len(c.frame.Bytes) == mostBytes {
			frames = append(frames, c.flush())
		}
	}
	return frames
}

// due returns when the frame that is not complete is given up, or the zero time if there is none.
func (c *cutter) due() time.Time {
	if len(c.frame.Bytes) == 0 {
		return time.Time{}
	}
	return c.last.Add(c.Gap)
}

// flush returns the frame that is not complete. A gap ends frames that nothing else ends.
func (c *cutter) flush() Frame {
	c.frame.Open = len(c.End) > 0 || c.Size > 0
	return c.take()
}

func (c *cutter) take() Frame {
	f := c.frame
	c.frame = Frame{}
	return f
}
