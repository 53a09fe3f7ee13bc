// Package paho is an [mqtt.Session] on a paho client, a new one for every attempt, with its time limits off. What is around paho
// keeps it out of the situations in which it hangs, panics or reports what is not so.
//
//	broker ──► conn.Read ──► paho ──► Arrived
//	Publish ──► publisher ──► paho ──► conn.Write ──► broker
//	               │            │ tokens
//	               └─ outcomes ◄┘──► Published
//	Ack ─────────────────────────────► conn.Write ──► broker
//
// conn is the net.Conn that paho reads and writes. It gathers writes, and hands on packet by packet what is read, but for the
// packets that paho would take for something else. The first fault of conn is the reason of the session's end. Write never fails,
// and Read fails only when none of paho's blocking calls is under way, for such a call would otherwise wait out its time limit.
//
// publisher hands what was published to paho when Flush says so, from a goroutine of its own, so that neither Publish nor Flush
// ever blocks; paho's goroutine writes all of it to the socket at once. The outcomes at QoS 0 are told by the same goroutine of
// publisher, those at QoS 1 by another, so that a token that paho never completes holds nobody up.
//
// Acknowledgements of what arrived are put into the conn directly: paho's way may block.
package paho
