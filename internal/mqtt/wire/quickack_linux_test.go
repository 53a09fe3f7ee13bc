package wire

import (
	"net"
	"syscall"
	"testing"
)

func TestQuickAck(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	c, err := net.Dial("tcp", l.Addr().String())
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
	QuickAck(c)()
	if after := option(); err != nil || after != 1 {
		t.Errorf("after: %d, %v", after, err)
	}
	QuickAck(Conn{})() // no TCP connection: no effect
}
