//go:build unix

package mqtt

import (
	"errors"
	"io"
	"net"
	"os"
	"syscall"
)

// socket is one of the kernel's, read and written without telling the scheduler of each call. One goroutine at a time
// may read it, and one write it.
type socket struct {
	net.Conn
	raw     syscall.RawConn
	in, out transfer
}

// transfer is one direction of a socket.
type transfer struct {
	try  func(fd uintptr) (done bool) // made once: a closure for each call would be an allocation
	data []byte
	n    int
	err  error
}

// rawSocket returns nil unless c is a socket itself.
func rawSocket(c net.Conn) *socket {
	holder, ok := c.(syscall.Conn)
	if !ok {
		return nil
	}
	raw, err := holder.SyscallConn()
	if err != nil {
		return nil
	}
	s := &socket{Conn: c, raw: raw}
	s.in.try = func(fd uintptr) bool {
		s.in.n, s.in.err = read(fd, s.in.data)
		return !errors.Is(s.in.err, syscall.EAGAIN) // else it is tried again when something has come
	}
	s.out.try = func(fd uintptr) bool {
		s.out.n, s.out.err = write(fd, s.out.data)
		return true // and no waiting for another try
	}
	return s
}

// Read waits for bytes and reads what there is.
func (s *socket) Read(b []byte) (int, error) {
	t := &s.in
	t.data = b
	err := s.raw.Read(t.try)
	t.data = nil
	switch {
	case err != nil:
		return 0, err
	case t.err != nil:
		return 0, &net.OpError{
			Op: "read", Net: s.LocalAddr().Network(), Source: s.LocalAddr(), Addr: s.RemoteAddr(), Err: os.NewSyscallError("read", t.err),
		}
	case t.n == 0 && len(b) > 0:
		return 0, io.EOF
	}
	return t.n, nil
}

// offer returns how many bytes of b the kernel has taken at once. What is wrong with the others, whoever writes
// them by the net.Conn hears.
func (s *socket) offer(b []byte) int {
	t := &s.out
	t.data, t.n = b, 0
	_ = s.raw.Write(t.try)
	t.data = nil
	return max(t.n, 0)
}
