// Package link is the state machine of the connection with the broker. It is pure: no clock, no socket, no goroutine,
// no random number. Whoever runs it carries out the effects, and feeds back what comes of them as events.
//
//	               Start                      Up
//	disconnected ────────▶ connecting ─────────────────▶ connected
//	                        ▲      │ Ended, once the lag   │ Dropped
//	                        │      │ is over      Overdue  ▼
//	               RetryDue │      │         ┌──────────▶ lost
//	                        │      ▼         │             │ Ended, once the lag is over
//	                        └── waiting ◀────┴─────────────┘
//
// Stop leads from anywhere to disconnected, for good.
//
// For a while after each connect request, the lag, nobody tests the connection and no new attempt begins: testing too
// early starts a second attempt on top of the first and jams both. Success counts at once. A failure within the lag is
// acted on when the lag ends. An attempt that is neither up nor ended goes on until the connect time-out, is killed,
// and is over when its end is reported, not before, so that there are never two.
//
// A broker that hangs up on three attempts in a row instead of accepting or refusing them is tried without the last will:
// some will not have one. If that does not help either, the will is back.
//
// Every event that comes of an attempt carries its epoch. An old one, or one that the phase has no use for, leaves the
// state as it is.
package link
