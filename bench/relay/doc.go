// Relay measures what the gateway costs as a relay: a driver sends commands through a broker to the relay, which sends
// statuses back. The driver measures these subjects in turn:
//
//   - paho and direct: the gateway, with each of its transports, 16 dummies that echo, and a strict map of all eight
//     vocabularies;
//   - bare: the least that does the same with paho used plainly;
//   - none: no relay, the driver's statuses come straight back from the broker.
//
// Programs in the idle scheduling class keep idle processors busy, since the wake-ups of sleeping processors would hide
// the cost of the relays.
//
// The measurement takes several rounds, each of which gives a ratio of the gateway and bare. The result is the median
// of the ratios.
//
//	go run ./bench/relay                                 everything
//	go run ./bench/relay -only 'qos0/w1$' -rounds 7      one cell
//	go run ./bench/relay -sleepy                         idle processors sleep
//	go run ./bench/relay -gateway ./gateway              a program that is built already
//
// Cells are named qos0/w64 (closed loop: 64 outstanding commands) and qos0/open1000 (open loop: 1,000 commands a
// second).
package main
