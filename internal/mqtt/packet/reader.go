package packet

import (
	"errors"
	"fmt"
	"io"
)

// bufferSize is the size of the buffer, and so the most that is read in one go, unless a single packet is larger.
const bufferSize = 64 << 10

// Reader cuts the stream that a broker sends into packets, and judges them. Its buffer grows only for a packet within the
// limit. A PUBLISH beyond the limit is read past: nothing of its payload is kept.
type Reader struct {
	stream io.Reader
	max    int // largest packet that is not read past, in bytes, its header included

	connected bool // a CONNACK has been returned

	buffer     []byte
	start, end int // of what is unread
	want       int // bytes from start on that the next packet, or the part of it that is kept, takes; 0: not known yet

	past Packet // is being read past, if its past is not 0
	rest int    // of its bytes
}

// NewReader returns a Reader of what a stream brings from its beginning. A PUBLISH of more than maxPacket bytes is read past.
func NewReader(stream io.Reader, maxPacket int) *Reader {
	return &Reader{stream: stream, max: maxPacket, buffer: make([]byte, bufferSize)}
}

// Next returns the next packet if the buffer holds the end of it. The packet is valid until the next Fill. After an error,
// which is the broker's fault, the Reader is of no further use.
func (r *Reader) Next() (p Packet, ok bool, err error) {
	if r.past.Past > 0 {
		p, ok = r.goPast()
		return p, ok, nil
	}
	unread := r.buffer[r.start:r.end]
	if len(unread) > 0 && !r.connected && unread[0]>>4 != Connack {
		return Packet{}, false, fmt.Errorf("the broker's first packet has type %d, want CONNACK (2)", unread[0]>>4)
	}
	h, err := parseHeader(unread)
	if err != nil || h.size == 0 {
		r.want = 0
		return Packet{}, false, err
	}
	r.want = h.size + h.rest
	if r.want > r.max {
		return r.tooLarge(h)
	}
	if len(unread) < r.want {
		return Packet{}, false, nil
	}
	p = Packet{First: h.first, Body: unread[h.size:r.want], Raw: unread[:r.want]}
	r.start += r.want
	return p, true, r.check(h, p)
}

// check judges what stands in a packet.
func (r *Reader) check(h header, p Packet) error {
	switch {
	case p.Kind() == Publish:
		if _, err := h.beforePayload(p.Raw); err != nil {
			return err
		}
		return p.checkIdentifier()
	case p.Kind() == Connack && !r.connected:
		r.connected = true
		return p.checkConnack()
	}
	return nil
}

// tooLarge begins to read past the packet that is next, once it is known what to answer.
func (r *Reader) tooLarge(h header) (Packet, bool, error) {
	size := r.want
	if h.kind() != Publish {
		return Packet{}, false, fmt.Errorf("%s of %d bytes is larger than the limit of %d", names[h.kind()], size, r.max)
	}
	unread := r.buffer[r.start:r.end]
	r.want = 0
	head, err := h.beforePayload(unread)
	if head == 0 || err != nil {
		return Packet{}, false, err
	}
	if r.want = head; len(unread) < head {
		return Packet{}, false, nil
	}
	p := Packet{First: h.first, Body: unread[h.size:head], Past: size}
	if err := p.checkIdentifier(); err != nil {
		return Packet{}, false, err
	}
	r.past, r.rest = p.clone(), size-head
	r.start += head
	p, ok := r.goPast()
	return p, ok, nil
}

// goPast drops what is unread of the packet that is being read past, and returns it when there is nothing more of it.
func (r *Reader) goPast() (p Packet, ok bool) {
	n := min(r.rest, r.end-r.start)
	r.start += n
	r.rest -= n
	r.want = 0
	if r.rest > 0 {
		return Packet{}, false
	}
	p, r.past = r.past, Packet{}
	return p, true
}

// Fill waits for bytes and reads what there is. An error that comes along with bytes comes again at the next call.
func (r *Reader) Fill() error {
	r.makeRoom()
	n, err := r.stream.Read(r.buffer[r.end:])
	r.end += n
	if n == 0 {
		if errors.Is(err, io.EOF) {
			err = fmt.Errorf("connection closed by the broker: %w", err)
		}
		return err
	}
	return nil
}

// makeRoom moves what is unread to the beginning of a buffer that has room for the packet that it begins.
func (r *Reader) makeRoom() {
	buffer := r.buffer
	if want := max(r.want, bufferSize); want != len(buffer) {
		buffer = make([]byte, want) // for one large packet; then bufferSize again
	} else if r.start == 0 {
		return
	}
	r.end = copy(buffer, r.buffer[r.start:r.end])
	r.buffer, r.start = buffer, 0
}
