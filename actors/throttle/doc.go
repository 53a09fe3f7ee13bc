// Package throttle decides which of the errors that repeat are logged.
//
// A [Book] keeps an account for each kind of error. An error is fresh, and must be logged at once, if there was none of
// its kind for twice the throttle time T. Later errors are counted. When T has passed since the last line, and the
// count is not 0, a [Sum] says how many more there were, and the next T begins. An account without errors produces no
// line and needs no timer. With T = 10 s:
//
//	error at  0 s    fresh
//	error at  1 s    counted
//	error at  2 s    counted
//	      at 10 s    "2 more in 10 s"
//	error at 15 s    counted
//	      at 20 s    "1 more in 10 s"
//	error at 36 s    fresh, as the latest was 21 s ago
//
// A [Recovery] is logged only if a line has reported the trouble that it ends; it contains the errors counted until
// then. Any other recovery is part of the next sum ([Sum].Up). Equipment that comes and goes each second thus costs two
// lines each T, and the last line about a kind is always true.
//
// Errors of one kind have the same text, apart from numbers and similar details, see [Text]: an error with a new text
// is never hidden behind errors that repeat. If a Who has more than 8 kinds within a short time, the others are counted
// together. A caller who knows that an error is only how a trouble goes on, such as an attempt to open what is gone, notes
// the error under the kind of that trouble ([Book.Lasting]): the next sum has its text.
//
// The package uses no clock and no goroutine: the caller passes the time, and calls [Book.Due] at the time that
// [Book.Next] returns.
package throttle
