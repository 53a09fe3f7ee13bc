//go:build !linux

package wire

import "net"

// QuickAck does nothing: only Linux can be asked to acknowledge at once.
func QuickAck(net.Conn) func() { return func() {} }
