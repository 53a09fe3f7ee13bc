//go:build !linux

package mqtt

import "net"

// quickAck does nothing: only Linux can be asked to acknowledge at once.
func quickAck(net.Conn) func() { return func() {} }
