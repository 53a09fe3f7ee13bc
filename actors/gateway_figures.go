package actors

import (
	"cmp"
	"iter"
	"maps"
	"slices"

	"github.com/mqttgateway/mqttgateway/entity"
	"github.com/mqttgateway/mqttgateway/internal/entities"
)

// Queues are what waits in the gateway at one moment, beside what waits in the mailboxes of devices.
type Queues struct {
	Mailboxes map[string]int // messages in the mailboxes of the gateway's own actors, by the actors' names; nil unless the gateway runs

	Outbox      int // publications that wait for a session with the broker
	OutboxBytes int
	OutboxRoom  OutboxSize

	Spool      int // records on disk; with SpoolRoom 0 there is no spool
	SpoolBytes int64
	SpoolRoom  int64
}

// Queues returns what waits in the gateway, and waits for no actor. Any goroutine may call Queues, also before the gateway
// runs and afterwards.
func (g *Gateway) Queues() Queues {
	q := Queues{OutboxRoom: g.options.Outbox}
	q.Outbox, q.OutboxBytes = g.outbox.Size()
	if g.spool != nil {
		q.Spool, q.SpoolBytes, q.SpoolRoom = g.spool.Size()
	}
	if g.up.Load() {
		q.Mailboxes = make(map[string]int, len(g.boxes))
		for name, box := range g.boxes {
			q.Mailboxes[name] = box.UserMessageCount()
		}
	}
	return q
}

// Figures are what a device has counted, and what is known of its entities.
type Figures struct {
	DeviceInfo                               // without AnswersTo
	Description entity.Device                // as the device has described itself; nothing in it may be changed
	Happened    map[entities.Happened]uint64 // events that the device has told; nil if none
	Pressed     map[string]uint64            // presses that the device has carried out, by the ID of the Button; nil if none
	States      []entity.State               // of the entities that have a value, hidden ones included, in the order of the description
}

// Figures yields the figures of all devices, the oldest device first. Each device is seen at a moment of its own. Figures waits
// for no actor, and delays each device no longer than a message does. Any goroutine may call Figures, also before the gateway runs
// and afterwards.
func (g *Gateway) Figures() iter.Seq[Figures] {
	return func(yield func(Figures) bool) {
		wanted := g.table.wanted()
		slices.SortFunc(wanted, func(a, b *device) int { return cmp.Compare(a.generation, b.generation) })
		for _, d := range wanted {
			f := Figures{DeviceInfo: d.activity()}
			if t := d.entities.Load(); t != nil {
				f.Description, f.States = t.Description().Device(), t.States()
				f.Happened, f.Pressed = t.Happened(), t.Pressed()
			}
			if !yield(f) {
				return
			}
		}
	}
}

// wanted returns the wanted devices, in any order.
func (t *deviceTable) wanted() []*device {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return slices.AppendSeq(make([]*device, 0, len(t.present)), maps.Values(t.present))
}
