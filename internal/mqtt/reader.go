package mqtt

import (
	"errors"
	"fmt"
	"io"
)

// reader cuts the stream that a broker sends into packets, and judges them. Its buffer grows only for a packet within the
// limit. A PUBLISH beyond it is read past: nothing of its payload is kept.
type reader struct {
	stream io.Reader
	max    int // largest packet that is not read past, in bytes, its header included

	connected bool // a CONNACK has been returned

	buffer     []byte
	start, end int // of what is unread
	want       int // bytes from start on that the next packet, or the part of it that is kept, takes; 0: not known yet

	past packet // is being read past, if its past is not 0
	rest int    // of its bytes
}

func newReader(stream io.Reader, maxPacket int) *reader {
	return &reader{stream: stream, max: maxPacket, buffer: make([]byte, chunk)}
}

// next returns the next packet if the buffer holds the end of it. It is valid until the next fill. After an error, which
// is the broker's fault, the reader is of no further use.
func (r *reader) next() (p packet, ok bool, err error) {
	if r.past.past > 0 {
		p, ok = r.goPast()
		return p, ok, nil
	}
	unread := r.buffer[r.start:r.end]
	if len(unread) > 0 && !r.connected && unread[0]>>4 != typeConnack {
		return packet{}, false, fmt.Errorf("the broker's first packet has type %d, want CONNACK (2)", unread[0]>>4)
	}
	h, err := parseHeader(unread)
	if err != nil || h.size == 0 {
		r.want = 0
		return packet{}, false, err
	}
	r.want = h.size + h.rest
	if r.want > r.max {
		return r.tooLarge(h)
	}
	if len(unread) < r.want {
		return packet{}, false, nil
	}
	p = packet{first: h.first, body: unread[h.size:r.want], raw: unread[:r.want]}
	r.start += r.want
	return p, true, r.check(h, p)
}

// check judges what stands in a packet.
func (r *reader) check(h header, p packet) error {
	switch {
	case p.kind() == typePublish:
		if _, err := h.beforePayload(p.raw); err != nil {
			return err
		}
		return p.checkIdentifier()
	case p.kind() == typeConnack && !r.connected:
		r.connected = true
		return p.checkConnack()
	}
	return nil
}

// tooLarge begins to read past the packet that is next, once it is known what to answer.
func (r *reader) tooLarge(h header) (packet, bool, error) {
	size := r.want
	if h.kind() != typePublish {
		return packet{}, false, fmt.Errorf("%s of %d bytes is larger than the limit of %d", typeNames[h.kind()], size, r.max)
	}
	unread := r.buffer[r.start:r.end]
	r.want = 0
	head, err := h.beforePayload(unread)
	if head == 0 || err != nil {
		return packet{}, false, err
	}
	if r.want = head; len(unread) < head {
		return packet{}, false, nil
	}
	p := packet{first: h.first, body: unread[h.size:head], past: size}
	if err := p.checkIdentifier(); err != nil {
		return packet{}, false, err
	}
	r.past, r.rest = p.clone(), size-head
	r.start += head
	p, ok := r.goPast()
	return p, ok, nil
}

// goPast drops what is unread of the packet that is being read past, and returns it when there is nothing more of it.
func (r *reader) goPast() (p packet, ok bool) {
	n := min(r.rest, r.end-r.start)
	r.start += n
	r.rest -= n
	r.want = 0
	if r.rest > 0 {
		return packet{}, false
	}
	p, r.past = r.past, packet{}
	return p, true
}

// fill waits for bytes and reads what there is. An error that comes along with bytes comes again at the next call.
func (r *reader) fill() error {
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
func (r *reader) makeRoom() {
	buffer := r.buffer
	if want := max(r.want, chunk); want != len(buffer) {
		buffer = make([]byte, want) // for one large packet; then chunk again
	} else if r.start == 0 {
		return
	}
	r.end = copy(buffer, r.buffer[r.start:r.end])
	r.buffer, r.start = buffer, 0
}
