package actors

import (
	"context"
	"errors"
	"time"

	"github.com/mqttgateway/mqttgateway/messages"
)

// deadline watches over a device's calls with one timer for all of them, so that a call costs no allocation. begin and
// end are called by the device's actor in turns. The timer may fire late, when the next call is on, and finds out by
// the time which one it is. Everything is guarded by the mailbox's lock, as the slot's call is.
type deadline struct {
	slot   *slot
	timer  *time.Timer
	limit  time.Duration      // of the call that is on
	cancel context.CancelFunc // of that call's context
}

// handle makes the call by which the device handles h, and answers for it when the call ends, however it does, or
// before that when the deadline has passed.
func (d *deadline) handle(h messages.Handle, cancel context.CancelFunc, call func() error) (overdue bool, err error) {
	d.begin(messages.Handling, h, d.slot.Timeout, cancel)
	err = errUnfinished
	defer func() {
		if overdue = d.end(); !overdue {
			d.slot.answer(h, err)
		}
	}()
	err = call()
	return overdue, err
}

// errUnfinished is said of a call that panicked, or ended its goroutine.
var errUnfinished = errors.New("handling broke off")

// during makes another call of the device's own code.
func (d *deadline) during(doing messages.Doing, limit time.Duration, cancel context.CancelFunc, call func() error) (overdue bool, err error) {
	d.begin(doing, messages.Handle{}, limit, cancel)
	defer func() { overdue = d.end() }()
	err = call()
	return overdue, err
}

// begin notes what the device begins to do: if it is handling, to handle h. Cancel may be nil.
func (d *deadline) begin(doing messages.Doing, h messages.Handle, limit time.Duration, cancel context.CancelFunc) {
	d.slot.box.locked(func() {
		d.slot.call = call{on: true, doing: doing, handling: h, began: time.Now()}
		d.limit, d.cancel = limit, cancel
		if first := min(slowAfter, limit); d.timer == nil {
			d.timer = time.AfterFunc(first, d.fired)
		} else {
			d.timer.Reset(first)
		}
	})
}

// end notes that the call has returned, and reports whether it had outlived its deadline.
func (d *deadline) end() (overdue bool) {
	d.slot.box.locked(func() {
		d.timer.Stop()
		overdue = d.slot.call.overdue
		d.slot.call, d.cancel = call{}, nil
	})
	return overdue
}

// fired looks how long the call that is on has taken.
func (d *deadline) fired() {
	var act func()
	d.slot.box.locked(func() {
		c := &d.slot.call
		if !c.on || c.overdue {
			return
		}
		took := time.Since(c.began)
		switch {
		case took >= d.limit:
			c.overdue = true
			late, cancel, queued := *c, d.cancel, d.slot.overdue(*c, d.limit)
			act = func() {
				if late.doing == messages.Handling { // without the lock: the mapper may work on it, and on what it has for us
					d.slot.done(late.handling, messages.TimedOut, "deadline passed")
				}
				if cancel != nil {
					cancel()
				}
				d.slot.box.refuseAll(queued, errStuck)
			}
		case took >= slowAfter:
			c.slow = true
			d.timer.Reset(d.limit - took)
			act = d.slot.shedSlow
		default:
			d.timer.Reset(min(slowAfter, d.limit) - took)
		}
	})
	if act != nil {
		act()
	}
}

// overdue takes the device out until its call returns, and returns what is to be refused. The mailbox's lock is held,
// so that nobody hears of it later than of what follows when the call has returned.
func (p *slot) overdue(c call, limit time.Duration) (queued []any) {
	if p.admits != refuseClosing {
		p.admits = refuseStuck
		queued = p.box.pick(isHandle)
	}
	if c.doing == messages.Handling {
		p.counters.Failed.Add(1)
	}
	p.tellSupervisor(messages.DeviceChanged{Device: p.Name, State: messages.Stuck, Doing: c.doing, After: limit})
	return queued
}
