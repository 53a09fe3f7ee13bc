//go:build !portable && !ppc && !ppc64 && !ppc64le

package serial

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// port is a file that the runtime waits for, as it does for a socket: hence deadlines, a Close that ends a Read, and no thread.
type port struct{ *os.File }

func open(path string, mode Mode) (line, error) {
	// O_NONBLOCK has open not wait for a carrier, and the runtime wait for the file. O_CLOEXEC keeps it from programs that
	// devices start, which would hold the port open when it is unplugged.
	file, err := os.OpenFile(path, unix.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	p := &port{file}
	if err := p.control(func(fd int) error { return setUp(fd, mode) }); err != nil {
		_ = file.Close()
		return nil, err
	}
	return p, nil
}

// control calls f with the descriptor, which stays open meanwhile.
func (p *port) control(f func(fd int) error) (err error) {
	conn, err := p.SyscallConn()
	if err != nil {
		return err
	}
	return errors.Join(conn.Control(func(fd uintptr) { err = f(int(fd)) }), err)
}

// setUp locks the port and sets its mode.
func setUp(fd int, mode Mode) error {
	before, err := unix.IoctlGetTermios(fd, unix.TCGETS2)
	if err != nil {
		return fmt.Errorf("no serial port: %w", err)
	}
	// The lock keeps out who asks for one; TIOCEXCL those who don't, unless they are root.
	if err := unix.Flock(fd, unix.LOCK_EX|unix.LOCK_NB); err != nil {
		return err
	}
	if err := unix.IoctlSetInt(fd, unix.TIOCEXCL, 0); err != nil {
		return err
	}
	want := raw(*before, mode)
	if err := unix.IoctlSetTermios(fd, unix.TCSETS2, &want); err != nil {
		return err
	}
	// A driver does what it can instead of refusing, and tells what that is.
	has, err := unix.IoctlGetTermios(fd, unix.TCGETS2)
	if err != nil {
		return err
	}
	if off := int64(has.Ospeed) - int64(mode.Baud); off*off*1000 > int64(mode.Baud)*int64(mode.Baud) {
		return fmt.Errorf("baud: the port cannot do %d, the nearest is %d", mode.Baud, has.Ospeed)
	}
	return unix.IoctlSetInt(fd, unix.TCFLSH, unix.TCIFLUSH)
}

// raw changes settings so that bytes pass as they are, in a mode.
func raw(t unix.Termios, mode Mode) unix.Termios {
	t.Iflag &^= unix.BRKINT | unix.PARMRK | unix.ISTRIP | unix.INLCR | unix.IGNCR | unix.ICRNL | unix.IXON | unix.IXOFF | unix.IXANY | unix.INPCK | unix.IGNPAR
	t.Iflag |= unix.IGNBRK
	t.Oflag &^= unix.OPOST
	t.Lflag &^= unix.ECHO | unix.ECHONL | unix.ICANON | unix.ISIG | unix.IEXTEN
	t.Cflag &^= unix.CSIZE | unix.CSTOPB | unix.PARENB | unix.PARODD | unix.CMSPAR | unix.CRTSCTS | unix.CBAUD | unix.CIBAUD
	t.Cflag |= unix.CREAD | unix.CLOCAL | unix.BOTHER // BOTHER: the rate is a number
	t.Ispeed, t.Ospeed = uint32(mode.Baud), uint32(mode.Baud)
	t.Cflag |= map[int]uint32{5: unix.CS5, 6: unix.CS6, 7: unix.CS7, 8: unix.CS8}[mode.DataBits]
	if mode.StopBits == 2 {
		t.Cflag |= unix.CSTOPB
	}
	if mode.Parity != None {
		t.Iflag |= unix.INPCK | unix.IGNPAR
		t.Cflag |= map[Parity]uint32{
			Odd:   unix.PARENB | unix.PARODD,
			Even:  unix.PARENB,
			Mark:  unix.PARENB | unix.CMSPAR | unix.PARODD,
			Space: unix.PARENB | unix.CMSPAR,
		}[mode.Parity]
	}
	t.Cc[unix.VMIN], t.Cc[unix.VTIME] = 1, 0
	return t
}

// Close leaves the port to others: a pseudo-terminal keeps TIOCEXCL for as long as its other end is open.
func (p *port) Close() error {
	_ = p.control(func(fd int) error { return unix.IoctlSetInt(fd, unix.TIOCNXCL, 0) })
	return p.File.Close()
}

// explain is an error of open in words that help.
func explain(err error) error {
	if path := (*os.PathError)(nil); errors.As(err, &path) {
		err = path.Err
	}
	switch {
	case errors.Is(err, unix.EBUSY), errors.Is(err, unix.EWOULDBLOCK):
		return fmt.Errorf("another program or device has it open: %w", err)
	case errors.Is(err, unix.EACCES):
		return fmt.Errorf("%w: serial ports are usually for the group dialout or uucp", err)
	}
	return err
}
