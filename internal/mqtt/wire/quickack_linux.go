package wire

import (
	"net"

	"golang.org/x/sys/unix"
)

// QuickAck returns what makes the kernel acknowledge at once what was just read. A sender that leaves
// Nagle's algorithm on, as mosquitto does, otherwise waits up to 40 ms for our delayed acknowledgement
// before it sends its next small packet. The kernel falls back by itself, so it is said again and again.
func QuickAck(socket net.Conn) func() {
	tcp, ok := socket.(*net.TCPConn)
	if !ok {
		return func() {}
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return func() {}
	}
	set := func(fd uintptr) {
		_ = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_QUICKACK, 1)
	}
	return func() { _ = raw.Control(set) }
}
