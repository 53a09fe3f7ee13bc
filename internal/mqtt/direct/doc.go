// Package direct is an [mqtt.Session] of our own, for many messages a second on a small machine.
//
//	broker ──► packet.Reader ──► receive ──► Arrived, Published             goroutine read
//	                                │ acknowledgements
//	Publish, Ack ──────────────► writer ──► broker                          the caller of Flush, or goroutine writeRest
//
// A message does not change goroutines inside the session: the goroutine that reads calls Arrived, and the caller of
// Flush writes what was put, as much as the socket takes without waiting. The rest is left to the goroutine of
// writeRest, which may wait. writeRest also writes everything that goes through TLS or a WebSocket.
package direct
