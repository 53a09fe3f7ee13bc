package actors

import (
	"context"
	"fmt"
	"log/slog"
	"slices"

	"github.com/mqttgateway/mqttgateway/actors/link"
	"github.com/mqttgateway/mqttgateway/devices"
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

// window is how many may be in flight with one of that QoS, over which so many sessions have been lost. One whose next
// loss would prove that it is to blame goes alone.
func (c *connection) window(qos byte, losses int) int {
	const suspicious = maxLosses - 1
	switch {
	case losses >= suspicious, c.flight.len() > 0 && c.flight.first().losses >= suspicious:
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

// ready reports whether there is a session, and it has all presences.
func (c *connection) ready() bool { return c.state.Phase == link.Connected && c.appear() }

// room reports whether the session may have one more, over which so many sessions have been lost.
func (c *connection) room(losses int) bool {
	return c.flight.len() < c.window(c.QoS, losses) && c.flying < maxFlying
}

func (c *connection) hand(p parcel) {
	c.flight.push(p)
	c.flying += size(p.Publication)
	if c.Log.Enabled(context.Background(), slog.LevelDebug) {
		c.Log.Debug("message out", "topic", p.Topic, "payload", p.Payload, "qos", c.QoS, "retained", p.Retain)
	}
	c.session.Publish(p.order, mqtt.Message{Topic: p.Topic, Payload: p.Payload, QoS: c.QoS, Retained: p.Retain})
	c.unsent = c.session
}

// published settles what has become something. Outcomes come in the order of publishing, so that each is that of the
// first in flight.
func (c *connection) published(results *outcomes) {
	for _, o := range results.take() {
		if results.epoch == c.state.Epoch && c.flight.len() > 0 && c.flight.first().order == o.order {
			c.end(c.flight.pop(), o.err)
		}
	}
	c.pump()
	c.flushed()
}

// end ends a publication that was in flight.
func (c *connection) end(p parcel, err error) {
	c.flying -= size(p.Publication)
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
	flight := c.flight.all()
	c.flight, c.flying = fifo[parcel]{}, 0
	hungUp := c.state.Fault == link.EOF
	if hungUp && len(flight) > 0 && flight[0].presence != nil {
		hungUp = false
		c.suspectPresence(flight)
	}
	flight = slices.DeleteFunc(flight, func(p parcel) bool { return p.presence != nil })
	if c.QoS == 0 {
		for _, p := range flight {
			c.drop(p, devices.ErrLost)
		}
		return
	}
	if hungUp && len(flight) > 0 {
		flight = c.suspect(flight)
	}
	for _, p := range c.outbox.putBack(flight) {
		c.replace(p)
	}
}

// maxLosses is how many sessions in a row may end while a publication is in flight, the last of them with that one
// alone, before it is set aside: what makes the broker hang up must not do so for ever.
const maxLosses = 3

var errPoison = fmt.Errorf("%w: the broker closed the connection %d times over it", devices.ErrDropped, maxLosses)

// suspect notes that the broker closed a session with these in flight. Brokers take publications in order, so that the
// first is the one to suspect. It returns those to be sent again.
func (c *connection) suspect(flight []parcel) []parcel {
	first := &flight[0]
	if first.losses++; first.losses < maxLosses || len(flight) > 1 {
		return flight
	}
	c.drop(*first, errPoison)
	return flight[1:]
}

// flush ends the link once the last words are sent. A link that is down is not waited for.
func (c *connection) flush() {
	c.last = true
	c.flushing = c.later(c.Grace*3/10, c.self, flushOver{})
	if c.state.Phase != link.Connected {
		c.stop()
		return
	}
	c.flushed()
}

func (c *connection) flushed() {
	if c.flushing != nil && c.outbox.len() == 0 && c.flight.len() == 0 && c.farewell() {
		c.stop()
	}
}
