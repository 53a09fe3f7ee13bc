package actors

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/mqttgateway/mqttgateway/actors/link"
	"github.com/mqttgateway/mqttgateway/actors/outbox"
	"github.com/mqttgateway/mqttgateway/actors/retained"
	"github.com/mqttgateway/mqttgateway/internal/mqtt"
	"github.com/mqttgateway/mqttgateway/internal/spool"
	"github.com/mqttgateway/mqttgateway/internal/subscription"
	"github.com/mqttgateway/mqttgateway/mapping"
	"github.com/mqttgateway/mqttgateway/messages"
)

// connection is the actor that runs the link's state machine, and the only one that touches the network. It does what the
// machine wants, and feeds back what comes of it. Publications wait in its outbox while the link is down.
type connection struct {
	connectionOptions
	*connectionMemory

	state link.State
	epochState
	finishing *time.Timer // runs while the last words are being sent; nil before
}

// connectionOptions is what a connection is made of.
type connectionOptions struct {
	self, supervisor, mapper address

	link    link.Policy
	options mqtt.Options // without callbacks and will
	dialer  func(context.Context, mqtt.Options) (mqtt.Session, error)
	qos     byte // of publications
	grace   time.Duration

	spool    *spool.Spool // nil: none
	ledger   *ledger      // nil: none
	receipts *receipts
	pulse    *pulse
	counters *Counters
	dropped  *tally // publications
	tooLarge *tally // messages from the broker
	unkept   *tally // records
	log      *slog.Logger
	now      func() time.Duration // on a clock that only goes forward
}

// connectionMemory is what a connection that begins again takes over from the one that has panicked.
type connectionMemory struct {
	begun bool // the link is wanted
	last  bool // nothing follows but the last words
	epoch uint64

	codec         *mapping.Codec // of the map in force
	subscriptions *subscription.Subscriptions
	outbox        *outbox.Outbox
	unwritten     unwrittenRecords
	awaiting      acknowledgements
	availability  *availabilityTopics
	retained      *retained.Memory
	unledgered    uint64      // records up to this one are not waited for
	awaited       *time.Timer // runs while something waits for the ledger; nil otherwise

	unflushed mqtt.Session // has something to send; nil: none has
}

// epochState is what belongs to one attempt and the session to which it leads. Each attempt begins with a new one.
type epochState struct {
	cancel   context.CancelFunc // ends the dialling, or the round of subscriptions
	timers   []*time.Timer
	alive    bool         // something is left of the attempt or session
	session  mqtt.Session // nil unless one stands
	wasUp    bool         // a session stood
	acked    bool         // the broker has acknowledged a publication
	accepted bool         // the broker had accepted the attempt, which has failed since
	cause    error        // why it ended

	deliveries *deliveries
	listener   *subscription.Listener
	changing   bool // a round of subscriptions goes on in the session
	flight     outbox.Flight
}

func newConnection(config connectionOptions, memory *connectionMemory) *connection {
	return &connection{connectionOptions: config, connectionMemory: memory, state: link.State{Epoch: memory.epoch}}
}

// Receive implements actor.Actor.
func (c *connection) Receive(ctx actor.Context) {
	defer guard(ctx, connectionName, c.supervisor)
	switch m := ctx.Message().(type) {
	case *actor.Started:
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
	case messages.RetainedPublication:
		c.publishRetained(m)
	case messages.View:
		c.show(m)
	case messages.Forget:
		c.forget(m)
	case messages.Availability:
		c.available(m)
	case messages.DeviceAdded:
		c.deviceAdded(m)
	case messages.Drained:
		c.leaveNothing(m.Device)
	case messages.DeviceRemoved:
		c.availability.remove(m.Device)
		c.pump()
	case messages.Acknowledge:
		c.acknowledge(m)
	case messages.Spent:
		c.spend(m)
	case remap:
		c.remap(m)
	case question:
		c.pulse.answer()
	case messages.Finish:
		c.finish()

	case published:
		c.published(m.results)
	case written:
		c.written(m)
	case ledgerWritten:
		c.ledgerWritten()
	case ledgerOverdue:
		c.ledgerOverdue(m)
	case dialled:
		c.dialled(m)
	case subscribed:
		c.subscribed(m)
	case unanswered:
		c.unanswered(m)
	case lost:
		c.because(m.epoch, m.err)
		c.step(link.Dropped{Epoch: m.epoch, At: c.now(), Fault: fault(m.err)})
	case ended:
		c.ended(m)
	case found:
		c.availability.found(m.device)
		c.pump()
	case tick:
		c.step(m.event)
	case sweepOver:
		c.sweepOver(m)
	case finishOver:
		c.leave()
		c.stop()
	case *actor.Stopping, *actor.Restarting:
		c.abandon()
	}
}

// step feeds the machine, and does what it wants.
func (c *connection) step(e link.Event) {
	before := c.state.Phase
	var effects []link.Effect
	c.state, effects = c.link.Step(c.state, e)
	c.epoch = c.state.Epoch
	if c.state.Phase != before {
		c.log.Debug("link "+c.state.Phase.String(), "epoch", c.state.Epoch)
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

// tick is an event of the machine's whose time has come. A timer → connection.
type tick struct{ event link.Event }

func (c *connection) timer(after time.Duration, msg any) {
	c.timers = append(c.timers, c.self.later(after, msg))
}

// up tells whether a session stands, as far as the machine knows.
func (c *connection) up() bool { return c.state.Phase == link.Connected }

// abandon ends all that a connection has begun, and leaves its memory to the next.
func (c *connection) abandon() {
	for _, t := range c.timers {
		t.Stop()
	}
	if c.finishing != nil {
		c.finishing.Stop()
	}
	if c.awaited != nil {
		c.awaited.Stop()
		c.awaited = nil
	}
	if c.cancel != nil {
		c.cancel()
	}
	if c.session != nil {
		c.session.Kill(errUnwanted)
		c.session = nil
	}
	c.putBack()
	c.dropped.stop()
}

// finishOver tells that there is no more time for last words. A timer → connection.
type finishOver struct{}

// finish ends the link once the last words are sent: what waits in the outbox, that the devices are offline, and that the
// gateway is. A link that is down is not waited for.
func (c *connection) finish() {
	c.last = true
	c.finishing = c.self.later(c.grace*3/10, finishOver{})
	if !c.up() {
		c.stop()
		return
	}
	c.finishIfDone()
}

// finishIfDone goes on with the last words when those before have been sent, and ends the link behind the very last.
func (c *connection) finishIfDone() {
	if c.finishing == nil || c.outbox.Len() > 0 {
		return
	}
	if _, due := c.retained.First(); due {
		return
	}
	for c.flight.Empty() && c.availability.leave() {
		c.pump()
	}
	if c.flight.Empty() {
		c.stop()
	}
}

// leave says at least that the gateway leaves, when there is no more time: this overrules what is said of its devices.
func (c *connection) leave() {
	if !c.up() {
		return
	}
	if e, ok := c.availability.leaveAtOnce(); ok {
		c.hand(e)
	}
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

// closed tells that nothing is left of the link.
func (c *connection) closed() {
	c.dropped.stop()
	c.supervisor.send(messages.LinkClosed{Unsent: c.outbox.Len()})
}
