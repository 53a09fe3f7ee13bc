package actors

import (
	"context"
	"fmt"
	"log/slog"

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
)

func (c *connection) window() int {
	if c.QoS == 0 {
		return maxUnwritten
	}
	return maxUnacknowledged
}

// publish takes a publication into the outbox, and on.
func (c *connection) publish(p messages.Publication) {
	replaced, dropped := c.outbox.push(p)
	if replaced != nil { // the broker would only have kept the later one
		c.receipts.settle(replaced.Number, fmt.Errorf("%w: a later status of its topic took its place", devices.ErrDropped))
	}
	for _, p := range dropped {
		c.drop(c.dropped, p, errOutboxFull)
	}
	c.pump()
}

var errOutboxFull = fmt.Errorf("%w: outbox full", devices.ErrDropped)

// drop tells everyone that a publication goes nowhere.
func (s *system) drop(dropped *tally, p messages.Publication, err error) {
	s.counters.Dropped.Add(1)
	dropped.note(fmt.Errorf("device %q: topic %q: %w", p.Device, p.Topic, err))
	s.receipts.settle(p.Number, err)
}

// pump hands publications to the session while it may have more.
func (c *connection) pump() {
	if c.state.Phase != link.Connected {
		return
	}
	for c.outbox.len() > 0 && len(c.flight) < c.window() {
		p := c.outbox.pop()
		c.flight = append(c.flight, p)
		if c.Log.Enabled(context.Background(), slog.LevelDebug) {
			c.Log.Debug("message out", "topic", p.Topic, "payload", p.Payload, "qos", c.QoS, "retained", p.Retain)
		}
		c.session.Publish(p.Number, mqtt.Message{
			Topic: p.Topic, Payload: []byte(p.Payload), QoS: c.QoS, Retained: p.Retain,
		})
	}
}

// outcome settles a publication. They come in order, so that it is the first in flight.
func (c *connection) outcome(m published) {
	if m.epoch != c.state.Epoch || len(c.flight) == 0 || c.flight[0].Number != m.number {
		return
	}
	p := c.flight[0]
	c.flight[0] = messages.Publication{}
	c.flight = c.flight[1:]
	if m.err != nil {
		c.drop(c.dropped, p, fmt.Errorf("%w: %w", devices.ErrRefused, m.err))
	} else {
		c.counters.Published.Add(1)
		c.receipts.settle(p.Number, nil)
	}
	c.pump()
	c.flushed()
}

// putBack returns to the outbox what was in flight when the session ended. At QoS 0 it may have arrived, and is not
// sent twice.
func (c *connection) putBack() {
	flight := c.flight
	c.flight = nil
	if c.QoS == 0 {
		for _, p := range flight {
			c.drop(c.dropped, p, devices.ErrLost)
		}
		return
	}
	for _, p := range c.outbox.putBack(flight) {
		c.receipts.settle(p.Number, fmt.Errorf("%w: a later status of its topic took its place", devices.ErrDropped))
	}
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
	if c.flushing != nil && c.outbox.len() == 0 && len(c.flight) == 0 {
		c.stop()
	}
}
