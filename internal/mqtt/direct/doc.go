// Package direct is an [mqtt.Session] of our own, for many messages a second on a small box.
//
//	broker ──► packet.Reader ──► receive ──► Arrived, Published             goroutine read
//	                                │ acknowledgements
//	Publish, Ack ──────────────► writer ──► broker                          the caller of Flush, or goroutine writeRest
//
// A message changes goroutines neither on its way in nor on its way out: the goroutine that reads calls Arrived, and the caller
// of Flush writes what was put, as much as the socket takes without waiting. What the socket has no room for is left to
// writeRest, which may wait; so is all that goes through TLS or a WebSocket.
//
// The files: session.go is the session from its CONNECT to its end, requests.go subscribes, receive.go takes what the broker
// sends, writer.go writes, inflight.go deals out identifiers and keeps the order of outcomes, report.go tells them, watch.go
// judges the broker and tells of the end, encode.go knows the packets.
package direct
