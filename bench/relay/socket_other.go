//go:build !linux

package main

import (
	"bufio"
	"errors"
	"net"
	"os"
	"time"
)

// socket is a TCP connection of package net. On Linux the driver uses fewer system calls.
type socket struct {
	net.Conn
	in *bufio.Reader
}

func dial(address string) (socket, error) {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return socket{}, err
	}
	return socket{conn, bufio.NewReaderSize(conn, 1<<16)}, nil
}

// Read returns errSilent when nothing has come for the time of silence.
func (s socket) Read(b []byte) (int, error) {
	if err := s.SetReadDeadline(time.Now().Add(silence)); err != nil {
		return 0, err
	}
	n, err := s.in.Read(b)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return n, errSilent
	}
	return n, err
}

// readable waits at most wait until there is something to read, and reports whether there is.
func (s socket) readable(wait time.Duration) (bool, error) {
	if err := s.SetReadDeadline(time.Now().Add(max(wait, 0))); err != nil {
		return false, err
	}
	_, err := s.in.Peek(1)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return false, nil
	}
	return err == nil, err
}
