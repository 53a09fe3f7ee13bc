// Package serial opens serial ports, for devices that hang on one:
//
//	port, err := serial.Open("/dev/serial/by-id/usb-FTDI_A50285BI-if00-port0", serial.Mode{Baud: 9600})
//
// A [Port] reads and writes bytes as they are. Like a network connection it has deadlines, and Close ends a Read and a Write that
// wait. So a device needs no goroutine of its own beside its Run, which may read without a deadline:
//
//   - Run reads until Close ends the Read, or the port is gone. Read returns what has come, one byte or many; package frame
//     makes frames of that.
//   - Handle sets a deadline before it writes, for equipment that takes nothing for a while would hold it up for ever.
//
// # One port, one owner
//
// Two programs that read the same port get half of the bytes each. Therefore an open port is locked: whoever opens it as well,
// be it another device of the gateway, is refused with an error that says so. Programs that neither look at locks nor ask
// the system for leave, as root does, are not kept out.
//
// # Unplugged
//
// When the adapter is unplugged, or the other end of a pseudo-terminal hangs up, Read and Write return [ErrGone], and will do so from
// then on: close the port. Plugged in again, it can be opened again. The system may call it by another name by then, but for those
// in /dev/serial/by-id and by-path.
//
// # Tests
//
// Package serialtest makes ports of which the test is the equipment.
//
// # Systems
//
// On Linux a port takes any rate that its driver can, and costs no thread. On other systems, and on Linux for PowerPC,
// go.bug.st/serial does the work. There a Read takes up to a tenth of a second to notice a deadline that is moved or Close,
// and a Write that hangs in the driver goes on after its deadline, with the next one waiting for it.
package serial

import (
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
	"time"
)

// Mode says how bytes look on the line. Only the rate has to be given.
type Mode struct {
	Baud     int    // bits per second
	DataBits int    // 5 to 8; 0: 8
	Parity   Parity // "": None
	StopBits int    // 1 or 2; 0: 1
}

// Parity is how a bit that is sent along tells of errors: the words of a configuration. Bytes that come with the wrong one are left out.
type Parity string

// The parities.
const (
	None  Parity = "none"
	Odd   Parity = "odd"
	Even  Parity = "even"
	Mark  Parity = "mark"
	Space Parity = "space"
)

// ErrGone tells that the port is no more.
var ErrGone = errors.New("the port is gone: it was unplugged, or the other end has hung up")

// Port is an open serial port. Its methods may be called from any goroutine; two Reads, or two Writes, share the bytes.
type Port struct {
	path string
	line line
}

// line is what a system makes of a port.
type line interface {
	io.ReadWriteCloser
	SetReadDeadline(t time.Time) error
	SetWriteDeadline(t time.Time) error
}

// Open opens a port and locks it. What came before is thrown away.
func Open(path string, mode Mode) (*Port, error) {
	mode, err := mode.complete()
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: path, Err: err}
	}
	line, err := open(path, mode)
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: path, Err: explain(err)}
	}
	return &Port{path, line}, nil
}

// complete returns the mode with what is left out, or says all that is wrong with it.
func (m Mode) complete() (Mode, error) {
	if m.DataBits == 0 {
		m.DataBits = 8
	}
	if m.StopBits == 0 {
		m.StopBits = 1
	}
	if m.Parity == "" {
		m.Parity = None
	}
	var faults []error
	if m.Baud < 1 || m.Baud > maxBaud {
		faults = append(faults, fmt.Errorf("baud: %d is out of range: want 1 to %d", m.Baud, maxBaud))
	}
	if m.DataBits < 5 || m.DataBits > 8 {
		faults = append(faults, fmt.Errorf("data bits: %d is out of range: want 5 to 8", m.DataBits))
	}
	if m.StopBits < 1 || m.StopBits > 2 {
		faults = append(faults, fmt.Errorf("stop bits: %d is out of range: want 1 or 2", m.StopBits))
	}
	switch m.Parity {
	case None, Odd, Even, Mark, Space:
	default:
		faults = append(faults, fmt.Errorf("parity: want none, odd, even, mark or space, have %q", m.Parity))
	}
	return m, errors.Join(faults...)
}

// maxBaud is what no adapter exceeds.
const maxBaud = 100_000_000

// Read waits until something has come, and returns it. The error is [ErrGone], [os.ErrClosed] or [os.ErrDeadlineExceeded], wrapped.
func (p *Port) Read(b []byte) (int, error) {
	n, err := p.line.Read(b)
	return n, p.told("read", err)
}

// Write waits until the system has taken all of b; on the line it may still be on its way. The errors are those of Read.
func (p *Port) Write(b []byte) (int, error) {
	n, err := p.line.Write(b)
	return n, p.told("write", err)
}

// Close gives the port back and ends a Read and a Write that wait.
func (p *Port) Close() error { return p.told("close", p.line.Close()) }

// SetDeadline sets both deadlines.
func (p *Port) SetDeadline(t time.Time) error {
	return errors.Join(p.SetReadDeadline(t), p.SetWriteDeadline(t))
}

// SetReadDeadline sets the time at which Read gives up, also one that waits already. The zero time is none.
func (p *Port) SetReadDeadline(t time.Time) error {
	return p.told("set deadline", p.line.SetReadDeadline(t))
}

// SetWriteDeadline sets the time at which Write gives up.
func (p *Port) SetWriteDeadline(t time.Time) error {
	return p.told("set deadline", p.line.SetWriteDeadline(t))
}

// told is an error of the line as the port tells it.
func (p *Port) told(op string, err error) error {
	if err == nil {
		return nil
	}
	for _, gone := range []error{io.EOF, syscall.EIO, syscall.ENXIO, syscall.ENODEV} {
		if errors.Is(err, gone) {
			err = ErrGone
		}
	}
	if path := (*os.PathError)(nil); errors.As(err, &path) {
		err = path.Err
	}
	return &os.PathError{Op: op, Path: p.path, Err: err}
}
