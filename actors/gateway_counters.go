package actors

import (
	"iter"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/mqttgateway/mqttgateway/config"
	"github.com/mqttgateway/mqttgateway/messages"
)

// Counters count messages since the start. Arrived = Echoes + Ignored + Refused + Unmatched + Routed. Each device that
// a routed, restored or told message has found then counts the message as handled, turned away, failed or not its own, and
// so does a device what Gateway.Set asks of it.
type Counters struct {
	Arrived   atomic.Int64 // from the broker
	Echoes    atomic.Int64 // sent by this gateway itself
	Ignored   atomic.Int64 // no messages: a retained message being cleared, or a topic of the gateway's own
	Refused   atomic.Int64 // can't be mapped, found the mapper's mailbox full or closed, or were too large
	TooLarge  atomic.Int64 // the part of Refused that was too large
	Unmatched atomic.Int64 // found no device
	Routed    atomic.Int64 // found at least one device
	Restored  atomic.Int64 // from the spool; not in Arrived

	Early      atomic.Int64 // acknowledged before a slow device had handled them
	Handled    atomic.Int64 // by devices
	TurnedAway atomic.Int64 // by devices that are busy or down, or have no such action
	Failed     atomic.Int64 // by devices: errors, panics, time-outs
	NotMine    atomic.Int64 // for another device, as the device itself said

	Emitted    atomic.Int64 // by devices
	Told       atomic.Int64 // the part of Emitted that has found other devices of this gateway
	Unsaid     atomic.Int64 // emitted, and refused by the mapper
	Unanswered atomic.Int64 // refused commands without an answer, since there were too many of them
	Dropped    atomic.Int64 // by the outbox
	Published  atomic.Int64
	GivenUp    atomic.Int64 // retained topics that were dropped for lack of room

	Took Durations // of the calls in which devices handled messages
}

// LogValue returns the sums that an operator asks for.
func (c *Counters) LogValue() slog.Value {
	return slog.GroupValue(
		slog.Int64("arrived", c.Arrived.Load()),
		slog.Int64("handled", c.Handled.Load()),
		slog.Int64("early", c.Early.Load()),
		slog.Int64("refused", c.Refused.Load()+c.TurnedAway.Load()),
		slog.Int64("failed", c.Failed.Load()),
		slog.Int64("unmatched", c.Unmatched.Load()),
		slog.Int64("emitted", c.Emitted.Load()),
		slog.Int64("published", c.Published.Load()),
		slog.Int64("dropped", c.Dropped.Load()+c.Unsaid.Load()),
	)
}

// DeviceInfo is the state of a device's mailbox and counters at one moment. The record holds the state of the device
// itself, with its time and reason: see [Gateway.Watch].
type DeviceInfo struct {
	Name      string
	Type      string
	AnswersTo config.AnswersTo // addresses of the messages that find the device; the lists must not be changed

	Waiting int            // messages in the mailbox
	Bytes   int            // size of these messages
	Room    int            // places for messages for which the broker does not wait
	Awaited int            // messages of the device for which the broker waits
	Doing   messages.Doing // the call of its code that is under way; "": none
	Took    time.Duration  // time since the call began
	Action  string         // of the message that the device handles; "": none

	Handled uint64 // messages that the device has handled,
	Refused uint64 // has refused, or has not got since it was down, stuck or busy,
	Failed  uint64 // or has failed at
	Early   uint64 // messages acknowledged before the device, which was slow, had handled them
	Emitted uint64 // messages that the device has emitted

	Spent time.Duration // in the calls in which the device handled messages, those that have ended
}

// Device returns the info of a device, or false if there is no device of that name. Its counters count from the
// device's beginning: when a changed configuration replaces a device, they begin with 0. Device waits for no actor, and
// delays the device no longer than a message does, so that a page may show it at any rate. Any goroutine may call
// Device, also before the gateway runs and afterwards.
func (g *Gateway) Device(name string) (DeviceInfo, bool) {
	d := g.table.named(name)
	if d == nil {
		return DeviceInfo{}, false
	}
	return d.info(), true
}

// Activity is Device without AnswersTo, which takes longer to find out than all the rest.
func (g *Gateway) Activity(name string) (DeviceInfo, bool) {
	d := g.table.named(name)
	if d == nil {
		return DeviceInfo{}, false
	}
	return d.activity(), true
}

// Activities yields the Activity of all devices, the oldest first, each as it is at a moment of its own.
func (g *Gateway) Activities() iter.Seq[DeviceInfo] {
	return func(yield func(DeviceInfo) bool) {
		for _, d := range g.table.wanted() {
			if !yield(d.activity()) {
				return
			}
		}
	}
}

// info returns the info of d.
func (d *device) info() DeviceInfo {
	i := d.activity()
	i.AnswersTo = d.answers()
	return i
}

// activity returns the info of d without what takes long to find out, AnswersTo.
func (d *device) activity() DeviceInfo {
	i := DeviceInfo{
		Name: d.config.Name, Type: d.config.Type, Room: d.config.Mailbox,
		Handled: d.counters.handled.Load(), Refused: d.counters.refused.Load(), Failed: d.counters.failed.Load(),
		Early: d.counters.early.Load(), Emitted: d.counters.emitted.Load(),
		Spent: time.Duration(d.counters.spent.Load()),
	}
	d.box.Locked(func() {
		i.Waiting, i.Bytes, i.Awaited = d.waiting, d.bytes, (*deviceGate)(d).holding()
		if c := d.busy; c != nil {
			i.Doing, i.Took = c.doing, time.Since(c.began)
			if c.doing == messages.Handling {
				i.Action = c.handling.Msg.Action()
			}
		}
	})
	return i
}

// deviceCounters count what a device has done. The gateway's Counters count the same events for all devices.
type deviceCounters struct {
	handled, refused, failed, early, emitted atomic.Uint64
	spent                                    atomic.Int64 // nanoseconds in calls that handled messages
}
