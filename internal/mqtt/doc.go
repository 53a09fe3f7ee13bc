// Package mqtt is one MQTT 3.1.1 session with a broker, as the rest of the gateway sees it.
//
// A [Dial] makes one attempt to connect and returns a [Session] or an error; it never tries again. The caller decides
// when to dial, how long to wait before the next attempt, and when to give up.
//
//	Dial ──► Arrived*  Published*  ──► Lost (once, unless the session is closed or killed first)
//
// There are two transports. A session of either is bound to one connection, and has neither reconnection nor a store:
// if both the transport and its caller decided about reconnecting, they would contradict each other.
//
//	internal/mqtt           Session, Options, Message, the errors: the face of both
//	internal/mqtt/paho      the default, by the client of that name
//	internal/mqtt/direct    by a session of our own, with less work for each message
//	internal/mqtt/wire      the way to the broker: sockets, TLS, WebSockets; shared
//	internal/mqtt/packet    cuts what the broker sends into packets, and judges them; shared
//	internal/mqtt/liveness  whether the broker is there, and answers; shared
//	internal/mqtt/contract  what a transport promises, as tests
//
// Package command chooses the transport. No other package knows which of the two runs.
package mqtt
