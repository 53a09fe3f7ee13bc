package actors

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"

	"github.com/mqttgateway/mqttgateway/actors/link"
	"github.com/mqttgateway/mqttgateway/config"
	"github.com/mqttgateway/mqttgateway/internal/mqtt"
	"github.com/mqttgateway/mqttgateway/internal/subscription"
	"github.com/mqttgateway/mqttgateway/messages"
)

// What goroutines of attempts and sessions tell the connection. Each message carries the epoch of the attempt.
type (
	dialled struct { // there is a session, with its subscriptions
		epoch   uint64
		session mqtt.Session
		round   *subscription.Round
		took    time.Duration
	}
	lost struct { // the session has been lost
		epoch uint64
		err   error
	}
	ended struct { // nothing is left of an attempt or a session
		epoch    uint64
		err      error
		accepted bool // the broker had accepted the attempt
	}
	unanswered struct { // since when the broker has left something unanswered; zero: it has answered
		epoch uint64
		since time.Time
	}
)

// The causes for ending attempts and sessions that have not failed.
var (
	errUnwanted = errors.New("no longer wanted")
	errGivenUp  = errors.New("given up")
)

// dial begins an attempt: a goroutine connects and subscribes, and tells the connection either dialled or ended.
func (c *connection) dial(d link.Dial) {
	for _, t := range c.timers {
		t.Stop()
	}
	ctx, stop := context.WithCancelCause(context.Background())
	cancel := func() { stop(errGivenUp) }
	c.epochState = epochState{
		cancel: cancel, timers: c.timers[:0], alive: true, deliveries: newDeliveries(d.Epoch),
		listener: c.subscriptions.Listen(func(device string) { c.self.send(found{device}) }),
	}
	c.awaiting.newSession()
	c.timer(d.Lag, tick{link.LagOver{Epoch: d.Epoch}})
	c.timer(d.Timeout, tick{link.Overdue{Epoch: d.Epoch}})
	options, round := c.sessionOptions(d), c.subscriptions.Begin(c.listener, c.codec.Topics())
	dialer, self := c.dialer, c.self
	began := time.Now()
	go func() {
		defer cancel()
		session, err := begin(ctx, dialer, options, round)
		if err != nil {
			self.send(ended{d.Epoch, err, session != nil})
			return
		}
		self.send(dialled{d.Epoch, session, round, time.Since(began)})
	}()
}

// begin connects and subscribes. If it returns an error, nothing is left of the session.
func begin(ctx context.Context, dialer func(context.Context, mqtt.Options) (mqtt.Session, error), o mqtt.Options, round *subscription.Round) (session mqtt.Session, err error) {
	defer func() { // a panic of a library is a failure of the attempt
		if cause := recover(); cause != nil {
			err = newCrash(cause)
		}
		if err != nil && session != nil {
			session.Kill(err)
		}
	}()
	if session, err = dialer(ctx, o); err != nil {
		return nil, err
	}
	return session, round.Begin(ctx, session)
}

// sessionOptions returns the options of a session. Its callbacks run on goroutines of the session, and send what they
// get to the actors, with the epoch of the session.
func (c *connection) sessionOptions(d link.Dial) mqtt.Options {
	o, epoch, listener, deliveries, results := c.options, d.Epoch, c.listener, c.deliveries, &results{epoch: d.Epoch}
	if d.Will {
		o.Will = c.availability.will()
	}
	o.Arrived = func(m mqtt.Message) {
		if listener.Arrived(m) {
			return
		}
		a := messages.Arrived{
			Delivery: deliveries.arrived(m), Topic: m.Topic, Payload: m.Payload, QoS: m.QoS, Retained: m.Retained,
		}
		if c.log.Enabled(context.Background(), slog.LevelDebug) {
			c.log.Debug("message in", "topic", a.Topic, "payload", a.Payload, "qos", a.QoS, "retained", a.Retained)
		}
		c.mapper.send(a)
	}
	o.Published = func(number uint64, err error) {
		if !listener.Published(number, err) && results.add(result{number, err}) {
			c.self.send(published{results})
		}
	}
	o.Unanswered = func(since time.Time) { c.self.send(unanswered{epoch, since}) }
	o.TooLarge = c.passedOver
	o.Unasked = func(err error) { c.supervisor.send(messages.BrokerFault{Err: err}) }
	o.Lost = func(err error) { c.self.send(lost{epoch, err}) }
	return o
}

// passedOver counts a message that was larger than allowed. A goroutine of the session calls it.
func (c *connection) passedOver(topic string, size int) {
	c.counters.Arrived.Add(1)
	c.counters.Refused.Add(1)
	c.counters.TooLarge.Add(1)
	c.tooLarge.note(fmt.Errorf("topic %.200q: %d bytes, and mqtt.max_packet allows %v: acknowledged, and passed over",
		topic, size, config.Size(c.options.MaxPacket)))
}

