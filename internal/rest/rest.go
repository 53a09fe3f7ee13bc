// Package rest has long work leave the processor to messages now and then.
//
// By default the program uses one processor. The scheduler takes that from a goroutine that computes after 10 ms, and looks no oftener for
// what has arrived on sockets as long as any goroutine can run: runtime.Gosched doesn't change that, and only sleeping does. Whatever
// computes for long on behalf of somebody who watches the gateway (a scrape of 10,000 devices, the tree of them)
// therefore calls [Rest.Due] in its loops.
package rest

import "time"

// How long work goes on without a rest, and how long the rest is: of work that somebody waits for, and of work that nobody waits for. A
// message passes half a dozen goroutines, and waits for the work before some of them. A process that has nothing else to do sleeps for
// a millisecond at least.
const (
	workFor   = 200 * time.Microsecond
	restFor   = 80 * time.Microsecond
	asideWork = 100 * time.Microsecond
	asideRest = time.Millisecond
)

// Rest knows since when its goroutine has worked.
type Rest struct {
	since      time.Time
	work, rest time.Duration
}

// Begin returns a Rest of work that begins now, and that somebody waits for.
func Begin() *Rest { return &Rest{time.Now(), workFor, restFor} }

// Aside returns a Rest of work that begins now, and that nobody waits for. It takes ten times as long, and leaves the processor to
// messages for nearly all that time.
func Aside() *Rest { return &Rest{time.Now(), asideWork, asideRest} }

// Due rests if it is time to. The caller holds no lock that a message could wait for.
func (r *Rest) Due() {
	if time.Since(r.since) > r.work {
		time.Sleep(r.rest)
		r.since = time.Now()
	}
}
