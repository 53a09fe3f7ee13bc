// Package mqtt is one session with a broker, MQTT 3.1.1.
//
// [Dial] makes one attempt and returns a [Session] or an error; nothing here tries again. Whoever
// calls decides when to dial, how long to wait before the next attempt and when to give up.
//
//	Dial ──► Arrived*  Published*  ──► Lost (once, unless closed or killed first)
//
// Behind the interface is a paho client, a new one for every attempt, with its reconnection, its
// store and its time limits off: two machines for one connection cannot both be right. What is
// around paho keeps it out of the situations in which it hangs, panics or reports what is not so:
//
//   - conn is the net.Conn that paho reads and writes. It gathers writes and buffers reads; its first
//     fault is the reason of the session's end; its Write never fails and its Read fails only when none
//     of paho's blocking calls is under way, for such a call would otherwise wait out its time limit.
//   - frames follows the packets that come in and ends the session before paho sees one that is too
//     large, malformed, or would make it panic.
//   - publisher feeds paho from one goroutine and reports from another, in order, so that Publish never
//     blocks and a token that never completes holds nobody up.
//   - Acknowledgements of what arrived are written straight to the conn: paho's way may block.
//   - watch notices a broker that has fallen silent and callbacks that are stuck.
//
// Proxies of the environment are not honoured: a gateway and its broker are neighbours, and a
// variable set for another program must not come between them.
package mqtt
