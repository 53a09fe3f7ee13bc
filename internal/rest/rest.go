// Package rest has long work leave the processor to messages now and then.
//
// By default the program uses one processor. The scheduler takes that from a goroutine that computes after 10 ms, and looks no oftener for
// what has arrived on sockets as long as any goroutine can run: runtime.Gosched doesn't change that. Whatever computes for long on behalf
// of somebody who watches the gateway (a scrape of 10,000 devices, the tree of them) therefore calls [Rest.Due] in its loops.
//
// Work that somebody waits for lets go of the processor in two ways. Often it passes: everything in the program that can run does so first,
// and what has arrived on sockets is looked for. That takes 2 µs if there is nothing. Seldom it sleeps, since the broker and others may
// want the same processor, which the kernel would otherwise take from the program only after some milliseconds. In a flood of messages
// something can run at any time, and the work would come to its end only behind the flood; it only sleeps then.
package rest

import "time"

// How long work that somebody waits for goes on before it passes, and before it sleeps.
const (
	passAfter  = 50 * time.Microsecond
	sleepAfter = 500 * time.Microsecond // everything included that ran meanwhile: to the kernel it is all the same
	sleepFor   = 80 * time.Microsecond  // it is a millisecond at least in a process that has nothing else to do
)

// How long work goes on that does not pass, in a flood or because the system has no turns, before it sleeps, and for how long it does.
const (
	unpassedWork = 200 * time.Microsecond
	unpassedRest = 500 * time.Microsecond

	slowPass = 2 * time.Millisecond
	flood    = 3 // slow passes, one after the other
)

// How long work goes on that nobody waits for before it sleeps, and for how long it does.
const (
	asideWork = 100 * time.Microsecond
	asideRest = time.Millisecond
)

// Rest knows since when its goroutine has worked.
type Rest struct {
	passed, slept        time.Time
	sleepAfter, sleepFor time.Duration
	passes               bool
	slow                 int   // passes, one after the other
	turn                 *turn // nil: none has been needed
}

// Begin returns a Rest of work that begins now, and that somebody waits for. The caller calls End.
func Begin() *Rest {
	now := time.Now()
	return &Rest{passed: now, slept: now, sleepAfter: sleepAfter, sleepFor: sleepFor, passes: true}
}

// Aside returns a Rest of work that begins now, and that nobody waits for. It takes ten times as long, and leaves the processor to
// messages for nearly all that time. There is no need to call End.
func Aside() *Rest { return &Rest{slept: time.Now(), sleepAfter: asideWork, sleepFor: asideRest} }

// Due passes or sleeps if it is time to. The caller holds no lock that a message could wait for.
func (r *Rest) Due() {
	switch now := time.Now(); {
	case now.Sub(r.slept) > r.sleepAfter:
		time.Sleep(r.sleepFor)
		r.slept = time.Now()
		r.passed = r.slept
	case r.passes && now.Sub(r.passed) > passAfter:
		r.pass()
		r.passed = time.Now()
		if r.passed.Sub(now) < slowPass {
			r.slow = 0
		} else if r.slow++; r.slow == flood {
			r.onlySleep()
		}
	}
}

// pass lets everything run first that can run.
func (r *Rest) pass() {
	if r.turn == nil {
		var err error
		if r.turn, err = newTurn(); err != nil {
			r.onlySleep()
			return
		}
	}
	r.turn.pass()
}

func (r *Rest) onlySleep() {
	r.passes, r.sleepAfter, r.sleepFor = false, unpassedWork, unpassedRest
}

// End gives back what Due has used. Due must not be called any more.
func (r *Rest) End() {
	if r.turn != nil {
		r.turn.close()
	}
}
