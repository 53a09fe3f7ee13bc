package actors

import (
	"log/slog"
	"slices"
	"strings"

	"github.com/mqttgateway/mqttgateway/actors/outbox"
	"github.com/mqttgateway/mqttgateway/actors/retained"
	"github.com/mqttgateway/mqttgateway/config"
	"github.com/mqttgateway/mqttgateway/internal/spool"
	"github.com/mqttgateway/mqttgateway/messages"
)

// How what is retained gets to the broker:
//
//	status ──▶ outbox ───────────────▶ flight       the memory remembers the latest of each topic
//	view   ──▶ memory ──First, Pop──▶ flight       as do clearings, and what is said again in a session that the broker did not keep
//
// The memory has its own queue: a clearing that waits for the broker can thus not be dropped when the outbox is full. When the
// memory has something newer to tell of a topic, what the outbox still has of it is taken out.

// retainedQoS is that of what the memory sends, whatever the gateway's: what is lost would be wrong for ever.
const retainedQoS = 1

// The most topics of the memory in flight. Beside them there is always room for what the outbox has, and more if it has something.
const (
	mostRemembered       = 15
	mostRememberedBeside = 5
)

// publishRetained takes a retained status on.
func (c *connection) publishRetained(m messages.RetainedPublication) {
	record := c.retained.Status(retained.Status{
		Device: m.Device, Topic: m.Topic, Payload: m.Payload, Msg: m.Msg, Signed: c.signed(m.Topic), Entities: m.Number == 0,
	})
	c.tellGivenUp()
	for _, two := range c.retained.Contests() {
		c.log.Warn("two devices say retained statuses at one topic, where the broker keeps only the latest: give each an address of its own",
			"topic", two.Topic, "device", two.Device, "other", two.Other)
	}
	c.enqueue(outbox.Entry{Publication: m.Publication, QoS: c.qos, Ledger: record})
}

// signed tells whether a status of this topic is signed by this gateway.
func (m *connectionMemory) signed(topic string) bool {
	return strings.HasSuffix(topic, "/"+m.codec.Name()+"/"+messages.Status.String())
}

// show takes a view on. With Options.NoAvailability nothing below $gateway is published.
func (c *connection) show(v messages.View) {
	if c.availability.untold {
		return
	}
	topic := viewTopic(c.availability.below, v.Device, v.Name)
	if !v.Retain {
		c.enqueue(outbox.Entry{Publication: messages.Publication{Device: v.Device, Topic: topic, Payload: v.Payload}, QoS: c.qos})
		return
	}
	c.retained.View(v.Device, v.Name, topic, v.Payload)
	c.tellGivenUp()
	c.pump()
}

func viewTopic(below, device, name string) string { return below + device + "/" + name }

// tellGivenUp tells, once, that the memory has found no room for a topic.
func (c *connection) tellGivenUp() {
	n := c.retained.GivenUp()
	if n > 0 && c.counters.GivenUp.Swap(int64(n)) == 0 {
		c.log.Warn("too many retained topics: those that nobody has said anything about for the longest are neither said again to a broker "+
			"that has lost them, nor cleared when their device goes", "topics", retained.MostTopics, "size", config.Size(retained.MostBytes))
	}
}

// forget has the broker forget what a device has said about an address.
func (c *connection) forget(m messages.Forget) { c.supersede(c.retained.Forget(m.Device, m.About)) }

// leaveNothing has the broker forget all that a device which is no more has left there, but its availability.
func (c *connection) leaveNothing(device string) { c.supersede(c.retained.Gone(device)) }

// deviceAdded notes that a device is there, and where its configuration says that it is.
func (c *connection) deviceAdded(m messages.DeviceAdded) {
	c.supersede(c.retained.There(m.Device, m.Address))
}

// available notes how a device is.
func (c *connection) available(m messages.Availability) {
	c.availability.note(m)
	if m.State == messages.Online {
		c.supersede(c.retained.Opened(m.Device))
		return
	}
	c.pump()
}

// supersede takes out of the outbox what it has of these topics: the memory has something newer to tell.
func (c *connection) supersede(topics []string) {
	for _, topic := range topics {
		if e := c.outbox.Remove(topic); e != nil {
			c.resolve(*e, errReplaced)
		}
	}
	c.pump()
}

// tellRemembered hands to the session what the memory has, while it may have more of that. It is called while a session stands
// that has been told the availability of everything.
func (c *connection) tellRemembered() {
	if c.availability.own.aside() {
		c.retained.SpareViews() // the broker will not have anything below $gateway
	}
	most := mostRemembered
	if c.outbox.Len() > 0 {
		most = mostRememberedBeside
	}
	for c.retained.InFlight() < most {
		due, ok := c.retained.First()
		if !ok || !c.flight.Room(retainedQoS, due.Losses) || !c.inLedger(due.Record) {
			return
		}
		c.retained.Pop()
		c.hand(outbox.Entry{
			Publication: messages.Publication{Device: due.Device, Topic: due.Topic, Payload: due.Payload, Retain: true},
			QoS:         retainedQoS, Losses: due.Losses, Remembered: true,
		})
	}
}

// putBackRemembered puts back into the memory what it had in flight. It returns the other entries, without those of which the
// memory has something newer to tell.
func (c *connection) putBackRemembered(flight []outbox.Entry) (rest []outbox.Entry) {
	for _, e := range flight {
		switch {
		case e.Remembered:
			c.retained.Lost(e.Topic)
		case e.Retain && c.retained.Owes(e.Topic):
			c.resolve(e, errReplaced)
		default:
			rest = append(rest, e)
		}
	}
	return rest
}

// addressOf returns what a device's own messages are about.
func addressOf(c *config.Device) messages.Address { return messages.Address(c.OwnAddress()) }

// settle compares what earlier runs have left at the broker with how this run begins.
func (m *connectionMemory) settle(o *Options, from *spool.Spool, log *slog.Logger) {
	configured := make(map[string]messages.Address, len(o.Devices))
	for i := range o.Devices {
		configured[o.Devices[i].Name] = addressOf(&o.Devices[i])
	}
	if o.NoAvailability {
		m.retained.SpareViews()
	}
	cleared, unknown := m.retained.Settle(configured, o.Codec, m.availability.below)
	for _, device := range unknown {
		m.availability.found(device)
	}
	for _, topic := range cleared {
		if e := m.outbox.Remove(topic); e != nil {
			m.awaiting.order.Done(e.Order)
			from.Release(e.Spooled)
		}
	}
	if o.NoAvailability { // views stay at the broker as they are
		cleared = slices.DeleteFunc(cleared, func(topic string) bool { return strings.HasPrefix(topic, m.availability.below) })
	}
	if len(cleared) > 0 {
		log.Info("the broker is to forget retained topics of an earlier run, which no device says any more", "topics", len(cleared))
	}
}
