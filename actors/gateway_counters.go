package actors

import (
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/mqttgateway/mqttgateway/config"
	"github.com/mqttgateway/mqttgateway/messages"
)

// Counters count messages since the start. Of what arrived, Arrived = Echoes + Ignored + Refused + Unmatched + Routed.
// Each routed, restored or told message is handled, refused, failed or passed over by every device it found.
type Counters struct {
	Arrived   atomic.Int64 // from the broker
	Echoes    atomic.Int64 // that this gateway had sent itself
	Ignored   atomic.Int64 // that are no messages: retained ones being cleared, the gateway's own topics
	Refused   atomic.Int64 // that can't be mapped, found the mapper's mailbox full or closed, or were too large
	TooLarge  atomic.Int64 // of these, those that were too large
	Unmatched atomic.Int64 // that found no device
	Routed    atomic.Int64 // that found at least one
	Restored  atomic.Int64 // from the spool, beside those that arrived

	Early      atomic.Int64 // acknowledged before a slow device had handled them
	Handled    atomic.Int64 // by devices
	TurnedAway atomic.Int64 // by devices: busy, down, of no use
	Failed     atomic.Int64 // by devices: errors, panics, overdue
	NotMine    atomic.Int64 // passed over by devices that it was not for

	Emitted    atomic.Int64 // by devices
	Told       atomic.Int64 // of these, those that found other devices of this gateway
	Unsaid     atomic.Int64 // emitted, and refused by the mapper
	Unanswered atomic.Int64 // commands refused in such number that the rest of the answers was saved
	Dropped    atomic.Int64 // by the outbox
	Published  atomic.Int64
	GivenUp    atomic.Int64 // retained topics for which there was no room any more
}

// LogValue shows the sums that an operator asks for.
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

// DeviceInfo is how a device is at a moment, as its mailbox and its counters see it. How well it is, since when and why, the
// record says: see [Gateway.Watch].
type DeviceInfo struct {
	Name      string
	Type      string
	AnswersTo config.AnswersTo // which messages find it; nobody may write to the lists

	Waiting int            // messages in its mailbox
	Bytes   int            // of these messages
	Room    int            // for messages that the broker does not wait for
	Awaited int            // messages that the broker waits for because of this device
	Doing   messages.Doing // which call of its code goes on; empty: none
	Took    time.Duration  // by the call that goes on, so far
	Action  string         // of the message that it handles; empty if it handles none

	Handled uint64 // messages that it has handled,
	Refused uint64 // refused, or never got since it was down, stuck or busy,
	Failed  uint64 // or failed at
	Early   uint64 // messages acknowledged before it had handled them, since it was slow
	Emitted uint64 // messages that it has sent
}

// Device returns how the device of a name is, and whether there is one. Its counters begin with the device: one that is
// replaced, since its configuration has changed, begins with 0. Device waits for no actor and holds up the device for no
// longer than another message does: a page may ask for a device as often as somebody looks at it. Any goroutine may call
// Device, also before the gateway runs and after.
func (g *Gateway) Device(name string) (DeviceInfo, bool) {
	d := g.table.named(name)
	if d == nil {
		return DeviceInfo{}, false
	}
	return d.info(), true
}

// info returns how the device is.
func (d *device) info() DeviceInfo {
	i := DeviceInfo{
		Name: d.config.Name, Type: d.config.Type, Room: d.config.Mailbox,
		AnswersTo: d.answers(),
		Handled:   d.counters.handled.Load(), Refused: d.counters.refused.Load(), Failed: d.counters.failed.Load(),
		Early: d.counters.early.Load(), Emitted: d.counters.emitted.Load(),
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

// deviceCounters count what a device has done. Each is counted in the Counters of the gateway as well.
type deviceCounters struct{ handled, refused, failed, early, emitted atomic.Uint64 }
