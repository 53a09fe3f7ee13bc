// Relay measures what the gateway costs as a relay: commands go from a driver through a broker to the relay, and its
// statuses back. Side by side, in turn, it drives
//
//   - paho and direct: the gateway, by each of its transports, with 16 dummies that echo, and a strict map of all eight
//     vocabularies;
//   - bare: the least that does the same with paho used plainly;
//   - none: no relay, the driver's statuses come straight back from the broker.
//
// So that the wake-ups of idle processors don't hide what the relays do, programs in the idle class keep those busy.
//
// All is done in rounds, each of which gives the ratio of the gateway and bare; what counts is the median of those.
//
//	go run ./bench/relay                                 everything
//	go run ./bench/relay -only 'qos0/w1$' -rounds 7      one cell
//	go run ./bench/relay -sleepy                         idle processors sleep
//	go run ./bench/relay -gateway ./gateway              a program that is built already
//
// Cells are named qos0/w64 (closed loop: 64 commands outstanding) and qos0/open1000 (open loop: 1,000 commands a
// second).
package main
