package actors

import (
	"context"

	"github.com/mqttgateway/mqttgateway/actors/link"
	"github.com/mqttgateway/mqttgateway/internal/mqtt"
	"github.com/mqttgateway/mqttgateway/internal/subscription"
	"github.com/mqttgateway/mqttgateway/messages"
)

type (
	// subscribed tells what came of a round of subscriptions in a living session. The round's goroutine → connection.
	subscribed struct {
		epoch uint64
		round *subscription.Round
		err   error
	}
	// sweepOver tells that old availability topics have had time to come. A timer → connection.
	sweepOver struct{ epoch uint64 }
	// found tells of a device whose availability the broker has kept. The session → connection.
	found struct{ device string }
)

// remap puts a map in force: its filters become those of the living session, and of all later ones.
func (c *connection) remap(m remap) {
	c.codec = m.codec
	c.supersede(c.retained.Remap(m.codec))
	if c.up() && !c.changing {
		c.change(c.subscriptions.Change(c.listener, c.session, c.codec.Topics()))
	}
}

// resubscribe brings the living session to the filters of the map, if another map is in force than when the last round began.
func (c *connection) resubscribe() {
	if !c.subscriptions.Want(c.codec.Topics()) {
		c.change(c.subscriptions.Change(c.listener, c.session, c.codec.Topics()))
	}
}

// sweepOver gives the filter of the sweep back.
func (c *connection) sweepOver(m sweepOver) {
	if m.epoch == c.state.Epoch && c.up() && !c.changing {
		c.change(c.subscriptions.GiveBack(c.listener, c.session, c.codec.Topics()))
	}
}

// change runs a round, if there is anything to do, on a goroutine that ends with it. One round goes on at a time.
func (c *connection) change(round *subscription.Round) {
	if round == nil {
		return
	}
	c.changing = true
	ctx, cancel := context.WithTimeout(context.Background(), c.link.Timeout)
	c.cancel = cancel
	self, epoch := c.self, c.state.Epoch
	go func() {
		defer cancel()
		err := func() (err error) {
			defer recovered(&err)
			return round.Run(ctx)
		}()
		self.send(subscribed{epoch, round, err})
	}()
}

// subscribed takes over what a round has brought, and goes on if something else is wanted by now.
func (c *connection) subscribed(m subscribed) {
	if m.epoch != c.state.Epoch || !c.up() {
		return
	}
	c.changing = false
	if m.err != nil { // a broker that does not answer is as good as none
		c.because(m.epoch, m.err)
		c.step(link.Dropped{Epoch: m.epoch, At: c.now(), Fault: fault(m.err)})
		return
	}
	if c.subscriptions.Take(m.round) {
		c.supervisor.send(messages.Regranted{Granted: grantsOf(c.subscriptions.Granted())})
	}
	c.resubscribe()
}

// grantsOf puts the broker's answers into our words.
func grantsOf(answers []mqtt.Grant) (grants []messages.Grant) {
	for _, a := range answers {
		g := messages.Grant{Filter: a.Filter, QoS: a.QoS}
		if a.QoS == mqtt.Refused {
			g.QoS, g.Err = 0, subscription.ErrRefused
		}
		grants = append(grants, g)
	}
	return grants
}
