//go:build !unix

package mqtt

import "net"

// socket is one that can be written to without waiting: there is none here.
type socket struct{}

func rawSocket(net.Conn) *socket { return nil }

func (*socket) write([]byte) int { return 0 }