// dialled handles a new session, if the machine still wants it.
func (c *connection) dialled(m dialled) {
	if m.epoch != c.state.Epoch {
		m.session.Kill(errUnwanted)
		return
	}
	c.session = m.session
	c.step(link.Up{Epoch: m.epoch, At: c.now()})
	if !c.up() {
		c.kill() // the machine may have been stopped meanwhile
		return
	}
	c.wasUp = true
	c.subscriptions.Take(m.round)
	c.supervisor.send(messages.LinkUp{
		Session: m.session.Present(), Granted: grantsOf(c.subscriptions.Granted()), Took: m.took, Queued: c.outbox.Len(),
		NoWill: c.state.NoWill,
	})
	if c.subscriptions.Surplus() {
		c.timer(subscription.SweepTime, sweepOver{m.epoch})
	}
	c.resubscribe()
	c.availability.begin()
	c.retained.Begin(m.session.Present(), c.outbox.Holds)
	c.pump()
}

func (c *connection) unanswered(m unanswered) {
	if m.epoch == c.state.Epoch && c.up() {
		c.supervisor.send(messages.LinkUnanswered{Since: m.since})
	}
}

// because notes the cause for which the present epoch ends. The first cause counts.
func (c *connection) because(epoch uint64, err error) {
	if epoch == c.state.Epoch && c.cause == nil && err != nil && !errors.Is(err, errUnwanted) {
		c.cause = err
	}
}

// ended notes that nothing is left of the present attempt or session.
func (c *connection) ended(m ended) {
	if m.epoch != c.state.Epoch {
		return
	}
	c.alive = false
	c.because(m.epoch, m.err)
	c.accepted = m.accepted
	why := fault(m.err)
	if m.accepted && mqtt.HungUp(m.err) { // or by a reset, if the broker had not read everything
		why = link.EOF
	}
	c.step(link.Ended{Epoch: m.epoch, Fault: why})
	if c.state.Stopped {
		c.closed()
	}
}

// kill tears down the present attempt or session. The goroutine of an attempt itself reports its end.
func (c *connection) kill() {
	c.cancel()
	if c.session != nil {
		c.session.Kill(errUnwanted)
		c.session = nil
		c.self.send(ended{epoch: c.state.Epoch, err: errUnwanted})
	}
}

// closeWait is how long the broker may take to react to a DISCONNECT.
const closeWait = time.Second

// close closes the session in good order, on a goroutine that ends after closeWait at the latest.
func (c *connection) close() {
	c.cancel()
	session, epoch, self := c.session, c.state.Epoch, c.self
	c.session = nil
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), closeWait)
		defer cancel()
		session.Close(ctx)
		self.send(ended{epoch: epoch})
	}()
}

// fault returns the machine's fault for an error.
func fault(err error) link.Fault {
	switch {
	case mqtt.Permanent(err):
		return link.Permanent
	case errors.Is(err, mqtt.ErrNoConnack):
		return link.NoConnack
	case errors.Is(err, io.EOF):
		return link.EOF
	}
	return link.Transient
}

// retry waits until the next attempt, and tells the supervisor the reason.
func (c *connection) retry(wait time.Duration) {
	c.timer(wait, tick{link.RetryDue{Epoch: c.state.Epoch}})
	if c.state.Fault == link.Timeout {
		c.cause = c.overdue(c.cause)
	}
	c.supervisor.send(messages.LinkDown{
		Err: c.cause, Lost: c.wasUp, Permanent: c.state.Fault == link.Permanent, Takeover: c.state.TakenOver(), Retry: wait,
	})
}

// overdue returns the error of an attempt that the time-out has ended, which says what the broker had not done.
func (c *connection) overdue(err error) error {
	if c.accepted {
		return fmt.Errorf("no session within %v: %w", c.link.Timeout, err)
	}
	return fmt.Errorf("no session within %v", c.link.Timeout)
}

// published says that there are results of publications. The session → connection.
type published struct{ *results }

// results are the results of publications of one session, in order. The session adds them, and the connection takes all of them at
// one message, so that publications that were written together cost one message between the two.
type results struct {
	epoch uint64

	mu    sync.Mutex
	list  []result
	spare []result // becomes list when the connection has taken list
}

// result is the result of one publication.
type result struct {
	number uint64 // in the flight
	err    error  // why the session has refused it; nil: it has arrived as well as its QoS can tell
}

// add adds one, and reports whether to tell the connection: while it has not taken those before, it has been told.
func (r *results) add(one result) (tell bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.list = append(r.list, one)
	return len(r.list) == 1
}

// take returns the results that have not been taken. They are valid until the next call.
func (r *results) take() []result {
	r.mu.Lock()
	defer r.mu.Unlock()
	taken := r.list
	r.list, r.spare = r.spare[:0], taken
	return taken
}
