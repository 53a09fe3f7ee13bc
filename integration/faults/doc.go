// Package faults breaks connections on purpose: a TCP proxy for tests that cuts, swallows, stalls, delays, throttles and
// truncates what it carries, each way by itself, as it is told while connections run.
//
//	proxy, err := faults.Listen("127.0.0.1:0", broker)
//	…                                          // the client connects to proxy.Address()
//	proxy.Inject(faults.Down, faults.Swallow()) // the broker's words get lost, and nobody notices
//	proxy.Heal()                                // connections that come from now on are well
//	proxy.Cut(faults.Both, faults.RST)
//
// What it carries may also be looked at as MQTT, packet by packet: Edit and AutoAck.
//
// A connection from whose stream bytes are missing never passes any again in that direction, whatever it is told: no
// network hands on a stream with a hole. It lives on, deaf, until it is cut or both of its ends have given it up.
package faults
