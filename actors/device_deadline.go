package actors

import (
	"context"
	"errors"
	"time"

	"github.com/mqttgateway/mqttgateway/actors/mailbox"
	"github.com/mqttgateway/mqttgateway/messages"
)

// call is one call of a device's code, with the timer that watches how long the call takes. The host begins and ends
// the call. Host and timer write its fields, both with the mailbox's lock held. A call that has ended is used again for
// any device, so that a call costs no allocation, and an idle device needs none.
type call struct {
	device   *device
	doing    messages.Doing
	handling messages.Handle // the message that the device handles, if any; relieve may mark it as acknowledged early
	began    time.Time
	limit    time.Duration
	cancel   context.CancelFunc // of the call's context; nil: the call has no context
	looked   bool               // the timer has fired once to find out whether the call is slow
	slow     bool               // the call has taken slowAfter
	overdue  bool               // the call has taken limit, and the sender has been told
	timer    *time.Timer
}

// watch calls f, in which the device handles h, and answers h when f has ended, or panicked, or when the deadline has
// passed, whichever is first. If f returns errLater, watch answers nothing: the caller then answers the message that
// watch returns.
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

// during calls f, in which the device does anything but handle a message.
func (d *device) during(doing messages.Doing, limit time.Duration, cancel context.CancelFunc, f func() error) (overdue bool, err error) {
	c := d.begin(doing, messages.Handle{}, limit, cancel)
	defer func() { overdue, _ = c.end() }()
	err = f()
	return overdue, err
}

// begin begins a call. If doing is Handling, h is the message.
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

// end ends the call. It reports whether the call has outlived its deadline, and returns the message that was handled.
func (c *call) end() (overdue bool, handled messages.Handle) {
	d, again := c.device, false
	if c.doing == messages.Handling {
		took := time.Since(c.began)
		d.shared.counters.Took.Add(took)
		d.counters.spent.Add(int64(took))
	}
	d.box.Locked(func() {
		d.busy = nil
		overdue, handled = c.overdue, c.handling
		again = c.timer.Stop() // if false, the timer has fired, and will find that the call has ended
	})
	if again {
		*c = call{timer: c.timer}
		d.shared.calls.Put(c)
	}
	return overdue, handled
}

// fired is called by the timer, and checks how long the call has taken.
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
				// Without the lock: done may run the mapper, which may post to this mailbox.
				if doing == messages.Handling {
					d.answered(h, messages.TimedOut, why.Error())
				}
				if cancel != nil {
					cancel()
				}
				d.box.Refuse(queued, errStuck)
			}
		case took < slowAfter-lookAgain: // the timer was set for an earlier call
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

// overdue makes the mailbox refuse messages until the call returns, tells the supervisor that the device is stuck, and
// returns the queued messages, which the caller must refuse. The caller holds the mailbox's lock, so that the
// supervisor hears that the device is stuck before it hears how the call ends.
func (d *device) overdue(c *call, why *reason) (queued []any) {
	if d.admits != refuseClosing {
		d.admits = refuseStuck
		queued = d.box.Pick(isHandle)
	}
	if c.doing == messages.Handling {
		d.shared.counters.Failed.Add(1)
		d.counters.failed.Add(1)
	}
	stuck := messages.DeviceChanged{Device: d.config.Name, State: messages.Stuck, Err: why}
	d.recordNews(stuck)
	d.informLocked(stuck)
	return queued
}

// reason returns err as the reason of a failure in this call.
func (c *call) reason(err error) *reason {
	r := &reason{doing: c.doing, err: err}
	if c.doing == messages.Handling {
		r.action = c.handling.Msg.Action()
	}
	return r
}
