// Package loopback reserves TCP ports on 127.0.0.1 for tests and measurements: for programs that are told where to listen,
// and for listeners that go away and come back.
package loopback

// Reserve returns an address on 127.0.0.1, host:port, at which nobody listens and that nobody else is given until release is
// called: neither another process that asks for any free port, nor a client that needs one. Whoever is told the address can
// listen there, again and again.
func Reserve() (address string, release func(), err error) { return reserve() }
