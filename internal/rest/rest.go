// Package rest has long work leave the processor to messages now and then.
//
// By default the program uses one processor. The scheduler takes that from a goroutine that computes after 10 ms, and looks no oftener for
// what has arrived on sockets as long as any goroutine can run: runtime.Gosched doesn't change that. Whatever computes for long on behalf
// of somebody who watches the gateway (a scrape of 10,000 devices, the tree of them) therefore calls [Rest.Due] in its loops.
//
// Work that somebody waits for lets go of the processor in two ways. Often it passes: everything in the program that can run does so first,
// and what has arrived on sockets is looked for. That takes 2 µs if there is nothing. Seldom it sleeps, since the broker and others may
// want the same processor, which the kernel would otherwise take from the program only after some milliseconds. That takes 1 ms: the timers
// of a process that has nothing else to do are no finer.
package rest

import "time"

// How long work goes on before it passes, and before it sleeps.
const (
	passAfter  = 50 * time.Microsecond
	sleepAfter = 500 * time.Microsecond
	sleepFor   = 80 * time.Microsecond

	sleepAfterUnpassed = 200 * time.Microsecond // if it can't pass
)

// How long work goes on that nobody waits for before it sleeps, and for how long it does.
const (
	asideWork = 100 * time.Microsecond
	asideRest = time.Millisecond
)

// Rest knows since when its goroutine has worked.
type Rest struct {
	passed, slept        time.Time
	passAfter            time.Duration // 0: the work does not pass
	sleepAfter, sleepFor time.Duration
	turn                 *turn // nil: none has been needed
}

// Begin returns a Rest of work that begins now, and that somebody waits for. The caller calls End.
func Begin() *Rest {
	now := time.Now()
	return &Rest{passed: now, slept: now, passAfter: passAfter, sleepAfter: sleepAfter, sleepFor: sleepFor}
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
	case r.passAfter > 0 && now.Sub(r.passed) > r.passAfter:
		r.pass()
		r.passed = time.Now()
	}
}

// pass lets everything run first that can run.
func (r *Rest) pass() {
	if r.turn == nil {
		var err error
		if r.turn, err = newTurn(); err != nil {
			r.passAfter, r.sleepAfter = 0, sleepAfterUnpassed
			return
		}
	}
	r.turn.pass()
}

// End gives back what Due has used. Due must not be called any more.
func (r *Rest) End() {
	if r.turn != nil {
		r.turn.close()
	}
}
