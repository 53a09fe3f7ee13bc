package supervision

import (
	"time"

	"github.com/mqttgateway/mqttgateway/messages"
)

// become replaces the entry of the link.
func (r *Record) become(now Entry) {
	before := r.link
	if now.State != before.State {
		now.Since = r.now
	}
	r.link = now
	r.note(before, now)
}

func (r *Record) linkWanted() {
	if e := r.link; e.State == messages.Closed && !r.stopping {
		e.State = messages.Connecting
		r.become(e)
	}
}

func (r *Record) linkUp() {
	if e := r.link; e.State != messages.Closed {
		e.State, e.Reason, e.Next, e.Unanswered = messages.Online, "", time.Time{}, time.Time{}
		r.become(e)
	}
}

func (r *Record) linkDown(m messages.LinkDown) {
	e := r.link
	if e.State == messages.Closed {
		return
	}
	if e.steady(r.now) {
		e.Failures = 0
	}
	e.Failures++
	e.Restarts++
	if m.Lost {
		e.Losses++
	}
	e.State, e.Reason, e.Next, e.Unanswered = messages.Offline, m.Err.Error(), r.now.Add(m.Retry), time.Time{}
	r.become(e)
}

func (r *Record) linkUnanswered(since time.Time) {
	if e := r.link; e.State == messages.Online {
		e.Unanswered = since
		r.become(e)
	}
}

func (r *Record) linkClosed() { r.become(closed(r.link, r.now)) }

// steady reports whether a link or a part has been online for so long that its next failure is the first in a row.
func (e Entry) steady(now time.Time) bool {
	return e.State == messages.Online && now.Sub(e.Since) >= steadyAfter
}

// part returns the entry of one of the gateway's own actors, or nil if there is no such actor.
func (r *Record) part(name string) *Entry {
	for i := range r.parts {
		if r.parts[i].Name == name {
			return &r.parts[i]
		}
	}
	return nil
}

func (r *Record) partBegan(name string) {
	p := r.part(name)
	if p == nil || p.State == messages.Online {
		return
	}
	before := *p
	p.State, p.Since, p.Reason, p.Next = messages.Online, r.now, "", time.Time{}
	r.note(before, *p)
}

// partFailed orders that a part is begun again, even while the gateway stops: the last messages still pass through
// connection and mapper.
func (r *Record) partFailed(e PartFailed) {
	p := r.part(e.Part)
	if p == nil {
		return
	}
	before := *p
	if before.steady(r.now) {
		p.Failures = 0
	}
	p.Failures++
	p.Restarts++
	if p.State != messages.Offline {
		p.State, p.Since, p.Reason = messages.Offline, r.now, e.Err.Error()
	}
	wait := r.wait(restarts, p.Failures)
	p.Next = r.now.Add(wait)
	r.note(before, *p)
	r.orders = append(r.orders, Order{Part, p.Name, wait})
}
