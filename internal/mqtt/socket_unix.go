//go:build unix

package mqtt

import (
	"net"
	"syscall"
)

// socket writes to one of the kernel's without ever waiting. One goroutine at a time may use it.
type socket struct {
	raw  syscall.RawConn
	try  func(fd uintptr) bool // made once: a closure for each write would be an allocation
	data []byte
	n    int
}

// rawSocket returns nil unless c is a socket itself.
func rawSocket(c net.Conn) *socket {
	s, ok := c.(syscall.Conn)
	if !ok {
		return nil
	}
	raw, err := s.SyscallConn()
	if err != nil {
		return nil
	}
	w := &socket{raw: raw}
	w.try = func(fd uintptr) bool {
		w.n, _ = syscall.Write(int(fd), w.data)
		return true // and no waiting for another try
	}
	return w
}

// write returns how many bytes of b the kernel has taken at once. What is wrong with the others, whoever writes
// them by the net.Conn hears.
func (s *socket) write(b []byte) int {
	s.data, s.n = b, 0
	_ = s.raw.Write(s.try)
	s.data = nil
	return max(s.n, 0)
}
