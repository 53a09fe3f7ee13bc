package actors

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/mqttgateway/mqttgateway/actors/link"
	"github.com/mqttgateway/mqttgateway/config"
	"github.com/mqttgateway/mqttgateway/internal/mqtt"
	"github.com/mqttgateway/mqttgateway/mapping"
	"github.com/mqttgateway/mqttgateway/messages"
)

// connection is the actor that runs the link's state machine, and the only one that touches the network. It carries
// out what the machine wants, and feeds back what comes of it; publications wait in its outbox while the link is down.
type connection struct {
	*system
	*lasting
	self  address
	state link.State

	// Of the current epoch:
	attempt  context.CancelFunc // ends the dialling, or a change of the subscriptions
	session  mqtt.Session       // nil unless one stands
	alive    bool               // something is left of it
	wasUp    bool
	acked    bool  // the broker has acknowledged a publication
	accepted bool  // as an attempt that has failed since
	cause    error // why it ended
	acks     *acks
	flights  [2]flight // by QoS; presences are among those at QoS 1
	unacked  []unacked // deliveries settled, in order, that wait for what their devices emitted
	timers   []*time.Timer
	notes    *notes
	granted  []messages.Grant // of the session

	changing uint64 // epoch of the session whose subscriptions are being changed

	flushing *time.Timer // runs while the last words are being sent; nil before
}

// lasting is what of the connection outlives a restart of it.
type lasting struct {
	outbox    *outbox
	presences *presences
	ordered   ordered
	dropped   *tally
	tooLarge  *tally // of messages from the broker

	spooling []spooling // in order
	stored   uint64     // records up to this one are on disk, or could not be written
	spent    []spent    // in order

	epoch uint64
	codec *mapping.Codec // of the map in force
	subs  subscriptions
	far   atomic.Bool // see notes
	swept atomic.Bool // the states of devices that are no more have been looked for
	begun bool
	last  bool // what follows are the last words

	unsent mqtt.Session // has something to send; nil: none has
}

func (l *lasting) due() bool { return l.unsent != nil }

// do sends in one go what all the messages that came together have brought.
func (l *lasting) do() {
	s := l.unsent
	l.unsent = nil
	s.Flush()
}

// What comes to the connection from the goroutines of its sessions and timers. Each carries its epoch.
type (
	dialled struct { // a session stands
		epoch   uint64
		session mqtt.Session
		subs    subscriptions
		grants  []mqtt.Grant
		took    time.Duration
	}
	over struct { // nothing is left of an attempt or a session
		epoch    uint64
		err      error
		accepted bool // it is an attempt that the broker had accepted
	}
	broken struct { // a session has been lost
		epoch uint64
		err   error
	}
	unanswered struct { // the broker has owed an answer since then, or, with the zero time, does no more
		epoch uint64
		since time.Time
	}
	published struct{ *outcomes } // publications have become something
	tick      struct {            // a timer of the machine's
		event link.Event
	}
	flushOver struct{} // there is no more time for last words
)

func newConnection(s *system, l *lasting) *connection {
	return &connection{
		system: s, lasting: l,
		state: link.State{Epoch: l.epoch},
	}
}

// Receive implements actor.Actor.
func (c *connection) Receive(ctx actor.Context) {
	defer guard(ctx, connectionName, c.supervisor)
	switch m := ctx.Message().(type) {
	case *actor.Started:
		c.self = c.connection
		switch { // of what it was before a restart
		case c.last:
			c.stop()
		case c.begun:
			c.step(link.Start{})
		}
	case messages.Begin:
		c.begun = true
		c.step(link.Start{})
	case messages.Publication:
		c.publish(m)
	case messages.Availability:
		c.available(m)
	case vanished:
		c.vanished(m)
	case messages.Acknowledge:
		c.settled(m)
	case messages.Spent:
		c.spend(m)
	case published:
		c.published(m.outcomes)
	case durable:
		c.kept(m)
	case dialled:
		c.dialled(m)
	case unanswered:
		if m.epoch == c.state.Epoch && c.state.Phase == link.Connected {
			c.supervisor.send(messages.LinkOwed{Since: m.since})
		}
	case broken:
		c.because(m.epoch, m.err)
		c.step(link.Dropped{Epoch: m.epoch, At: c.now(), Fault: fault(m.err)})
	case over:
		c.over(m)
	case tick:
		c.step(m.event)
	case remap:
		c.remap(m)
	case sweepOver:
		c.sweepOver(m)
	case resubscribed:
		c.resubscribed(m)
	case question:
		m.answer()
	case messages.Flush:
		c.flush()
	case flushOver:
		c.leave()
		c.stop()
	case *actor.Stopping, *actor.Restarting:
		c.abandon()
	}
}

