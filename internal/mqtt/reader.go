package mqtt

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// reader cuts the stream that a broker sends into packets. Its buffer grows only for a packet that frames has judged
// to be within the limit.
type reader struct {
	stream  io.Reader
	frames  frames
	verdict error // of frames, on what follows in the stream

	buffer     []byte
	start, end int // of what is unread
}

// packet is one control packet, within the reader's buffer.
type packet struct {
	first byte   // type and flags
	body  []byte // what follows the remaining length
}

func (p packet) kind() byte { return p.first >> 4 }

// id is the identifier of a packet that begins with one.
func (p packet) id() uint16 { return binary.BigEndian.Uint16(p.body) }

func newReader(stream io.Reader, maxPacket int) *reader {
	return &reader{stream: stream, frames: frames{max: maxPacket}, buffer: make([]byte, chunk)}
}

// next returns the next packet if the buffer holds the whole of it. It is valid until the next fill.
func (r *reader) next() (p packet, ok bool) {
	size, header := r.size()
	if size == 0 || size > r.end-r.start {
		return packet{}, false
	}
	p = packet{r.buffer[r.start], r.buffer[r.start+header : r.start+size]}
	r.start += size
	return p, true
}

// size returns that of the packet that comes next and of its header; 0 as long as it is not known.
func (r *reader) size() (size, header int) {
	if r.end-r.start < 2 {
		return 0, 0
	}
	rest, n := binary.Uvarint(r.buffer[r.start+1 : r.end])
	if n <= 0 {
		return 0, 0
	}
	return 1 + n + int(rest), 1 + n
}

// fill waits for bytes and reads what there is. An error that comes along with bytes comes again at the next call.
func (r *reader) fill() error {
	if r.verdict != nil {
		return r.verdict
	}
	r.makeRoom()
	n, err := r.stream.Read(r.buffer[r.end:])
	if n == 0 {
		if errors.Is(err, io.EOF) {
			err = fmt.Errorf("connection closed by the broker: %w", err)
		}
		return err
	}
	n, r.verdict = r.frames.follow(r.buffer[r.end : r.end+n])
	r.end += n
	return nil
}

// makeRoom moves what is unread to the beginning of a buffer that has room for the packet that it begins.
func (r *reader) makeRoom() {
	size, _ := r.size()
	buffer := r.buffer
	if want := max(size, chunk); want != len(buffer) {
		buffer = make([]byte, want) // for one large packet; then chunk again
	} else if r.start == 0 {
		return
	}
	r.end = copy(buffer, r.buffer[r.start:r.end])
	r.buffer, r.start = buffer, 0
}
