// Package outbox holds what is on its way to the broker. It is pure: no clock, no socket, no goroutine. The connection owns
// an [Outbox], in which publications wait for a session; a [Flight], which knows those that the session has and whose result
// isn't known; and an [Order], which knows up to which all publications have come to their end.
//
//	Publication ──▶ Outbox ──Pop──▶ Flight ──Land──▶ published, or refused
//	                   ▲               │
//	                   └────PutBack────┘ the session has ended
//
// An outbox is bounded in messages and bytes: the oldest entries go first. Of retained statuses it keeps only the latest of
// each topic. Entries that go back to it were bounded when they came, and drop no others.
//
// A publication over which a broker hangs up, or which it never acknowledges, must not end sessions for ever: see
// [MaxLosses].
package outbox