// step feeds the machine, and carries out what it wants.
func (c *connection) step(e link.Event) {
	before := c.state.Phase
	var effects []link.Effect
	c.state, effects = c.Link.Step(c.state, e)
	c.epoch = c.state.Epoch
	if c.state.Phase != before {
		c.Log.Debug("link "+c.state.Phase.String(), "epoch", c.state.Epoch)
	}
	if before == link.Connected && c.state.Phase != link.Connected {
		c.putBack()
	}
	for _, effect := range effects {
		switch effect := effect.(type) {
		case link.Dial:
			c.dial(effect)
		case link.Kill:
			c.kill()
		case link.Close:
			c.close()
		case link.Retry:
			c.retry(effect.Wait.Draw(rand.Float64()))
		}
	}
}

// because notes why the current epoch ends; the first cause counts.
func (c *connection) because(epoch uint64, err error) {
	if epoch == c.state.Epoch && c.cause == nil && err != nil && !errors.Is(err, errUnwanted) {
		c.cause = err
	}
}

func (c *connection) over(m over) {
	if m.epoch != c.state.Epoch {
		return
	}
	c.alive = false
	c.because(m.epoch, m.err)
	c.accepted = m.accepted
	why := fault(m.err)
	if m.accepted && mqtt.HungUp(m.err) { // by a reset if it had not read what we asked
		why = link.EOF
	}
	c.step(link.Ended{Epoch: m.epoch, Fault: why})
	if c.state.Stopped {
		c.closed()
	}
}

func (c *connection) timer(after time.Duration, e link.Event) {
	c.timers = append(c.timers, c.self.later(after, tick{e}))
}

// dial begins an attempt: connect and subscribe, on a goroutine that ends with it. It tells either dialled, or over.
func (c *connection) dial(d link.Dial) {
	for _, t := range c.timers {
		t.Stop()
	}
	c.timers = c.timers[:0]
	c.timer(d.Lag, link.LagOver{Epoch: d.Epoch})
	c.timer(d.Timeout, link.Overdue{Epoch: d.Epoch})

	ctx, stop := context.WithCancelCause(context.Background())
	cancel := func() { stop(errGivenUp) }
	c.attempt, c.acks, c.unacked = cancel, newAcks(d.Epoch), nil
	c.alive, c.wasUp, c.acked, c.cause = true, false, false, nil
	c.notes = c.newNotes()
	o, r := c.options(d, c.acks, c.notes), c.round(nil, c.notes, c.wanted())
	began := time.Now()
	go func() {
		defer cancel()
		session, grants, err := c.begin(ctx, o, r)
		if err != nil {
			c.self.send(over{d.Epoch, err, session != nil})
			return
		}
		c.self.send(dialled{d.Epoch, session, r.subscriptions, grants, time.Since(began)})
	}()
}

// begin connects and subscribes. With an error nothing is left of the session.
func (c *connection) begin(ctx context.Context, o mqtt.Options, r *round) (session mqtt.Session, grants []mqtt.Grant, err error) {
	defer func() { // a library's panic is one more way in which an attempt fails
		if cause := recover(); cause != nil {
			err = newCrash(cause)
		}
		if err != nil && session != nil {
			session.Kill(err)
		}
	}()
	if session, err = c.Dial(ctx, o); err != nil {
		return nil, nil, err
	}
	r.session = session
	grants, err = r.begin(ctx)
	return session, grants, err
}

// options returns those of one session: its callbacks know its epoch.
func (c *connection) options(d link.Dial, acks *acks, notes *notes) mqtt.Options {
	o, sweep, epoch := c.Session, c.newSweep(), d.Epoch
	if d.Will {
		o.Will = c.presences.will()
	}
	o.Arrived = func(m mqtt.Message) {
		if notes.arrived(m) || sweep.arrived(m) {
			return
		}
		a := messages.Arrived{
			Delivery: acks.open(m), Topic: m.Topic, Payload: m.Payload, QoS: m.QoS,
			Retained: m.Retained, Duplicate: m.Duplicate,
		}
		if c.Log.Enabled(context.Background(), slog.LevelDebug) {
			c.Log.Debug("message in", "topic", a.Topic, "payload", a.Payload, "qos", a.QoS, "retained", a.Retained)
		}
		c.mapper.send(a)
	}
	results := &outcomes{epoch: epoch}
	o.Published = func(order uint64, err error) {
		if !notes.published(order, err) && results.add(outcome{order, err}) {
			c.self.send(published{results})
		}
	}
	o.Unanswered = func(since time.Time) { c.self.send(unanswered{epoch, since}) }
	o.TooLarge = func(topic string, size int) { c.passedOver(topic, size) }
	o.Unasked = func(err error) { c.supervisor.send(messages.BrokerFault{Err: err}) }
	o.Lost = func(err error) { c.self.send(broken{epoch, err}) }
	return o
}

