package actors

import (
	"github.com/mqttgateway/mqttgateway/actors/link"
	"github.com/mqttgateway/mqttgateway/messages"
)

// finishOver tells that there is no more time for last words. A timer → connection.
type finishOver struct{}

// finish ends the link once the last words are sent: what waits in the outbox, that the devices are offline, and that the
// gateway is. A link that is down is not waited for.
func (c *connection) finish() {
	c.last = true
	c.finishing = c.self.later(c.grace*3/10, finishOver{})
	if !c.up() {
		c.stop()
		return
	}
	c.finishIfDone()
}

// finishIfDone goes on with the last words when those before have been sent, and ends the link behind the very last.
func (c *connection) finishIfDone() {
	if c.finishing == nil || c.outbox.Len() > 0 {
		return
	}
	for c.flight.Empty() && c.availability.leave() {
		c.pump()
	}
	if c.flight.Empty() {
		c.stop()
	}
}

// leave says at least that the gateway leaves, when there is no more time: this overrules what is said of its devices.
func (c *connection) leave() {
	if !c.up() {
		return
	}
	if e, ok := c.availability.leaveAtOnce(); ok {
		c.hand(e)
	}
}

// stop ends the link for good.
func (c *connection) stop() {
	if c.state.Stopped {
		return
	}
	c.step(link.Stop{})
	if !c.alive {
		c.closed()
	}
}

// closed tells that nothing is left of the link.
func (c *connection) closed() {
	c.dropped.stop()
	c.supervisor.send(messages.LinkClosed{Unsent: c.outbox.Len()})
}
