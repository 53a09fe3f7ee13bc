// Package outbox holds the publications that are on their way to the broker. It is pure: it uses no clock, no socket
// and no goroutine. The connection owns an [Outbox], in which publications wait for a session; a [Flight], which holds
// those that were handed to the session and whose result is not known; and an [Order], which knows up to which number
// all publications are done.
//
//	Publication ──▶ Outbox ──Pop──▶ Flight ──Land──▶ published, or refused
//	                   ▲               │
//	                   └────PutBack────┘ the session has ended
//
// An outbox is bounded in messages and bytes: when it is full, the oldest entries are dropped. It keeps only the latest
// retained status of each topic. Entries that are put back from a flight were counted when they first came, and cause
// no other entry to be dropped.
//
// A publication that makes the broker hang up, or that the broker never acknowledges, must not end sessions for ever:
// see [MaxLosses].
package outbox
