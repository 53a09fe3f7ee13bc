// Package mqtt is one session with a broker, MQTT 3.1.1.
//
// [Dial] makes one attempt and returns a [Session] or an error; nothing here tries again. Whoever
// calls decides when to dial, how long to wait before the next attempt and when to give up.
//
//	Dial ──► Arrived*  Published*  ──► Lost (once, unless closed or killed first)
//
// Behind the interface is one of two transports. Either is bound to one connection and has no reconnection and
// no store: two machines for one connection cannot both be right. What they share:
//
//   - reader cuts what comes in into packets. The first that is malformed ends the session; a message that is too large
//     is read past.
//   - ledger holds what the broker has not answered, and vigil judges by the clock whether it still will: see there.
//   - An acknowledgement of what is not in the ledger is told of and passed over.
//
// # Direct
//
// The default is a session of our own, which costs what its system calls cost:
//
//		broker ──► reader ──► receive ──► Arrived, Published          goroutine read
//		                         │ acknowledgements
//		Publish, Ack ──────► writer ──► broker                        whoever calls Flush, or goroutine writeRest
//
//	  - The goroutine that reads also calls Arrived.
//	  - writer gathers what is put until somebody calls Flush, who writes it himself without waiting; what the
//	    socket has no room for, and all that goes through TLS or a WebSocket, is left to a goroutine that may wait.
//	  - inflight deals out identifiers and keeps the order of outcomes; reporter tells them, one goroutine at a time.
//	  - watch keeps the vigil, and tells of the end.
//	  - PUBLISH and acknowledgements are written and read by hand, everything else by paho's codec.
//
// # Paho
//
// The other is a paho client, a new one for every attempt, with its time limits off. What is around paho keeps it
// out of the situations in which it hangs, panics or reports what is not so:
//
//   - conn is the net.Conn that paho reads and writes. It gathers writes and hands on packet by packet what is read, but
//     for those that paho would take for something else; its first fault is the reason of the session's end; its Write
//     never fails and its Read fails only when none of paho's blocking calls is under way, for such a call would
//     otherwise wait out its time limit.
//   - publisher feeds paho from one goroutine and reports from two others, in order, so that Publish never
//     blocks and a token that never completes holds nobody up.
//   - Acknowledgements of what arrived are written straight to the conn: paho's way may block.
//   - watch is as above.
//
// Proxies of the environment are not honoured: a gateway and its broker are neighbours, and a
// variable set for another program must not come between them.
package mqtt
