// Package link is the state machine of the connection with the broker. It is pure: it uses no clock, no socket, no
// goroutine and no random number. The connection actor carries out the effects, and passes their results back as
// events.
//
//	               Start                      Up
//	disconnected ────────▶ connecting ─────────────────▶ connected
//	                        ▲      │ Ended, once the lag   │ Dropped
//	                        │      │ is over      Overdue  ▼
//	               RetryDue │      │         ┌──────────▶ lost
//	                        │      ▼         │             │ Ended, once the lag is over
//	                        └── waiting ◀────┴─────────────┘
//
// Stop leads from every phase to disconnected, for good.
//
// The lag is a time after each connect request during which the connection is not tested and no other attempt begins: a
// second attempt on top of the first could jam both. A success counts at once. A failure within the lag takes effect
// when the lag ends. An attempt that has neither succeeded nor ended within the connect time-out is killed. The attempt
// is over only when its end is reported, so that there are never two attempts.
//
// After three attempts in a row that the broker has ended without accepting or refusing them, the next attempt is made
// without the last will, since some brokers hang up on a client with a will. If that attempt fails too, later attempts
// have the will again.
//
// Every event about an attempt carries the attempt's epoch. An event with another epoch, or one that has no meaning in
// the present phase, changes nothing.
package link
