package actors

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"

	"github.com/mqttgateway/mqttgateway/actors/link"
	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/internal/fifo"
	"github.com/mqttgateway/mqttgateway/internal/mqtt"
	"github.com/mqttgateway/mqttgateway/messages"
)

// The most publications whose outcome is not known. mosquitto takes 20 unacknowledged ones at a time from a client; at
// QoS 0 the outcome is that they were written, and the bound is on what may wait for that.
const (
	maxUnwritten      = 256
	maxUnacknowledged = 20
	maxFlying         = 4 << 20 // bytes, by which one publication may go beyond it
)

// flight is what has been handed to the session, of one QoS and in order, whose outcome is not known.
type flight struct {
	fifo.Queue[parcel]
	bytes int
}

func (f *flight) Push(p parcel) {
	f.Queue.Push(p)
	f.bytes += size(p.Publication)
}

func (f *flight) Pop() parcel {
	p := f.Queue.Pop()
	f.bytes -= size(p.Publication)
	return p
}

// window is how many may be in flight at that QoS with one over which so many sessions have been lost. One whose next
// loss would prove that it is to blame goes alone.
func (c *connection) window(qos byte, losses int) int {
	const suspicious = maxLosses - 1
	f := &c.flights[qos]
	switch {
	case losses >= suspicious, f.Len() > 0 && f.First().losses >= suspicious:
		return 1
	case qos == 0:
		return maxUnwritten
	}
	return maxUnacknowledged
}

// publish takes a publication on, or into the outbox.
func (c *connection) publish(p messages.Publication) {
	next := parcel{Publication: p, order: c.ordered.next()}
	if err := c.keep(&next); err != nil {
		c.drop(next, err)
		return
	}
	if c.outbox.len() == 0 && c.outbox.fits(next) && c.ready() && c.room(next.losses) {
		c.hand(next)
		return
	}
	replaced, dropped := c.outbox.push(next)
	if replaced != nil {
		c.replace(*replaced)
	}
	for _, p := range dropped {
		c.drop(p, errOutboxFull)
	}
	c.pump()
}

// replace settles a retained status of which the broker would only have kept a later one.
func (c *connection) replace(p parcel) {
	c.settle(p, fmt.Errorf("%w: a later status of its topic took its place", devices.ErrDropped))
}

// drop tells everyone that a publication goes nowhere.
func (c *connection) drop(p parcel, err error) {
	c.tellDrop(c.dropped, p.Publication, err)
	c.settle(p, err)
}

// settle ends a publication, and acknowledges the deliveries that waited for it alone.
func (c *connection) settle(p parcel, err error) {
	c.receipts.settle(p.Number, err)
	c.ordered.settle(p.order)
	if p.spooled != 0 {
		c.spool.Release(p.spooled)
	}
	c.acknowledge()
}

var errOutboxFull = fmt.Errorf("%w: outbox full", devices.ErrDropped)

// tellDrop counts a publication that goes nowhere.
func (s *system) tellDrop(dropped *tally, p messages.Publication, err error) {
	s.counters.Dropped.Add(1)
	dropped.note(fmt.Errorf("device %q: topic %q: %w", p.Device, p.Topic, err))
}

// pump hands publications to the session while it may have more.
func (c *connection) pump() {
	if !c.ready() {
		return
	}
	for c.outbox.len() > 0 && c.room(c.outbox.first().losses) {
		c.hand(c.outbox.pop())
	}
}

// ready reports whether there is a session, and it has all presences. At QoS 0 nothing waits for what the broker has yet
// to acknowledge.
func (c *connection) ready() bool {
	return c.state.Phase == link.Connected && (c.appear() || c.QoS == 0)
}

// room reports whether the session may have one more, over which so many sessions have been lost.
func (c *connection) room(losses int) bool {
	f := &c.flights[c.QoS]
	return f.Len() < c.window(c.QoS, losses) && f.bytes < maxFlying
}

func (c *connection) hand(p parcel) {
	c.flights[c.QoS].Push(p)
	if c.Log.Enabled(context.Background(), slog.LevelDebug) {
		c.Log.Debug("message out", "topic", p.Topic, "payload", p.Payload, "qos", c.QoS, "retained", p.Retain)
	}
	c.session.Publish(p.order, mqtt.Message{Topic: p.Topic, Payload: p.Payload, QoS: c.QoS, Retained: p.Retain})
	c.unsent = c.session
}

