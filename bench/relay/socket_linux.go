package main

import (
	"errors"
	"fmt"
	"net/netip"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// socket is a blocking TCP connection outside Go's poller. A read takes one system call instead of the three of
// net.Conn: the driver shares the machine with the relay that it measures.
type socket int

func dial(address string) (socket, error) {
	to, err := netip.ParseAddrPort(address)
	if err != nil {
		return 0, err
	}
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return 0, fmt.Errorf("socket: %w", err)
	}
	wait := syscall.NsecToTimeval(silence.Nanoseconds())
	if err := errors.Join(
		syscall.Connect(fd, &syscall.SockaddrInet4{Port: int(to.Port()), Addr: to.Addr().As4()}),
		syscall.SetsockoptInt(fd, syscall.IPPROTO_TCP, syscall.TCP_NODELAY, 1),
		syscall.SetsockoptTimeval(fd, syscall.SOL_SOCKET, syscall.SO_RCVTIMEO, &wait),
	); err != nil {
		_ = syscall.Close(fd)
		return 0, fmt.Errorf("connecting to %s: %w", address, err)
	}
	return socket(fd), nil
}

// Read returns errSilent when nothing has come for the time of silence. Read makes the kernel acknowledge at once what
// has come: otherwise a broker with Nagle's algorithm delays the next packet by 40 ms whenever the driver has nothing
// to send.
func (s socket) Read(b []byte) (int, error) {
	for {
		n, err := syscall.Read(int(s), b)
		switch {
		case errors.Is(err, syscall.EINTR):
			continue
		case errors.Is(err, syscall.EAGAIN):
			return 0, errSilent
		case err != nil:
			return 0, fmt.Errorf("read: %w", err)
		case n == 0:
			return 0, errors.New("the broker hung up")
		}
		return n, syscall.SetsockoptInt(int(s), syscall.IPPROTO_TCP, unix.TCP_QUICKACK, 1)
	}
}

func (s socket) Write(b []byte) (int, error) {
	for sent := 0; sent < len(b); {
		n, err := syscall.Write(int(s), b[sent:])
		if err != nil && !errors.Is(err, syscall.EINTR) {
			return sent, fmt.Errorf("write: %w", err)
		}
		sent += max(n, 0)
	}
	return len(b), nil
}

// readable waits at most wait until there is something to read, and reports whether there is.
func (s socket) readable(wait time.Duration) (bool, error) {
	var set syscall.FdSet
	set.Bits[int(s)/64] |= 1 << (s % 64)
	timeout := syscall.NsecToTimeval(max(wait, 0).Nanoseconds())
	n, err := syscall.Select(int(s)+1, &set, nil, nil, &timeout)
	if err == syscall.EINTR {
		return false, nil
	}
	return n > 0, err
}

func (s socket) Close() error { return syscall.Close(int(s)) }
