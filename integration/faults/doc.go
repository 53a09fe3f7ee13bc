// Package faults breaks connections on purpose. It is a TCP proxy for tests that can cut, swallow, stall, delay,
// throttle and truncate the bytes of each direction, while connections are open.
//
//	proxy, err := faults.Listen("127.0.0.1:0", broker)
//	…                                          // the client connects to proxy.Address()
//	proxy.Inject(faults.Down, faults.Swallow()) // the broker's bytes are lost, without an error at either end
//	proxy.Heal()                                // new connections have no faults
//	proxy.Cut(faults.Both, faults.RST)
//
// The proxy can also edit and acknowledge the bytes as MQTT packets: see Edit and AutoAck.
//
// Once bytes have been lost from a direction of a connection, that direction passes no more bytes, whatever the proxy
// is told: no network passes on a stream with a gap. The connection stays open, deaf, until it is cut or both ends have
// closed it.
package faults
