package wire

import (
	"net"

	"golang.org/x/sys/unix"
)

// QuickAck returns a function that makes the kernel acknowledge at once what was just read. A broker that uses Nagle's
// algorithm, as mosquitto does, otherwise waits up to 40 ms for a delayed acknowledgement before it sends its next
// small packet. The kernel returns to delayed acknowledgements by itself, so the function must be called after each
// read.
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
