//go:build unix

package direct

import (
	"errors"
	"net"
	"syscall"
)

// socket writes to a socket of the operating system without waiting for room. Only one goroutine may use it at a time.
type socket struct {
	raw  syscall.RawConn
	try  func(fd uintptr) (done bool) // made once: a closure for each call would be an allocation
	data []byte
	n    int
}

// newSocket returns nil unless c is a socket of the operating system.
func newSocket(c net.Conn) *socket {
	holder, ok := c.(syscall.Conn)
	if !ok {
		return nil
	}
	raw, err := holder.SyscallConn()
	if err != nil {
		return nil
	}
	s := &socket{raw: raw}
	s.try = func(fd uintptr) bool {
		var err error
		for {
			if s.n, err = syscall.Write(int(fd), s.data); !errors.Is(err, syscall.EINTR) {
				return true // also if there was no room, for which RawConn would wait
			}
		}
	}
	return s
}

// offer returns how many bytes of b the operating system has taken at once. It reports no error: the next write by the
// net.Conn does.
func (s *socket) offer(b []byte) int {
	s.data, s.n = b, 0
	_ = s.raw.Write(s.try)
	s.data = nil
	return max(s.n, 0)
}
