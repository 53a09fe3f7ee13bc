package actors

import (
	"context"
	"fmt"
	"log/slog"
	"math"

	"github.com/mqttgateway/mqttgateway/actors/link"
	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/internal/mqtt"
	"github.com/mqttgateway/mqttgateway/messages"
)

const (
	presenceQoS   = 1                  // whatever the gateway's: a state that is lost would be wrong for ever
	presenceOrder = math.MaxUint64 - 1 // the number of their publications, which come back in order; see noteOrder
)

// available takes what the supervisor says of a device.
func (c *connection) available(m messages.Availability) {
	c.presences.note(m)
	c.pump()
}

// vanished tells of a state that the broker keeps of a device that is no more. The session → connection.
type vanished struct{ device string }

func (c *connection) vanished(m vanished) {
	c.presences.vanish(m.device)
	c.pump()
}

// appear hands the presences that are due to the session, while it may have more, and reports whether that was all. It
// is called while a session stands.
func (c *connection) appear() (all bool) {
	for {
		p := c.presences.first()
		if p == nil {
			return true
		}
		if c.flights[presenceQoS].Len() >= c.window(presenceQoS, int(p.losses)) {
			return false
		}
		c.tell(c.presences.pop())
	}
}

func (c *connection) tell(p *presence) {
	who := p.device
	if p == &c.presences.own {
		who = ownName
	}
	next := parcel{
		Publication: messages.Publication{Device: who, Topic: c.presences.topic(p), Payload: p.word, Retain: true},
		order:       presenceOrder,
		losses:      int(p.losses),
		presence:    p,
	}
	c.flights[presenceQoS].Push(next)
	if c.Log.Enabled(context.Background(), slog.LevelDebug) {
		c.Log.Debug("state out", "topic", next.Topic, "payload", next.Payload)
	}
	c.session.Publish(presenceOrder, mqtt.Message{
		Topic: next.Topic, Payload: next.Payload, QoS: presenceQoS, Retained: true,
	})
	c.unsent = c.session
}

// told ends the publication of a presence.
func (c *connection) told(p parcel, err error) {
	if err == nil {
		c.presences.told(p.presence)
		return
	}
	p.presence.losses = maxLosses
	c.tellDrop(c.dropped, p.Publication, fmt.Errorf("%w: %w", devices.ErrRefused, err))
}

// farewell says the last words, one after the other, once all others have been sent. It reports whether that is done.
func (c *connection) farewell() (over bool) {
	for c.landed() && c.presences.leave() {
		c.pump()
	}
	return c.landed()
}

// leave says at least that the gateway leaves, when there is no more time: that overrules what is said of its devices.
func (c *connection) leave() {
	p := &c.presences.own
	if c.state.Phase == link.Connected && c.presences.leaving != gatewayLeaves && !c.presences.untold && !p.aside() {
		p.word = offlineWord
		c.tell(p)
	}
}
