// Package loopback reserves TCP ports on 127.0.0.1 for tests and measurements: for programs that are told where to listen,
// and for listeners that go away and come back.
package loopback

// Reserve returns an address on 127.0.0.1, host:port, on which nobody listens. Until release is called, no other
// process that asks for a free port gets this one, and neither does a client. A program that is told the address can
// listen there again and again.
func Reserve() (address string, release func(), err error) { return reserve() }
