// Package throttle decides what is said about errors that repeat.
//
// A [Book] keeps an account for each kind of error. An error is fresh, and worth a line at once, if none of its
// kind came for twice the throttle time T. Further ones are counted. When T is up since the last line and the
// count is not 0, a [Sum] says how many more there were, and the time begins anew. An account without errors says
// nothing and asks for no timer. With T = 10 s:
//
//	error at  0 s    fresh
//	error at  1 s    counted
//	error at  2 s    counted
//	      at 10 s    "2 more in 10 s"
//	error at 15 s    counted
//	      at 20 s    "1 more in 10 s"
//	error at 36 s    fresh, as the latest was 21 s ago
//
// A [Recovery] is a line only if it ends trouble that was itself a line; it takes what was counted with it. Any
// other recovery shows in the next sum ([Sum].Up), so that equipment that comes and goes each second costs two lines
// each T, and the last line about a kind is always true.
//
// Errors of one kind have the same text but for numbers and the like, see [Text]: what is new is never hidden behind what
// repeats. A Who with more than 8 kinds within a short time has the rest counted together.
//
// The package has no clock and no goroutine: the caller passes each instant, and asks [Book.Due] when [Book.Next]
// says so.
package throttle
