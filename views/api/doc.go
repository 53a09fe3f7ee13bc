// Package api is the gateway's HTTP API: what the page, the commands inspect and top, and programs of others ask.
//
// All paths begin with /api/v1. Answers are JSON, times are RFC 3339 with milliseconds, refusals are RFC 9457 (application/problem+json).
// openapi.yaml describes all of it; a test holds the description against the handlers and their answers. Who may ask is not the
// handlers' business: package web guards the listener, and a mode the health socket.
//
// # Events
//
// GET /events is a stream of server-sent events of up to four kinds. For each kind there is one ring with the latest events, which one
// goroutine fills, the pump. Readers have a position in each ring and nothing else: a reader that is slow finds that its position has been
// overwritten, is told how much it has missed, and goes on; it delays neither the pump nor another reader. A pump runs while its kind has
// readers, and half a minute longer, so that a reader that has lost its connection can resume. An event's id holds the positions of its
// reader, so that Last-Event-ID is all that resuming needs.
//
// # Concurrency
//
// Handlers run on the goroutines of their connections and wait for no actor, except for those that change something. A stream ends
// with the context that [New] was given.
package api
