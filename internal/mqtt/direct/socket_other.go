//go:build !unix

package direct

import (
	"net"
)

// socket can't write without waiting on this system.
type socket struct{}

func newSocket(net.Conn) *socket { return nil }

func (*socket) offer([]byte) int { return 0 }
