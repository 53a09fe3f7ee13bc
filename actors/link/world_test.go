package link

import (
	"container/heap"
	"math/rand/v2"
	"time"
)

// world is what the machine deals with: brokers that answer, refuse, fall silent and hang up, attempts that take time
// to end, timers that fire late, and a mail that delivers every event, but late, out of order or twice. The world knows
// what is true, and the machine only what it was told.
type world struct {
	random   *rand.Rand
	now      time.Duration
	mail     mail
	sent     int
	attempts []*attempt // all of them; the attempt of epoch n is at n-1
}

// attempt is one Dial, and the session that it may lead to.
type attempt struct {
	epoch  uint64
	dialed time.Duration
	open   bool // a socket or a goroutine is left
	killed bool // or closed

	// What the machine was told:
	lagOver, up, ended bool
	retries            int
}

// delivery is an event that the machine will get, or, if event is nil, something that happens in the world.
type delivery struct {
	at     time.Duration
	number int // orders deliveries of the same time
	event  Event
	happen func()
}

type mail []delivery

func (m mail) Len() int { return len(m) }
func (m mail) Less(i, j int) bool {
	return m[i].at < m[j].at || m[i].at == m[j].at && m[i].number < m[j].number
}
func (m mail) Swap(i, j int) { m[i], m[j] = m[j], m[i] }
func (m *mail) Push(d any)   { *m = append(*m, d.(delivery)) }
func (m *mail) Pop() any {
	last := len(*m) - 1
	d := (*m)[last]
	*m = (*m)[:last]
	return d
}

func (w *world) tell(at time.Duration, e Event) { w.post(delivery{at: at, event: e}) }

func (w *world) after(d time.Duration, happen func()) {
	w.post(delivery{at: w.now + d, happen: happen})
}

func (w *world) post(d delivery) {
	w.sent++
	d.number = w.sent
	heap.Push(&w.mail, d)
}

// next lets time pass until the next event for the machine, and returns it; ok is false if no event is left.
func (w *world) next() (e Event, ok bool) {
	for len(w.mail) > 0 {
		d := heap.Pop(&w.mail).(delivery)
		w.now = d.at
		if d.event == nil {
			d.happen()
			continue
		}
		if w.chance(15) {
			w.tell(w.now+w.upTo(time.Minute), d.event)
		}
		return d.event, true
	}
	return nil, false
}

func (w *world) chance(percent int) bool { return w.random.IntN(100) < percent }

func (w *world) upTo(d time.Duration) time.Duration {
	return time.Duration(w.random.Int64N(int64(d) + 1))
}

// late returns for how long an event is under way.
func (w *world) late() time.Duration {
	if w.chance(60) {
		return 0
	}
	return w.upTo(2 * time.Second)
}

// latest returns the latest attempt, or nil if there is none.
func (w *world) latest() *attempt {
	if len(w.attempts) == 0 {
		return nil
	}
	return w.attempts[len(w.attempts)-1]
}

// dial begins an attempt, and draws what will happen to it.
func (w *world) dial(d Dial) {
	a := &attempt{epoch: d.Epoch, dialed: w.now, open: true}
	w.attempts = append(w.attempts, a)
	w.tell(w.now+d.Lag+w.late(), LagOver{a.epoch})
	w.tell(w.now+d.Timeout+w.late(), Overdue{a.epoch})
	switch w.random.IntN(5) {
	case 0: // refused within the lag
		w.after(w.upTo(d.Lag), func() { w.end(a) })
	case 1:
		w.after(w.upTo(d.Timeout), func() { w.end(a) })
	case 2: // never answered: only Kill ends the attempt
	case 3:
		w.after(w.upTo(d.Lag), func() { w.comeUp(a) })
	case 4: // may succeed while it is being killed
		w.after(w.upTo(d.Timeout+3*time.Second), func() { w.comeUp(a) })
	}
}

func (w *world) comeUp(a *attempt) {
	if !a.open {
		return
	}
	w.tell(w.now+w.late(), Up{a.epoch, w.now})
	lasts := []time.Duration{0, 100 * time.Millisecond, 10 * time.Second, 2 * time.Minute}[w.random.IntN(4)]
	w.after(w.upTo(lasts), func() { w.breakOff(a) })
}

func (w *world) breakOff(a *attempt) {
	if !a.open {
		return
	}
	if w.chance(10) { // the session ends without a Dropped
		w.end(a)
		return
	}
	w.tell(w.now+w.late(), Dropped{a.epoch, w.now, w.fault()})
	if w.chance(50) { // otherwise only Kill ends it
		w.after(w.upTo(time.Second), func() { w.end(a) })
	}
}

// tearDown ends an attempt as Kill and Close demand: soon, but not at once.
func (w *world) tearDown(a *attempt) {
	a.killed = true
	w.after(w.upTo(3*time.Second), func() { w.end(a) })
}

func (w *world) end(a *attempt) {
	if a.open {
		a.open = false
		w.tell(w.now+w.late(), Ended{a.epoch, w.fault()})
	}
}

func (w *world) fault() Fault { return []Fault{Transient, EOF, NoConnack, Permanent}[w.random.IntN(4)] }
