package mqtt

import (
	"net"
	"syscall"
	"testing"
)

func TestQuickAck(t *testing.T) {
	address := listen(t, func(net.Conn) {})
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	raw, err := c.(*net.TCPConn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	option := func() (on int) {
		_ = raw.Control(func(fd uintptr) {
			on, err = syscall.GetsockoptInt(int(fd), syscall.IPPROTO_TCP, syscall.TCP_QUICKACK)
		})
		return on
	}
	_ = raw.Control(func(fd uintptr) {
		err = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_TCP, syscall.TCP_QUICKACK, 0)
	})
	if before := option(); err != nil || before != 0 {
		t.Fatalf("before: %d, %v", before, err)
	}
	quickAck(c)()
	if after := option(); err != nil || after != 1 {
		t.Errorf("after: %d, %v", after, err)
	}
	quickAck(wire{})() // no TCP: nothing
}
