// Package pace has the scheduler use one processor while that is the cheaper way.
//
// A message on its way through a gateway wakes one goroutine after the other, each for some microseconds. With several
// processors each of these wakes an idle one, which costs more than the work, finds it taken, and goes back to sleep: at
// a thousand messages a second most of the CPU time goes there. With one processor a goroutine just comes after the
// other. That is right as long as nobody needs it for long: [Pacer] looks ten times a second while messages flow, and
// gives all processors back when the one is busy, when goroutines have had to wait for it, and when nothing flows. It also
// sees to it that one that computes is interrupted in time.
package pace
