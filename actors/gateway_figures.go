package actors

import (
	"iter"

	"github.com/mqttgateway/mqttgateway/actors/supervision"
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

// Figures are how a device is, what it has counted, and what is known of its entities.
type Figures struct {
	DeviceInfo                               // without AnswersTo
	Entry       supervision.Entry            // of the record
	Description entity.Device                // as the device has described itself; nothing in it may be changed
	Happened    map[entities.Happened]uint64 // events that the device has told; nil if none
	Pressed     map[string]uint64            // presses that the device has carried out, by the ID of the Button; nil if none
	States      []entity.State               // of the entities that have a value, hidden ones included, in the order of the description; good until the next device
}

// Figures yields the figures of all devices, the oldest device first. Each device is seen at a moment of its own. Figures waits
// for no actor, and delays each device no longer than a message does. Any goroutine may call Figures, also before the gateway runs
// and afterwards.
func (g *Gateway) Figures() iter.Seq[*Figures] {
	return func(yield func(*Figures) bool) {
		var f Figures
		for _, d := range g.table.wanted() {
			f = Figures{DeviceInfo: d.activity(), Entry: g.board.entry(supervision.Device, d.config.Name), States: f.States[:0]}
			if f.Entry.Name == "" {
				continue // the record does not know of the device yet
			}
			if t := d.entities.Load(); t != nil {
				f.Description, f.States = t.Description().Device(), t.AppendStates(f.States)
				f.Happened, f.Pressed = t.Happened(), t.Pressed()
			}
			if !yield(&f) {
				return
			}
		}
	}
}

// Own returns the entries of the link and of the gateway's own actors. Like Figures it waits for no actor.
func (g *Gateway) Own() (link supervision.Entry, parts []supervision.Entry) {
	for _, name := range []string{connectionName, mapperName, devicesName} {
		parts = append(parts, g.board.entry(supervision.Part, name))
	}
	return g.board.entry(supervision.Link, theLink), parts
}
