package packet

import (
	"errors"
	"fmt"
	"io"
)

// bufferSize is the size of the buffer, in bytes, unless a single packet is larger. It is the most that one call of
// Read reads.
const bufferSize = 64 << 10

// Reader cuts the stream of a broker into packets, and checks them. Its buffer grows only for a packet within the
// limit. A PUBLISH above the limit is skipped: its payload is never in memory as a whole.
type Reader struct {
	stream io.Reader
	max    int // largest packet that is not skipped, in bytes, with its header

	connected bool // Next has returned a CONNACK

	buffer     []byte
	start, end int // the unread bytes in buffer
	want       int // bytes from start on of the next packet, or of its part that is kept; 0: not known yet

	past Packet // the packet that is being skipped, if Past is not 0
	rest int    // number of its bytes that are still to be skipped
}

// NewReader returns a Reader for a stream that begins with a CONNACK. It skips a PUBLISH of more than maxPacket bytes.
func NewReader(stream io.Reader, maxPacket int) *Reader {
	return &Reader{stream: stream, max: maxPacket, buffer: make([]byte, bufferSize)}
}

// Next returns the next packet; ok is false if the buffer does not hold its end. The packet is valid until the next
// Fill. An error is the broker's fault, and makes the Reader unusable.
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

// check checks the content of a packet.
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

// tooLarge begins to skip the next packet, once enough of it is known to answer it.
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

// goPast drops the unread bytes of the packet that is being skipped, and returns the packet when it has ended.
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

// Fill waits for bytes, and reads all that the stream has. An error that comes together with bytes is returned by the
// next call.
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

// makeRoom moves the unread bytes to the beginning of a buffer that has room for their packet.
func (r *Reader) makeRoom() {
	buffer := r.buffer
	if want := max(r.want, bufferSize); want != len(buffer) {
		buffer = make([]byte, want) // larger for one large packet; afterwards bufferSize again
	} else if r.start == 0 {
		return
	}
	r.end = copy(buffer, r.buffer[r.start:r.end])
	r.buffer, r.start = buffer, 0
}
