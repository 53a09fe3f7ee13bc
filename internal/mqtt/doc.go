// Package mqtt is one session with a broker, MQTT 3.1.1: what the rest of the gateway knows of it.
//
// A [Dial] makes one attempt and returns a [Session] or an error; nothing tries again. The caller decides when to dial, how long
// to wait before the next attempt and when to give up.
//
//	Dial ──► Arrived*  Published*  ──► Lost (once, unless the session is closed or killed first)
//
// Two transports make sessions. Each is bound to one connection, and has neither reconnection nor store: two machines for one
// connection cannot both be right.
//
//	internal/mqtt           Session, Options, Message, the errors: the face of both
//	internal/mqtt/paho      the default, by the client of that name
//	internal/mqtt/direct    by a session of our own, with less work for each message
//	internal/mqtt/wire      the way to the broker: sockets, TLS, WebSockets; shared
//	internal/mqtt/packet    cuts what the broker sends into packets, and judges them; shared
//	internal/mqtt/liveness  whether the broker is there, and answers; shared
//	internal/mqtt/contract  what a transport promises, as tests
//
// The command decides which of the two runs; nobody else knows them.
package mqtt
