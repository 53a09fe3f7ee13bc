package actors

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"time"

	"github.com/mqttgateway/mqttgateway/actors/outbox"
	"github.com/mqttgateway/mqttgateway/actors/retained"
	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/internal/fifo"
	"github.com/mqttgateway/mqttgateway/internal/spool"
	"github.com/mqttgateway/mqttgateway/messages"
)

// Spool says where the outbox is kept on disk.
type Spool struct {
	Dir   string        // empty: the outbox is lost with the process
	Batch time.Duration // that the first publication waits for others to share an fsync; 0: 5 ms
}

// openSpool opens the spool, if there is to be one. At QoS 0 nothing is kept.
func (g *Gateway) openSpool() (err error) {
	if g.options.Spool.Dir == "" || g.options.QoS == 0 {
		return nil
	}
	g.spool, g.recovered, err = spool.Open(spool.Options{
		Dir:      g.options.Spool.Dir,
		Batch:    g.options.Spool.Batch,
		MaxBytes: 4 * int64(g.options.Outbox.Bytes), // so that the outbox is full first
		Durable:  func(upTo uint64, err error) { g.connection.send(written{upTo, err}) },
		Trouble:  func(err error) { g.supervisor.send(messages.Unspooled{Count: 1, Releases: true, Err: err}) },
	})
	return err
}

// newUnkept returns the tally of the records that are not kept.
func (g *Gateway) newUnkept() *tally {
	return &tally{who: "spool", report: func(r messages.Refusals) { g.supervisor.send(messages.Unspooled{Count: r.Count, Err: r.Err}) }}
}

// closeSpool gives the directory back.
func (g *Gateway) closeSpool() {
	if g.spool == nil {
		return
	}
	if err := g.spool.Close(); err != nil {
		g.options.Log.Warn("spool not closed in good order", "err", err)
	}
}

// spooled is what the spool keeps, as JSON: of a device, a publication; or, for a device, a message that was acknowledged
// before the device had handled it.
type spooled struct {
	Device  string                `json:"device"`
	Topic   string                `json:"topic,omitempty"`
	Payload string                `json:"payload,omitempty"`
	Retain  bool                  `json:"retain,omitempty"`
	About   messages.Address      `json:"about,omitzero"`    // of a status to be retained
	Sender  string                `json:"sender,omitempty"`  // of a status to be retained that names one
	Ledger  uint64                `json:"ledger,omitempty"`  // the record of its topic
	Message *messages.InternalMsg `json:"message,omitempty"` // not nil if it is one
	Entity  string                `json:"entity,omitempty"`  // of a message that sets one at its topic
}

// written tells that records up to a number are on disk, or, with an error, that they could not be written.
// Spool → connection.
type written struct {
	upTo uint64
	err  error
}

// unwrittenRecords are the publications of which it is not known yet whether they are on disk, in order.
type unwrittenRecords struct{ fifo.Queue[unwrittenRecord] }

type unwrittenRecord struct {
	record  uint64
	receipt uint64
	order   uint64
}

// keep gives an entry to the spool. What has been kept is never dropped for something newer, so that an entry is refused if
// there is no room for it in the outbox.
func (c *connection) keep(e *outbox.Entry) error {
	if c.spool == nil {
		return nil
	}
	if !c.outbox.Fits(*e) {
		return errOutboxFull
	}
	s := spooled{Device: e.Device, Topic: e.Topic, Payload: e.Payload, Retain: e.Retain}
	if e.Retain {
		s.About, s.Sender = c.retained.About(e.Topic)
		s.Ledger = e.Ledger
	}
	payload, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("%w: %w", devices.ErrRefused, err)
	}
	if e.Spooled, err = c.spool.Append(payload); err != nil {
		return fmt.Errorf("%w: %w", devices.ErrDropped, err)
	}
	c.unwritten.Push(unwrittenRecord{e.Spooled, e.Number, e.Order})
	return nil
}

// written ends the wait of those that are on disk. What could not be written is not lost with that: a publication is still in
// the outbox, and its receipt waits for the broker, as without a spool; a message is still in its device's mailbox.
func (c *connection) written(w written) {
	c.awaiting.written = w.upTo
	ended := 0
	for c.unwritten.Len() > 0 && c.unwritten.First().record <= w.upTo {
		if r := c.unwritten.Pop(); w.err == nil {
			c.receipts.resolve(r.receipt, nil)
			c.awaiting.order.Done(r.order)
		}
		ended++
	}
	if w.err != nil {
		c.unkept.noteMany(max(ended, 1), w.err) // there may be only messages among them, or what was released meanwhile
	}
	c.release()
}

// restore puts into the outbox what the spool still holds for the broker from before the start, which was bounded when it
// came, and returns what it holds for devices.
func (m *connectionMemory) restore(from *spool.Spool, kept spool.Recovered, log *slog.Logger) (forDevices []messages.Restored) {
	for _, damage := range kept.Damage {
		log.Warn("spool damaged", "damage", damage)
	}
	for _, r := range kept.Records {
		var rec spooled
		if err := json.Unmarshal(r.Payload, &rec); err != nil {
			log.Warn("spool damaged", "record", r.Number, "err", err)
			from.Release(r.Number)
			continue
		}
		if rec.Message != nil {
			forDevices = append(forDevices, messages.Restored{Record: r.Number, Device: rec.Device, Entity: rec.Entity, Msg: *rec.Message})
			continue
		}
		var ledger uint64
		if rec.Retain && rec.Device != ownName { // else a person has sent it, and it is no device's to say again or to clear
			whose := retained.Record{Topic: rec.Topic, Device: rec.Device, About: rec.About, Sender: rec.Sender}
			if m.retained.Overruled(rec.Topic, rec.Ledger) { // the process ended before the spool had heard of it
				from.Release(r.Number)
				continue
			}
			ledger = m.retained.Restored(whose, rec.Payload, m.signed(rec.Topic))
		}
		replaced := m.outbox.Add(outbox.Entry{
			Publication: messages.Publication{Device: rec.Device, Topic: rec.Topic, Payload: rec.Payload, Retain: rec.Retain},
			Order:       m.awaiting.order.Next(),
			Spooled:     r.Number,
			Ledger:      ledger,
			QoS:         1, // at QoS 0 there is no spool
		})
		if replaced != nil {
			m.awaiting.order.Done(replaced.Order)
			from.Release(replaced.Spooled)
		}
	}
	if n := m.outbox.Len(); n > 0 {
		log.Info("publications of before are sent first", "publications", n)
	}
	if len(forDevices) > 0 {
		log.Info("messages of before are handled first", "messages", len(forDevices))
	}
	return forDevices
}
