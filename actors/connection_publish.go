package actors

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"

	"github.com/mqttgateway/mqttgateway/actors/link"
	"github.com/mqttgateway/mqttgateway/actors/outbox"
	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/internal/mqtt"
	"github.com/mqttgateway/mqttgateway/messages"
)

// The reasons for dropping publications.
var (
	errOutboxFull = fmt.Errorf("%w: outbox full", devices.ErrDropped)
	errReplaced   = fmt.Errorf("%w: a later status of its topic took its place", devices.ErrDropped)
	errPoison     = fmt.Errorf("%w: the broker closed the connection %d times over it", devices.ErrDropped, outbox.MaxLosses)
	errUnacked    = fmt.Errorf("%w: the broker has left it unacknowledged in %d sessions", devices.ErrDropped, outbox.MaxLosses)
)

// publish handles a publication that the broker does not retain.
func (c *connection) publish(p messages.Publication) {
	c.enqueue(outbox.Entry{Publication: p, QoS: c.qos})
}

// enqueue puts an entry into the outbox, or passes it to the session if nothing is before it.
func (c *connection) enqueue(e outbox.Entry) {
	e.Order = c.awaiting.order.Next()
	if err := c.keep(&e); err != nil {
		c.drop(e, err)
		return
	}
	if c.isPoison(e) {
		c.giveUp(e, errPoison)
		return
	}
	if c.outbox.Len() == 0 && c.outbox.Fits(e) && c.ready() && c.flight.Room(e.QoS, e.Losses) && c.inLedger(e.Ledger) {
		c.hand(e)
		return
	}
	replaced, dropped := c.outbox.Push(e)
	if replaced != nil {
		c.resolve(*replaced, errReplaced)
	}
	for _, e := range dropped {
		c.drop(e, errOutboxFull)
	}
	c.pump()
}

// pump passes to the session what is due, as far as the session may have more: availability, then topics of the memory,
// then entries of the outbox.
func (c *connection) pump() {
	if !c.up() {
		return
	}
	told := c.tellAvailability()
	if told {
		c.tellRemembered()
		if !c.known {
			c.known = true
			c.told()
		}
	}
	if !told && c.qos > 0 {
		return
	}
	for c.outbox.Len() > 0 {
		first := c.outbox.First()
		if c.isPoison(first) { // it has waited since before
			c.giveUp(c.outbox.Pop(), errPoison)
			continue
		}
		if !c.flight.Room(first.QoS, first.Losses) || !c.inLedger(first.Ledger) {
			return
		}
		c.hand(c.outbox.Pop())
	}
}

// ready reports whether there is a session in which the availability of everything has been published. At QoS 0 no
// publication waits for the acknowledgement of an availability.
func (c *connection) ready() bool {
	return c.up() && (c.tellAvailability() || c.qos == 0)
}

// hand passes an entry to the session.
func (c *connection) hand(e outbox.Entry) {
	// Before Publish: the result may come before Publish returns, and a panic must not lose the entry.
	number := c.flight.Push(e)
	c.traffic.sent(e.Topic, e.Payload, e.QoS, e.Retain)
	if c.log.Enabled(context.Background(), slog.LevelDebug) {
		if e.Availability {
			c.log.Debug("availability out", "topic", e.Topic, "payload", e.Payload)
		} else {
			c.log.Debug("message out", "topic", e.Topic, "payload", e.Payload, "qos", e.QoS, "retained", e.Retain)
		}
	}
	c.session.Publish(number, mqtt.Message{Topic: e.Topic, Payload: e.Payload, QoS: e.QoS, Retained: e.Retain})
	c.unflushed = c.session
}

// flushDue reports whether Flush must be called.
func (m *connectionMemory) flushDue() bool { return m.unflushed != nil }

// flush makes the session send everything that several messages have published, in one write.
func (m *connectionMemory) flush() {
	session := m.unflushed
	m.unflushed = nil
	session.Flush()
}

// published handles the publications whose results are known.
func (c *connection) published(results *results) {
	for _, r := range results.take() {
		if results.epoch != c.state.Epoch {
			continue
		}
		if e, ok := c.flight.Land(r.number); ok {
			c.acked = c.acked || e.QoS > 0 && r.err == nil
			c.landed(e, r.err)
		}
	}
	c.pump()
	c.finishIfDone()
}

