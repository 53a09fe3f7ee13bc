// Package paho is an [mqtt.Session] on a paho client: a new client for each attempt to connect, with paho's own time
// limits switched off. The code around paho keeps it out of situations in which it would hang, panic or report
// something wrong.
//
//	broker ──► conn.Read ──► paho ──► Arrived
//	Publish ──► publisher ──► paho ──► conn.Write ──► broker
//	               │            │ tokens
//	               └─ outcomes ◄┘──► Published
//	Ack ─────────────────────────────► conn.Write ──► broker
//
// conn is the net.Conn that paho reads and writes. It gathers writes, and passes on what it reads packet by packet,
// without the packets that paho would misunderstand. The first fault that conn sees is the cause of the session's end.
// Write never fails. Read fails only while none of paho's blocking calls is under way: such a call would otherwise wait
// for its whole time limit.
//
// publisher has a goroutine that hands over to paho what was published, when Flush is called, so that neither Publish
// nor Flush ever blocks; paho's goroutine then writes all of it to the socket in one write. The same goroutine reports
// the outcomes at QoS 0. Another reports those at QoS 1, so that a token that paho never completes delays no outcome at
// QoS 0.
//
// Acknowledgements of messages that have arrived are put directly into the conn, since paho's own function may block.
package paho
