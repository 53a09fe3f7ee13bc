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

// connection is the actor that runs the state machine of the link, and the only one that uses the network. It carries
// out the effects of the machine, and passes the results back as events. Publications wait in its outbox while the link
// is down.
type connection struct {
	connectionOptions
	*connectionMemory

	state link.State
	epochState
	finishing *time.Timer // limit for sending the last words; nil until then
}

// connectionOptions are what a connection needs from the gateway.
type connectionOptions struct {
	self, supervisor, mapper address

	link    link.Policy
	options mqtt.Options // without the callbacks and the will
	dialer  func(context.Context, mqtt.Options) (mqtt.Session, error)
	qos     byte // of publications
	grace   time.Duration
	told    func() // called once, when the broker has been told for the first time how each device is

	spool    *spool.Spool // nil: none
	ledger   *ledger      // nil: none
	receipts *receipts
	pulse    *pulse
	counters *Counters
	traffic  *traffic
	dropped  *tally // publications
	tooLarge *tally // messages from the broker
	unkept   *tally // records
	log      *slog.Logger
	now      func() time.Duration // time on a clock that never goes back
}

// connectionMemory is what a connection passes on to the connection that begins after it has panicked.
type connectionMemory struct {
	begun bool // the link has been ordered
	last  bool // only the last words are still to be sent
	known bool // the broker has been told once how each device is
	epoch uint64

	codec         *mapping.Codec // of the map in force
	subscriptions *subscription.Subscriptions
	outbox        *outbox.Outbox
	poison        outbox.Poison
	unwritten     unwrittenRecords
	awaiting      acknowledgements
	availability  *availabilityTopics
	retained      *retained.Memory
	unledgered    uint64      // records up to this one are no longer waited for
	awaited       *time.Timer // runs while something waits for the ledger; nil otherwise

	unflushed mqtt.Session // a session for which Flush must be called; nil: none
}

// epochState is what belongs to one attempt and its session. Each attempt begins with a new epochState.
type epochState struct { // ends the dialling, or the round of subscriptions
	cancel   context.CancelFunc // ends the dialling, or the round of subscriptions
	timers   []*time.Timer
	alive    bool         // something is left of the attempt or the session
	session  mqtt.Session // nil unless there is a session
	wasUp    bool         // there was a session
	acked    bool         // the broker has acknowledged a publication in this session
	accepted bool         // the broker had accepted an attempt that then failed
	cause    error        // why the session ended

	deliveries *deliveries
	listener   *subscription.Listener
	changing   bool // a round of subscriptions is under way
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
		switch { // continue what was going on before the restart
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
	case messages.Sending:
		c.enqueue(outbox.Entry{Publication: m.Publication, QoS: m.QoS})
	case messages.Wordless:
		c.retained.Wordless(m.Device, m.Msg, m.Number == 0)
		c.tellGivenUp()
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

// step passes an event to the machine, and carries out the effects.
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

// tick is an event of the machine that is due. A timer → connection.
type tick struct{ event link.Event }

func (c *connection) timer(after time.Duration, msg any) {
	c.timers = append(c.timers, c.self.later(after, msg))
}

// up reports whether there is a session, as far as the machine knows.
func (c *connection) up() bool { return c.state.Phase == link.Connected }

// abandon ends everything that a connection has begun. Its memory goes on to the next connection.
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

// finishOver says that the time for last words is over. A timer → connection.
type finishOver struct{}

// finish closes the link when the last words have been sent: the publications in the outbox, then that the devices are
// offline, then that the gateway is. If the link is down, finish does not wait for it.
func (c *connection) finish() {
	c.last = true
	c.finishing = c.self.later(c.grace*3/10, finishOver{})
	if !c.up() {
		c.stop()
		return
	}
	c.finishIfDone()
}

// finishIfDone sends the next of the last words when those before have been sent, and closes the link after the last
// one.
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

// leave publishes, when no time is left, only that the gateway is offline, which overrules the states of its devices.
func (c *connection) leave() {
	if !c.up() {
		return
	}
	if e, ok := c.availability.leaveAtOnce(); ok {
		c.hand(e)
	}
}

// stop closes the link for good.
func (c *connection) stop() {
	if c.state.Stopped {
		return
	}
	c.step(link.Stop{})
	if !c.alive {
		c.closed()
	}
}

// closed reports that nothing is left of the link.
func (c *connection) closed() {
	c.dropped.stop()
	unsent := c.outbox.Len()
	if c.ledger == nil { // else the next run clears what this one could not
		unsent += c.retained.Uncleared()
	}
	c.supervisor.send(messages.LinkClosed{Unsent: unsent})
}
