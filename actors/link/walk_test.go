package link

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

// walker drives the machine through a world, and checks its promises.
type walker struct {
	t *testing.T
	*world
	state   State
	steps   int
	started bool
	stopped bool
	seen    map[situation]int
	diary   []entry // of the present life
}

// entry is one step of a walk.
type entry struct {
	at      time.Duration
	event   Event
	to      situation
	effects []Effect
}

// In a walk the link lives many lives, each from its first Start until some time after its Stop. The walk checks these
// promises:
//
//   - there are never two attempts open;
//   - no attempt begins within the lag of the one before;
//   - Stop is final;
//   - an event with an old epoch changes nothing;
//   - every effect has the current epoch;
//   - each attempt that ends leads to exactly one Retry, once its lag is over;
//   - the machine never waits for an event that cannot come.
func TestWalk(t *testing.T) {
	for seed := range uint64(4) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			random := rand.New(rand.NewPCG(seed, 0))
			w := &walker{t: t, seen: make(map[situation]int)}
			for w.steps < 100_000 {
				w.world, w.state, w.started, w.stopped, w.diary = &world{random: random}, State{}, false, false, nil
				w.live()
			}
			for _, in := range allSituations {
				if w.seen[in.situation] < 100 {
					t.Errorf("%q was reached %d times: the walk is too tame", in.name, w.seen[in.situation])
				}
			}
		})
	}
}

// live runs one life of the link, until every event that is under way has come.
func (w *walker) live() {
	for rest := 20; rest > 0; {
		switch n := w.random.IntN(1000); {
		case n < 3 && (w.started || n == 0):
			w.step(Stop{})
			continue
		case n < 20:
			w.step(Start{})
			continue
		case n < 30: // an event that nothing has caused
			events := eventsOf(uint64(w.random.IntN(len(w.attempts) + 3)))
			e := events[w.random.IntN(len(events))]
			if epoch, _ := epochOf(e); !w.current(epoch) {
				w.step(e)
			}
			continue
		}
		e, ok := w.next()
		switch {
		case ok:
			w.step(e)
		case w.stopped:
			rest--
		case w.started:
			w.fail("a dead end: nothing is left to happen")
		}
	}
	if a := w.latest(); a != nil && a.open {
		w.fail("attempt %d is still open after Stop", a.epoch)
	}
}

// step passes an event to the machine, checks the result, and carries out the effects.
func (w *walker) step(e Event) {
	before := w.state
	after, effects := policy.Step(before, e)
	w.state = after
	w.steps++
	w.seen[after.situation()]++
	w.diary = append(w.diary, entry{w.now, e, after.situation(), effects})

	idle := after == before && len(effects) == 0
	if w.stopped && !idle {
		w.fail("something happened after Stop")
	}
	if epoch, ok := epochOf(e); ok && !w.current(epoch) && !idle {
		w.fail("an event of epoch %d changed something, the current one is %d", epoch, w.epoch())
	}
	w.note(e)
	for _, effect := range effects {
		w.carryOut(e, effect)
	}
	w.compare()
	if after.situation().unnamed() {
		w.fail("a situation that the table does not have")
	}
}

// note records what the machine was told.
func (w *walker) note(e Event) {
	switch e.(type) {
	case Start:
		w.started = true
	case Stop:
		w.stopped = true
	}
	epoch, _ := epochOf(e)
	if !w.current(epoch) {
		return
	}
	a := w.latest()
	switch e.(type) {
	case LagOver:
		a.lagOver = true
	case Up:
		a.up = true
	case Ended:
		a.ended = true
	}
}

func (w *walker) carryOut(e Event, effect Effect) {
	a := w.latest()
	switch effect := effect.(type) {
	case Dial:
		if effect != (Dial{w.epoch() + 1, !w.state.NoWill, policy.Lag, policy.Timeout}) {
			w.fail("%#v after epoch %d", effect, w.epoch())
		}
		switch {
		case a == nil:
			if _, ok := e.(Start); !ok {
				w.fail("an attempt that no Start asked for")
			}
		case a.open:
			w.fail("attempt %d begins while attempt %d is open", effect.Epoch, a.epoch)
		case w.now < a.dialed+policy.Lag:
			w.fail("attempt %d begins %v after the one before, within its lag", effect.Epoch, w.now-a.dialed)
		case e != RetryDue{a.epoch}:
			w.fail("an attempt that its RetryDue did not ask for")
		}
		w.dial(effect)
	case Kill:
		if a == nil || effect.Epoch != a.epoch || a.ended {
			w.fail("%#v, but there is no such attempt", effect)
		}
		w.tearDown(a)
	case Close:
		if a == nil || effect.Epoch != a.epoch || a.ended || !a.up || a.killed || !w.stopped {
			w.fail("%#v, but there is no such session, or it is to stay", effect)
		}
		w.tearDown(a)
	case Retry:
		if a == nil || effect.Epoch != a.epoch {
			w.fail("%#v, but there is no such attempt", effect)
		}
		a.retries++
		w.tell(w.now+effect.Wait.Draw(w.random.Float64())+w.late(), RetryDue{a.epoch})
	}
}

// compare compares the state of the machine with what it was told.
func (w *walker) compare() {
	a, s := w.latest(), w.state
	if s.Epoch != w.epoch() || s.Stopped != w.stopped {
		w.fail("the state is of epoch %d, stopped %t", s.Epoch, s.Stopped)
	}
	if a == nil || w.stopped {
		return
	}
	want := 0
	if a.ended && a.lagOver {
		want = 1
	}
	if a.retries != want {
		w.fail("%d retries of attempt %d, want %d: ended %t, lag over %t", a.retries, a.epoch, want, a.ended, a.lagOver)
	}
	if s.Phase == Connected && (!a.up || a.ended || a.killed) {
		w.fail("connected: the attempt was up %t, killed %t, ended %t", a.up, a.killed, a.ended)
	}
}

// epoch returns the epoch of the latest attempt, or 0 before the first.
func (w *walker) epoch() uint64 { return uint64(len(w.attempts)) }

// current reports whether epoch is that of the latest attempt.
func (w *walker) current(epoch uint64) bool { return epoch > 0 && epoch == w.epoch() }

// fail ends the walk, and prints the steps that led there; the test's name contains the seed.
func (w *walker) fail(format string, args ...any) {
	w.t.Helper()
	var way strings.Builder
	for _, e := range w.diary[max(0, len(w.diary)-15):] {
		fmt.Fprintf(&way, "\n%12v  %#v: %s %#v", e.at, e.event, e.to, e.effects)
	}
	w.t.Fatalf("step %d: %s; the way there:%s", w.steps, fmt.Sprintf(format, args...), &way)
}

// epochOf returns the epoch of an event; Start and Stop have none.
func epochOf(e Event) (uint64, bool) {
	switch e := e.(type) {
	case Up:
		return e.Epoch, true
	case Dropped:
		return e.Epoch, true
	case Ended:
		return e.Epoch, true
	case LagOver:
		return e.Epoch, true
	case Overdue:
		return e.Epoch, true
	case RetryDue:
		return e.Epoch, true
	}
	return 0, false
}