// passedOver counts a message that was larger than allowed. It is called by the session.
func (c *connection) passedOver(topic string, size int) {
	c.counters.Arrived.Add(1)
	c.counters.Refused.Add(1)
	c.counters.TooLarge.Add(1)
	c.tooLarge.note(fmt.Errorf("topic %.200q: %d bytes, and mqtt.max_packet allows %v: acknowledged, and passed over",
		topic, size, config.Size(c.Session.MaxPacket)))
}

// dialled takes over a session, if the machine still wants it.
func (c *connection) dialled(m dialled) {
	if m.epoch != c.state.Epoch {
		m.session.Kill(errUnwanted)
		return
	}
	c.session = m.session
	c.step(link.Up{Epoch: m.epoch, At: c.now()})
	if c.state.Phase != link.Connected {
		c.kill() // the machine may have been stopped meanwhile
		return
	}
	c.wasUp = true
	c.granted = grantsOf(m.grants)
	c.supervisor.send(messages.LinkUp{
		Session: m.session.Present(), Granted: c.granted, Took: m.took, Queued: c.outbox.len(),
		NoWill: c.state.NoWill,
	})
	c.settledOn(m.subs)
	if len(c.subs.extra()) > 0 {
		c.timers = append(c.timers, c.self.later(sweepTime, sweepOver{m.epoch}))
	}
	c.presences.begin()
	c.pump()
}

// errUnwanted is why sessions are killed that have not broken by themselves.
var errUnwanted = errors.New("no longer wanted")

// kill tears down what there is of the current epoch. The end of an attempt is told by its own goroutine.
func (c *connection) kill() {
	c.attempt()
	if c.session != nil {
		c.session.Kill(errUnwanted)
		c.session = nil
		c.self.send(over{epoch: c.state.Epoch, err: errUnwanted})
	}
}

// closeWait is how long the broker may take over a DISCONNECT.
const closeWait = time.Second

// close ends the session in good order, on a goroutine that ends after closeWait at the latest.
func (c *connection) close() {
	c.attempt()
	session, epoch := c.session, c.state.Epoch
	c.session = nil
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), closeWait)
		defer cancel()
		session.Close(ctx)
		c.self.send(over{epoch: epoch})
	}()
}

// fault sorts an error for the machine.
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

// retry waits for the next attempt, and tells the supervisor why.
func (c *connection) retry(wait time.Duration) {
	c.timer(wait, link.RetryDue{Epoch: c.state.Epoch})
	if c.state.Fault == link.Timeout {
		c.cause = c.late(c.cause)
	}
	c.supervisor.send(messages.LinkDown{
		Err:       c.cause,
		Lost:      c.wasUp,
		Permanent: c.state.Fault == link.Permanent,
		Takeover:  c.state.TakenOver(),
		Retry:     wait,
	})
}

// errGivenUp is why attempts end that have not failed by themselves.
var errGivenUp = errors.New("given up")

// late says of an attempt that was given up what the broker had not done yet.
func (c *connection) late(err error) error {
	if c.accepted {
		return fmt.Errorf("no session within %v: %w", c.Link.Timeout, err)
	}
	return fmt.Errorf("no session within %v", c.Link.Timeout)
}

// stop ends the link for good.
func (c *connection) stop() {
	if c.state.Stopped {
		return
	}
	c.step(link.Stop{})
	if !c.alive {
		c.closed()
	}
}

func (c *connection) closed() {
	c.dropped.stop()
	c.supervisor.send(messages.LinkClosed{Unsent: c.outbox.len()})
}

// abandon leaves nothing behind but what lasts.
func (c *connection) abandon() {
	for _, t := range c.timers {
		t.Stop()
	}
	if c.flushing != nil {
		c.flushing.Stop()
	}
	if c.attempt != nil {
		c.attempt()
	}
	if c.session != nil {
		c.session.Kill(errUnwanted)
		c.session = nil
	}
	c.putBack()
	c.dropped.stop()
}
