package actors

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/mqttgateway/mqttgateway/actors/link"
	"github.com/mqttgateway/mqttgateway/internal/mqtt"
	"github.com/mqttgateway/mqttgateway/mapping"
	"github.com/mqttgateway/mqttgateway/messages"
)

// Reload puts another map in force, for the same name, and leaves the link alone: the words count from the next message
// on, and the living session's subscriptions become the new map's, as those of all later sessions. What the broker
// grants is logged when it has answered, after Reload has returned. Another root is refused: what is retained below the
// old one would be there for ever. Any goroutine may call it while the gateway runs.
func (g *Gateway) Reload(codec *mapping.Codec) error {
	s := g.system
	if !s.up.Load() {
		return errNotRunning
	}
	if was, is := s.Codec.Root(), codec.Root(); was != is {
		return fmt.Errorf("root %q instead of %q: another root needs a restart", is, was)
	}
	s.mapper.send(remap{codec}) // first: what a new filter brings is for the new words
	s.connection.send(remap{codec})
	return nil
}

// resubscribed tells what came of changing the subscriptions of a session. The connection's own goroutine → connection.
type resubscribed struct {
	epoch  uint64
	subs   subscriptions
	asked  []string
	grants []mqtt.Grant // of asked
	err    error
}

func (c *connection) remap(m remap) {
	c.codec = m.codec
	c.resubscribe()
}

// resubscribe brings the living session to what is wanted, on a goroutine that ends with it; else the next session
// begins with that. One change goes on at a time.
func (c *connection) resubscribe() {
	var has []string
	for _, g := range c.granted {
		if g.Err == nil {
			has = append(has, g.Filter)
		}
	}
	c.alter(without(c.codec.Topics(), has))
}

// alter asks for filters and gives back what is held and not wanted, as resubscribe does.
func (c *connection) alter(asked []string) {
	if c.state.Phase != link.Connected || c.changing == c.state.Epoch {
		return
	}
	if len(asked) == 0 && len(without(c.subs.held, c.codec.Topics())) == 0 {
		return
	}
	c.changing = c.state.Epoch
	ctx, cancel := context.WithTimeout(context.Background(), c.Link.Timeout)
	c.attempt = cancel
	r, epoch := c.round(c.session, c.notes, asked), c.state.Epoch
	go func() {
		defer cancel()
		var grants []mqtt.Grant
		err := func() (err error) {
			defer recovered(&err)
			grants, err = r.change(ctx)
			return err
		}()
		c.self.send(resubscribed{epoch, r.subscriptions, asked, grants, err})
	}()
}

func (c *connection) resubscribed(m resubscribed) {
	if m.epoch != c.state.Epoch || c.state.Phase != link.Connected {
		return
	}
	c.changing = 0
	if m.err != nil { // a broker that does not answer is as good as none
		c.because(m.epoch, m.err)
		c.step(link.Dropped{Epoch: m.epoch, At: c.now(), Fault: fault(m.err)})
		return
	}
	granted := grantsOf(m.grants)
	stays := setOf(without(m.subs.want, m.asked))
	for _, g := range c.granted {
		if stays[g.Filter] {
			granted = append(granted, g)
		}
	}
	if len(m.asked) > 0 || len(granted) < len(c.granted) { // it was not for the sweep alone
		c.supervisor.send(messages.Regranted{Granted: granted})
	}
	c.granted = granted
	c.settledOn(m.subs)
}

// settledOn takes over what a session has been brought to, and goes on if something else is wanted by now.
func (c *connection) settledOn(s subscriptions) {
	c.subs = s
	if !slices.Equal(c.codec.Topics(), s.want) {
		c.resubscribe()
	}
}

var errFilterRefused = errors.New("refused by the broker")

// grantsOf puts the broker's answers into our words.
func grantsOf(answers []mqtt.Grant) (grants []messages.Grant) {
	for _, a := range answers {
		g := messages.Grant{Filter: a.Filter, QoS: a.QoS}
		if a.QoS == mqtt.Refused {
			g.QoS, g.Err = 0, errFilterRefused
		}
		grants = append(grants, g)
	}
	return grants
}
