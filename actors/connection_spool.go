package actors

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/internal/spool"
	"github.com/mqttgateway/mqttgateway/messages"
)

// Spool says where the outbox is kept on disk.
type Spool struct {
	Dir   string        // empty: the outbox is lost with the process
	Batch time.Duration // that the first publication waits for others to share an fsync; 0: 5 ms
}

// spooled is what the spool keeps, as JSON: of a device, a publication; or, for a device, a message that was acknowledged
// before the device had handled it.
type spooled struct {
	Device  string                `json:"device"`
	Topic   string                `json:"topic,omitempty"`
	Payload string                `json:"payload,omitempty"`
	Retain  bool                  `json:"retain,omitempty"`
	Message *messages.InternalMsg `json:"message,omitempty"` // not nil if it is one
}

// durable tells the connection that records up to a number are on disk, or, with an error, that they could not be
// written. Spool → connection.
type durable struct {
	upTo uint64
	err  error
}

// spooling is a parcel of which it is not known yet whether it is on disk.
type spooling struct {
	spooled uint64
	number  uint64 // of its receipt
	order   uint64
}

// openSpool opens the spool, if there is to be one. At QoS 0 nothing is ever owed.
func (s *system) openSpool() (err error) {
	if s.Spool.Dir == "" || s.QoS == 0 {
		return nil
	}
	s.spool, s.recovered, err = spool.Open(spool.Options{
		Dir:      s.Spool.Dir,
		Batch:    s.Spool.Batch,
		MaxBytes: 4 * int64(s.Outbox.Bytes), // so that the outbox is full first
		Durable:  func(upTo uint64, err error) { s.connection.send(durable{upTo, err}) },
		Trouble:  func(err error) { s.supervisor.send(messages.Unspooled{Count: 1, Releases: true, Err: err}) },
	})
	return err
}

// newUnkept returns what sums up the records that are not kept.
func (s *system) newUnkept() *tally {
	return &tally{who: "spool", report: func(r messages.Refusals) { s.supervisor.send(messages.Unspooled{Count: r.Count, Err: r.Err}) }}
}

// closeSpool gives the directory back.
func (s *system) closeSpool() {
	if s.spool == nil {
		return
	}
	if err := s.spool.Close(); err != nil {
		s.Log.Warn("spool not closed in good order", "err", err)
	}
}

// restore puts into the outbox what the spool owes the broker of before, which was bounded when it came, and returns what
// it owes the devices.
func (l *lasting) restore(s *system) (owed []messages.Restored) {
	for _, damage := range s.recovered.Damage {
		s.Log.Warn("spool damaged", "damage", damage)
	}
	for _, r := range s.recovered.Records {
		var rec spooled
		if err := json.Unmarshal(r.Payload, &rec); err != nil {
			s.Log.Warn("spool damaged", "record", r.Number, "err", err)
			s.spool.Release(r.Number)
			continue
		}
		if rec.Message != nil {
			owed = append(owed, messages.Restored{Record: r.Number, Device: rec.Device, Msg: *rec.Message})
			continue
		}
		p := parcel{
			Publication: messages.Publication{Device: rec.Device, Topic: rec.Topic, Payload: rec.Payload, Retain: rec.Retain},
			order:       l.ordered.next(),
			spooled:     r.Number,
		}
		if replaced := l.outbox.add(p); replaced != nil {
			l.ordered.settle(replaced.order)
			s.spool.Release(replaced.spooled)
		}
	}
	if n := l.outbox.len(); n > 0 {
		s.Log.Info("publications of before are sent first", "publications", n)
	}
	if len(owed) > 0 {
		s.Log.Info("messages of before are handled first", "messages", len(owed))
	}
	s.recovered = spool.Recovered{}
	return owed
}

// keep gives a parcel to the spool. What has been kept is never dropped for something newer, so that it is refused if
// there is no room for it in the outbox.
func (c *connection) keep(p *parcel) error {
	if c.spool == nil {
		return nil
	}
	if !c.outbox.fits(*p) {
		return errOutboxFull
	}
	payload, err := json.Marshal(spooled{Device: p.Device, Topic: p.Topic, Payload: p.Payload, Retain: p.Retain})
	if err != nil {
		return fmt.Errorf("%w: %w", devices.ErrRefused, err)
	}
	if p.spooled, err = c.spool.Append(payload); err != nil {
		return fmt.Errorf("%w: %w", devices.ErrDropped, err)
	}
	c.spooling = append(c.spooling, spooling{p.spooled, p.Number, p.order})
	return nil
}

// kept ends the wait of those that are on disk. What could not be written is not lost with that: a publication is still in
// the outbox, and its receipt waits for the broker, as without a spool; a message is still in its device's mailbox.
func (c *connection) kept(d durable) {
	c.stored = d.upTo
	unkept := 0
	for len(c.spooling) > 0 && c.spooling[0].spooled <= d.upTo {
		if w := c.spooling[0]; d.err == nil {
			c.receipts.settle(w.number, nil)
			c.ordered.settle(w.order)
		}
		c.spooling = c.spooling[1:]
		unkept++
	}
	if d.err != nil {
		c.unkept.noteMany(max(unkept, 1), d.err) // there may be only messages among them, or what was released meanwhile
	}
	c.acknowledge()
}