// published settles what has become something. Outcomes come in the order of publishing at each QoS, so that each is that
// of the first in flight.
func (c *connection) published(results *outcomes) {
	for _, o := range results.take() {
		qos := c.QoS
		if o.order == presenceOrder {
			qos = presenceQoS
		}
		if f := &c.flights[qos]; results.epoch == c.state.Epoch && f.Len() > 0 && f.First().order == o.order {
			c.acked = c.acked || qos > 0 && o.err == nil
			c.end(f.Pop(), o.err)
		}
	}
	c.pump()
	c.flushed()
}

// end ends a publication that was in flight.
func (c *connection) end(p parcel, err error) {
	switch {
	case p.presence != nil:
		c.told(p, err)
	case err != nil:
		c.drop(p, fmt.Errorf("%w: %w", devices.ErrRefused, err))
	default:
		c.counters.Published.Add(1)
		c.settle(p, nil)
	}
}

// putBack returns to the outbox what was in flight when the session ended. At QoS 0 it may have arrived, and is not
// sent twice. Presences begin anew with each session.
func (c *connection) putBack() {
	unwritten, unacked := c.flights[0].All(), c.flights[1].All()
	c.flights = [2]flight{}
	if err := c.blame(unacked); err != nil {
		unacked = c.suspect(unacked, len(unacked)+len(unwritten) == 1, err)
	}
	for _, p := range unwritten {
		c.drop(p, devices.ErrLost)
	}
	unacked = slices.DeleteFunc(unacked, func(p parcel) bool { return p.presence != nil })
	for _, p := range c.outbox.putBack(unacked) {
		c.replace(p)
	}
}

// maxLosses is how many sessions in a row may end over a publication, the last of them with that one alone, before it is
// set aside: what makes the broker hang up, or what it does not acknowledge, must not end sessions for ever.
const maxLosses = 3

var (
	errPoison  = fmt.Errorf("%w: the broker closed the connection %d times over it", devices.ErrDropped, maxLosses)
	errUnacked = fmt.Errorf("%w: the broker has left it unacknowledged in %d sessions", devices.ErrDropped, maxLosses)
)

// blame returns why the first of those that were in flight at QoS 1 is to be dropped should it go on; nil if the session
// did not end over it. Brokers take publications in order, so that of those it hung up on the first is the one to suspect.
// A broker that acknowledges nothing at all is itself to blame for what it does not acknowledge, though not for ever: its
// statuses do without the gateway's state.
func (c *connection) blame(flight []parcel) error {
	if len(flight) == 0 {
		return nil
	}
	var missing *mqtt.UnansweredError
	switch first := flight[0]; {
	case c.state.Fault == link.EOF:
		return errPoison
	case errors.As(c.cause, &missing) && missing.Message && missing.Topic == first.Topic && (c.acked || first.presence != nil):
		return errUnacked
	}
	return nil
}

// suspect notes that a session has ended over the first of these, which was alone or not, and returns those to be sent
// again.
func (c *connection) suspect(flight []parcel, alone bool, err error) []parcel {
	first := &flight[0]
	if first.presence != nil {
		if c.presences.suspect(first.presence, alone) {
			c.tellDrop(c.dropped, first.Publication, err)
		}
		return flight
	}
	if first.losses++; first.losses < maxLosses || !alone {
		return flight
	}
	c.drop(*first, err)
	return flight[1:]
}

// flush ends the link once the last words are sent. A link that is down is not waited for.
func (c *connection) flush() {
	c.last = true
	c.flushing = c.self.later(c.Grace*3/10, flushOver{})
	if c.state.Phase != link.Connected {
		c.stop()
		return
	}
	c.flushed()
}

func (c *connection) flushed() {
	if c.flushing != nil && c.outbox.len() == 0 && c.landed() && c.farewell() {
		c.stop()
	}
}

// landed reports whether nothing is in flight.
func (c *connection) landed() bool { return c.flights[0].Len()+c.flights[1].Len() == 0 }
