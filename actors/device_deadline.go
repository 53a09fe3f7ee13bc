package actors

import (
	"context"
	"errors"
	"time"

	"github.com/mqttgateway/mqttgateway/actors/mailbox"
	"github.com/mqttgateway/mqttgateway/messages"
)

// call is one call of a device's own code, watched over by a timer. It is the actor's, which begins and ends it, and
// the timer's; what both write is guarded by the mailbox's lock. Calls are used again, by whichever device is next, so
// that a call costs no allocation, and a device at rest no memory.
type call struct {
	device   *device
	doing    messages.Doing
	handling messages.Handle // if it is that; may be acknowledged early meanwhile
	began    time.Time
	limit    time.Duration
	cancel   context.CancelFunc // of its context; may be nil
	looked   bool               // at whether it is slow, for the first time
	slow     bool               // for slowAfter
	overdue  bool               // for its whole time; the delivery has been told as timed out
	timer    *time.Timer
}

// watch makes the call by which the device handles h, and answers for it when the call ends, however it does, or
// before that when the deadline has passed. If f returns errLater, the answer has yet to come, for what watch returns of h.
func (d *device) watch(h messages.Handle, cancel context.CancelFunc, f func() error) (overdue bool, handled messages.Handle, err error) {
	c := d.begin(messages.Handling, h, d.config.Timeout, cancel)
	err = mailbox.ErrGoexit
	defer func() {
		if overdue, handled = c.end(); !overdue && !errors.Is(err, errLater) {
			d.answer(handled, err)
		}
	}()
	err = f()
	return overdue, handled, err
}

// during makes another call of the device's own code.
func (d *device) during(doing messages.Doing, limit time.Duration, cancel context.CancelFunc, f func() error) (overdue bool, err error) {
	c := d.begin(doing, messages.Handle{}, limit, cancel)
	defer func() { overdue, _ = c.end() }()
	err = f()
	return overdue, err
}

// begin notes what the device begins to do: if it is handling, to handle h.
func (d *device) begin(doing messages.Doing, h messages.Handle, limit time.Duration, cancel context.CancelFunc) *call {
	c, _ := d.shared.calls.Get().(*call)
	if c == nil {
		c = new(call)
	}
	d.box.Locked(func() {
		*c = call{device: d, doing: doing, handling: h, began: time.Now(), limit: limit, cancel: cancel, timer: c.timer}
		d.busy = c
		if first := min(slowAfter-lookAgain, limit); c.timer == nil {
			c.timer = time.AfterFunc(first, c.fired)
		} else {
			c.timer.Reset(first)
		}
	})
	return c
}

// end notes that the call has returned, and reports whether it had outlived its deadline, and what was handled.
func (c *call) end() (overdue bool, handled messages.Handle) {
	d, again := c.device, false
	d.box.Locked(func() {
		d.busy = nil
		overdue, handled = c.overdue, c.handling
		again = c.timer.Stop() // else it has fired, perhaps just now, and finds that its call is over
	})
	if again {
		*c = call{timer: c.timer}
		d.shared.calls.Put(c)
	}
	return overdue, handled
}

// fired looks how long the call has taken.
func (c *call) fired() {
	d := c.device
	var act func()
	d.box.Locked(func() {
		if d.busy != c || c.overdue {
			return
		}
		switch took := time.Since(c.began); {
		case took >= c.limit:
			c.overdue = true
			why := c.reason(errOverdue{c.limit})
			doing, h, cancel, queued := c.doing, c.handling, c.cancel, d.overdue(c, why)
			act = func() {
				if doing == messages.Handling { // without the lock: the mapper may work on it, and on what it has for us
					d.done(h, messages.TimedOut, why.Error())
				}
				if cancel != nil {
					cancel()
				}
				d.box.Refuse(queued, errStuck)
			}
		case took < slowAfter-lookAgain: // the timer was that of the call before
			c.timer.Reset(min(slowAfter-lookAgain, c.limit) - took)
		case !c.looked:
			c.looked = true
			c.timer.Reset(min(lookAgain, c.limit-took))
		default:
			c.slow = true
			c.timer.Reset(c.limit - took)
			act = d.relieve
		}
	})
	if act != nil {
		act()
	}
}

// overdue takes the device out until its call returns, and returns what is to be refused. The mailbox's lock is held,
// so that nobody hears of it later than of what follows when the call has returned.
func (d *device) overdue(c *call, why *reason) (queued []any) {
	if d.admits != refuseClosing {
		d.admits = refuseStuck
		queued = d.box.Pick(isHandle)
	}
	if c.doing == messages.Handling {
		d.shared.counters.Failed.Add(1)
		d.counters.failed.Add(1)
	}
	if !d.abandoned.Load() {
		d.shared.supervisor.send(messages.DeviceChanged{Device: d.config.Name, State: messages.Stuck, Err: why})
	}
	return queued
}

// reason names what is being done, of which err is said.
func (c *call) reason(err error) *reason {
	r := &reason{doing: c.doing, err: err}
	if c.doing == messages.Handling {
		r.action = c.handling.Msg.Action()
	}
	return r
}