// landed handles a publication whose result is known.
func (c *connection) landed(e outbox.Entry, err error) {
	switch {
	case e.Availability, e.Remembered:
		if e.Availability {
			c.availability.landed(e.Device, err == nil)
			if e.Payload == "" && err == nil && c.availability.of(e.Device) == nil {
				c.retained.StateCleared(e.Topic)
			}
		} else {
			c.retained.Landed(e.Topic, err == nil)
		}
		if err != nil {
			c.tellDropped(e.Publication, fmt.Errorf("%w: %w", devices.ErrRefused, err))
		}
	case err != nil:
		c.giveUp(e, fmt.Errorf("%w: %w", devices.ErrRefused, err))
	default:
		c.counters.Published.Add(1)
		c.resolve(e, nil)
	}
}

// isPoison reports whether the broker has hung up over the same publication before.
func (c *connection) isPoison(e outbox.Entry) bool {
	return !c.poison.Empty() && c.poison.Has(e, c.now())
}

// giveUp drops a publication that the broker does not accept.
func (c *connection) giveUp(e outbox.Entry, why error) {
	c.retained.Refused(e.Topic, e.Payload)
	c.drop(e, why)
}

// drop reports that a publication was dropped.
func (c *connection) drop(e outbox.Entry, err error) {
	c.tellDropped(e.Publication, err)
	if e.Retain && !c.outbox.Holds(e.Topic) {
		c.retained.Dropped(e.Topic, e.Payload)
	}
	c.resolve(e, err)
}

// tellDropped counts a dropped publication. Mailboxes call it, too, on the goroutines of senders.
func (c *connectionOptions) tellDropped(p messages.Publication, err error) {
	c.counters.Dropped.Add(1)
	who := p.Device
	if who == "" {
		who = ownName
	}
	c.dropped.note(fmt.Errorf("device %q: topic %q: %w", who, p.Topic, err))
}

// resolve ends a publication: its receipt, its record, and the wait of deliveries for it.
func (c *connection) resolve(e outbox.Entry, err error) {
	c.receipts.resolve(e.Number, err)
	c.awaiting.order.Done(e.Order)
	if e.Spooled != 0 {
		c.spool.Release(e.Spooled)
	}
	c.release()
}

// putBack returns the entries that were in flight when the session ended to the outbox. At QoS 0 an entry may have
// arrived, and is not sent twice. Availability is published anew in each session, and the memory keeps its own topics.
func (c *connection) putBack() {
	unwritten, unacked := c.flight.Take()
	suspects, why := c.blame(unacked)
	unacked = slices.Concat(c.suspect(suspects, len(unacked)+len(unwritten) == 1, why), unacked[len(suspects):])
	for _, e := range unwritten {
		c.drop(e, devices.ErrLost)
	}
	unacked = c.putBackRemembered(slices.DeleteFunc(unacked, func(e outbox.Entry) bool { return e.Availability }))
	for _, e := range c.outbox.PutBack(unacked) {
		c.resolve(e, errReplaced)
	}
}

// blame returns those of the entries in flight at QoS 1 over one of which the session may have ended, and the reason for which that one
// must be dropped if it goes on like this. If the broker has hung up, any entry may be at fault; if it has left one unacknowledged, that
// one is. If a broker acknowledges nothing at all, the entry is not at fault, but it is dropped after some time nevertheless: statuses
// can do without the gateway's availability.
func (c *connection) blame(flight []outbox.Entry) (suspects []outbox.Entry, why error) {
	if len(flight) == 0 {
		return nil, nil
	}
	var missing *mqtt.UnansweredError
	switch first := flight[0]; {
	case c.state.Fault == link.EOF, mqtt.HungUp(c.cause): // or by a reset, if the broker had not read everything
		return flight, errPoison
	case errors.As(c.cause, &missing) && missing.Message && missing.Topic == first.Topic && (c.acked || first.Availability):
		return flight[:1], errUnacked
	}
	return nil, nil
}

// suspect notes that a session has ended over one of these entries, which were in flight alone or with others. It returns the entries to
// send again: without the one that must be dropped.
func (c *connection) suspect(list []outbox.Entry, alone bool, why error) (rest []outbox.Entry) {
	for _, e := range list {
		switch {
		case e.Availability:
			if c.availability.suspect(e.Device, alone) {
				c.tellDropped(e.Publication, why)
			}
		case e.Remembered:
			if c.retained.Suspect(e.Topic, alone) {
				c.tellDropped(e.Publication, why)
			}
		default:
			if e.Losses = outbox.Suspect(e.Losses, alone); e.Losses >= outbox.MaxLosses {
				if errors.Is(why, errPoison) {
					c.poison.Add(e, c.now())
				}
				c.giveUp(e, why)
				continue
			}
		}
		rest = append(rest, e)
	}
	return rest
}
