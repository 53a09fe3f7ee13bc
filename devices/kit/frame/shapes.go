package frame

import "bytes"

// ended frames have some bytes behind them.
type ended struct {
	end  []byte
	lost bool // what comes before the next end belongs to a frame that was too long
}

func (e *ended) step(buf []byte) verdict {
	switch {
	case bytes.HasSuffix(buf, e.end) && e.lost:
		e.lost = false
		return verdict{skip: len(buf)}
	case bytes.HasSuffix(buf, e.end):
		return verdict{frame: len(buf) - len(e.end), behind: len(e.end)}
	case len(buf) == Max:
		e.lost = true
		return verdict{skip: len(buf) - len(e.end) + 1} // the rest may be the beginning of an end
	}
	return verdict{}
}

func (e *ended) reset() { e.lost = false }

// between is a shape of frames that stand between a start and an end.
type between struct{ start, end []byte }

func (b *between) step(buf []byte) verdict {
	if len(buf) <= len(b.start) {
		return verdict{skip: align(buf, 0, b.start)}
	}
	if inside := buf[len(b.start):]; bytes.HasSuffix(inside, b.end) {
		size := len(inside) - len(b.end)
		if size == 0 && bytes.Equal(b.start, b.end) {
			return verdict{before: len(b.start)} // the second of two in a row is the start, and the first was an end
		}
		return verdict{before: len(b.start), frame: size, behind: len(b.end)}
	}
	if len(buf) == Max {
		return verdict{skip: align(buf, 1, b.start)}
	}
	return verdict{}
}

func (b *between) reset() {}

// sized frames have a fixed number of bytes.
type sized int

func (s sized) step(buf []byte) verdict {
	if len(buf) == int(s) {
		return verdict{frame: len(buf)}
	}
	return verdict{}
}

func (s sized) reset() {}

// counted frames tell their length.
type counted struct {
	start  []byte // of the frame; may be empty
	length Length
}

func (c *counted) step(buf []byte) verdict {
	if len(buf) <= len(c.start) {
		if skip := align(buf, 0, c.start); skip > 0 {
			return verdict{skip: skip}
		}
	}
	size, told := c.size(buf)
	switch {
	case !told:
		return verdict{}
	case size < int64(max(c.length.At+c.length.Bytes, len(c.start))) || size > Max:
		return verdict{skip: align(buf, 1, c.start)} // what looked like a frame was none
	case size == int64(len(buf)):
		return verdict{frame: len(buf)}
	}
	return verdict{}
}

// size is how long the frame in buf is, if buf has as much of it as it takes to tell.
func (c *counted) size(buf []byte) (size int64, told bool) {
	end := c.length.At + c.length.Bytes
	if len(buf) < max(end, len(c.start)) {
		return 0, false
	}
	for i := range c.length.Bytes {
		digit := c.length.At + i
		if c.length.Little {
			digit = end - 1 - i
		}
		size = size<<8 | int64(buf[digit])
	}
	return size + int64(end+c.length.Add), true
}

func (c *counted) reset() {}

// align returns the first place in buf, not before from, where start stands, or as much of it as there is room for.
func align(buf []byte, from int, start []byte) int {
	for i := from; i < len(buf); i++ {
		if room := min(len(start), len(buf)-i); bytes.Equal(buf[i:i+room], start[:room]) {
			return i
		}
	}
	return len(buf)
}
