package modbus

import (
	"bytes"
	"context"
	"io"
	"os"
	"sync"
	"testing"
	"time"
)

// end is one end of a cable. It keeps what has come until it is read, as a serial port does, and has deadlines as a net.Conn has them.
type end struct {
	in, out chan []byte
	changed chan struct{} // holds an element if deadline has changed
	mu      sync.Mutex    // guards deadline
	unread  []byte
	read    time.Time // deadline
}

// cable returns its two ends.
func cable() (a, b *end) {
	there, back := make(chan []byte, 1000), make(chan []byte, 1000)
	a = &end{in: back, out: there, changed: make(chan struct{}, 1)}
	b = &end{in: there, out: back, changed: make(chan struct{}, 1)}
	return a, b
}

func (e *end) Read(p []byte) (int, error) {
	for {
		e.mu.Lock()
		left := time.Until(e.read)
		if e.read.IsZero() {
			left = time.Hour
		}
		e.mu.Unlock()
		switch {
		case left <= 0:
			return 0, os.ErrDeadlineExceeded
		case len(e.unread) > 0:
			n := copy(p, e.unread)
			e.unread = e.unread[n:]
			return n, nil
		}
		timer := time.NewTimer(left)
		select {
		case b, open := <-e.in:
			if !open {
				return 0, io.EOF
			}
			e.unread = b
		case <-timer.C:
		case <-e.changed:
		}
		timer.Stop()
	}
}

func (e *end) Write(p []byte) (int, error) {
	e.out <- bytes.Clone(p)
	return len(p), nil
}

func (e *end) SetReadDeadline(t time.Time) error {
	e.mu.Lock()
	e.read = t
	e.mu.Unlock()
	select {
	case e.changed <- struct{}{}:
	default:
	}
	return nil
}

func (e *end) SetWriteDeadline(time.Time) error { return nil }

// Close hangs up: the other end reads io.EOF.
func (e *end) Close() { close(e.out) }

// slave answers requests until its end of the cable is hung up. All units that it has keep the address of a register, and of every other
// coil that it is on, whatever is written.
type slave struct {
	t    testing.TB
	line *end
	// answers returns what is sent for a request, whose right answer is given, with the frames of the line; nil: nothing.
	answers func(request, right []byte) []byte
	tcp     bool
}

func (s *slave) run() {
	for {
		frame := make([]byte, 512)
		n, err := s.line.Read(frame)
		if err != nil {
			return
		}
		frame = frame[:n]
		if right := s.right(frame); s.answers != nil {
			right = s.answers(frame, right)
			if right != nil {
				s.line.Write(right)
			}
		} else {
			s.line.Write(right)
		}
	}
}

// right returns the right answer to a frame.
func (s *slave) right(frame []byte) []byte {
	var transaction uint16
	var unit uint8
	var pdu []byte
	if s.tcp {
		var err error
		if transaction, unit, pdu, _, err = CutTCP(frame); err != nil || pdu == nil {
			s.t.Errorf("the slave got % X: %v", frame, err)
			return nil
		}
	} else {
		if !intact(frame) {
			s.t.Errorf("the slave got % X", frame)
			return nil
		}
		unit, pdu = frame[0], frame[1:len(frame)-2]
	}
	answer := serve(s.t, pdu)
	if s.tcp {
		return AppendTCP(nil, transaction, unit, answer)
	}
	return AppendRTU(nil, unit, answer)
}

// serve answers a request. From address 60000 on there is nothing.
func serve(t testing.TB, pdu []byte) []byte {
	r, err := ParseRequest(pdu)
	if err != nil {
		t.Errorf("the slave got % X: %v", pdu, err)
		return nil
	}
	var response Response = Written{}
	switch r := r.(type) {
	case Read:
		if int(r.Address)+r.Count > 60000 {
			return AppendException(nil, r.Function(), IllegalDataAddress)
		}
		if r.Table.Bits() {
			bits := make(Bits, r.Count)
			for i := range bits {
				bits[i] = (int(r.Address)+i)%2 == 1
			}
			response = bits
		} else {
			registers := make(Registers, r.Count)
			for i := range registers {
				registers[i] = r.Address + uint16(i)
			}
			response = registers
		}
	case ReadWrite:
		response = make(Registers, r.Count)
	case Identify:
		response = Identification{r.Category, 1, false, 0, []Object{{VendorName, "Nobody"}}}
	}
	answer, err := AppendResponse(nil, r, response)
	if err != nil {
		t.Error(err)
	}
	return answer
}

// rightly says whether the slave would give this answer.
func rightly(t testing.TB, r Request, response Response) bool {
	want, err := ParseResponse(r, serve(t, AppendRequest(nil, r)))
	a, _ := AppendResponse(nil, r, response)
	b, _ := AppendResponse(nil, r, want)
	return err == nil && bytes.Equal(a, b)
}

// connect returns a client of a slave, over RTU at 9600 bit/s or over TCP, that waits 100 ms and guards 300 ms. Both end with the test.
func connect(t testing.TB, tcp bool, answers func(request, right []byte) []byte) *Conn {
	master, other := cable()
	s := &slave{t, other, answers, tcp}
	done := make(chan struct{})
	go func() { defer close(done); s.run() }()
	t.Cleanup(func() { master.Close(); <-done })
	o := Options{Timeout: 100 * time.Millisecond, Guard: 300 * time.Millisecond}
	if tcp {
		return NewTCP(master, o)
	}
	o.Wire = Wire{Baud: 9600}
	return NewRTU(master, o)
}

var background = context.Background()
