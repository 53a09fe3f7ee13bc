package actors

import (
	"context"
	"errors"
	"sync"

	"github.com/mqttgateway/mqttgateway/entity"
	"github.com/mqttgateway/mqttgateway/internal/entities"
	"github.com/mqttgateway/mqttgateway/messages"
)

// Request is a message that the actor of a registered type must handle. When Receive returns, the message counts as
// handled, unless Answer has been called, or Later, which says that an answer will come. Any goroutine may call the
// methods.
//
// The actor may pass on a request that is answered later, and receives the next one meanwhile. Up to four requests of a
// device may be unanswered at the same time; the fifth waits in the device's mailbox for an answer.
type Request struct {
	// Msg is the message.
	Msg messages.InternalMsg
	// Changes are the values to which the message sets the device's entities, all together, and the buttons that it
	// presses; nil if it does neither. They have the same meaning as for a [devices.Setter].
	Changes []entity.Change

	says     []messages.Address // where values of entities are to be said when the request has been handled
	ctx      context.Context
	cancel   context.CancelFunc
	returned chan struct{} // closed when Receive has returned
	answered chan struct{} // closed when there is an answer

	mu    sync.Mutex
	later bool
	done  bool        // there is an answer, which is err
	err   error       // the error of the context if the answer came too late
	late  bool        // the answer came too late
	then  func(error) // called with an answer that comes after Receive; nil: nobody waits for it
}

func newRequest(ctx context.Context, cancel context.CancelFunc, msg messages.InternalMsg) *Request {
	return &Request{Msg: msg, ctx: ctx, cancel: cancel, returned: make(chan struct{}), answered: make(chan struct{})}
}

// Answer tells how the handling ended, as the error of a [devices.Device]'s Handle does: nil that it is done; an error that
// wraps [devices.ErrAction] that the device refuses the message and lives on, or [devices.ErrNotMine] that the message was for
// another; any other error that the device is broken and is to be opened again. The first answer counts: what comes after it, after the device's timeout or after the end of the actor's
// life does nothing.
func (q *Request) Answer(err error) {
	q.mu.Lock()
	if q.done {
		q.mu.Unlock()
		return
	}
	if over := q.ctx.Err(); over != nil {
		q.late, err = true, over
	}
	q.done, q.err = true, err
	then := q.then
	q.mu.Unlock()
	q.cancel()
	close(q.answered)
	if then != nil {
		then(err)
	}
}

// Later lets the request outlast Receive: the sender, and the broker for its acknowledgement, wait for Answer. If the
// device's timeout passes first, the sender is told so, and the device is not affected.
func (q *Request) Later() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.later = true
}

// Context returns a context that is done when the request has been answered, the device's timeout has passed, or the
// actor's life has ended.
func (q *Request) Context() context.Context { return q.ctx }

// received is called when Receive has returned, or has panicked with err: the request is handled, or has failed, unless
// Answer or Later has been called.
func (q *Request) received(err error) {
	q.mu.Lock()
	later := q.later && err == nil
	q.mu.Unlock()
	if !later {
		q.Answer(err)
	}
	close(q.returned)
}

// errLater means that the answer will come later.
var errLater = errors.New("answered later")

// answer returns the answer.
func (q *Request) answer() error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if !q.done {
		return errLater
	}
	return q.err
}

// whenAnswered calls then with the answer, now or when it comes.
func (q *Request) whenAnswered(then func(error)) {
	q.mu.Lock()
	if !q.done {
		q.then = then
		q.mu.Unlock()
		return
	}
	q.mu.Unlock()
	then(q.err)
}

// mostUnanswered is how many requests of a device may be unanswered before it gets another one: as many as the messages
// for which the broker waits if a device is slow.
const mostUnanswered = heldWhenSlow

// request hands m, with what m asks of entities, to a registered actor. If the actor answers later, request waits until
// there is room for another request.
func (h *host) request(r *registered, m messages.Handle, asked entities.Request) (overdue bool, err error) {
	q := newRequest(h.call, nil, m.Msg)
	q.Changes, q.says = asked.Changes, asked.At
	q.ctx, q.cancel = context.WithTimeout(h.call, h.device.config.Timeout)
	overdue, m, err = h.device.watch(m, h.cancel, func() error {
		err := h.device.handled(q, h.device.blame(r.receive(q)))
		h.device.saysAgain(q, err)
		return err
	})
	if overdue || !errors.Is(err, errLater) {
		q.Answer(err) // there is none if the time was over first
		return overdue, err
	}
	h.device.answerLater(r, q, m)
	h.waitForAnswers(mostUnanswered-1, m.Msg)
	return false, nil
}

// handled returns what the answer to q means, which may ask nothing of the device's entities.
func (d *device) handled(q *Request, err error) error {
	if q.Changes != nil || q.says != nil || q.Msg.Type() == messages.Status {
		return err
	}
	return d.description().Handled(q.Msg, err)
}

// answerLater makes the answer to q, when it comes, the answer to h.
func (d *device) answerLater(r *registered, q *Request, h messages.Handle) {
	r.unanswered.Add(1)
	d.box.Locked(func() { d.unanswered += count(awaited(h)) })
	stop := context.AfterFunc(q.ctx, func() { q.Answer(nil) }) // too late
	q.whenAnswered(func(err error) {
		err = d.handled(q, err)
		stop()
		d.box.Locked(func() { d.unanswered -= count(awaited(h)) })
		why := &reason{messages.Handling, h.Msg.Action(), err}
		switch {
		case q.late && errors.Is(err, context.DeadlineExceeded):
			why.err = errOverdue{d.config.Timeout}
			d.shared.counters.Failed.Add(1)
			d.counters.failed.Add(1)
			d.answered(h, messages.TimedOut, why.Error())
			d.inform(messages.Report{Device: d.config.Name, Err: why})
		case q.late: // the device has failed or is closed
			d.refuse(h, errOffline)
		default:
			d.saysAgain(q, err)
			d.answer(h, err)
			if !livesOn(err) {
				r.fail(why)
			}
		}
		r.unanswered.Add(-1)
		select {
		case r.fewer <- struct{}{}:
		default:
		}
	})
}

// saysAgain says the values that q has asked for, when an actor has read them.
func (d *device) saysAgain(q *Request, err error) {
	if err == nil && q.says != nil {
		d.entities.Load().Again(q.says)
	}
}

func count(is bool) int {
	if is {
		return 1
	}
	return 0
}

// waitForAnswers blocks until at most most requests are unanswered. Each request is answered, or its time has passed,
// within the device's timeout, so waitForAnswers takes no longer. A device for which the host waits here counts as
// slow, as in a call of its code.
func (h *host) waitForAnswers(most int32, msg messages.InternalMsg) {
	r, ok := h.opened.(*registered)
	if !ok || r.unanswered.Load() <= most {
		return
	}
	c := h.device.begin(messages.Handling, messages.Handle{Msg: msg}, 2*h.device.config.Timeout, nil)
	defer c.end()
	r.wait(most, h.device.shared.life.Done())
}
