package actors

import (
	"context"
	"log/slog"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/mqttgateway/mqttgateway/mapping"
	"github.com/mqttgateway/mqttgateway/messages"
)

// mapper is the actor that translates messages in both directions, and finds the devices for each message that arrives. A message
// that makes the mapper panic is lost alone: after the panic the same mapper goes on, and has lost nothing that it knew.
type mapper struct {
	mapperOptions
	codec    *mapping.Codec // of the map in force
	routes   *routeTable
	pending  pending
	found    []int                          // the devices of the latest message; reused from message to message
	stale    map[string]bool                // topics of retained commands, each of which has had its line in the log
	early    map[string][]messages.Restored // messages for devices that their hubs have not added yet, by the devices' names
	answered ration                         // bounds the answers to a flood of commands
	told     ration                         // bounds the messages of each device that other devices get
	circles  map[string]*tally              // of the devices that exceed told, by their names
	closing  bool                           // no device gets a message any more
	finished bool                           // no message of a device goes to the connection any more

	refused  *tally // messages that arrived and can't be mapped
	unsaid   *tally // messages that a device emitted and that can't be mapped
	nobody   *tally // commands that found no device
	unknown  *tally // messages that the spool holds for devices that are no more
	overflow *tally // messages that the mapper's mailbox refuses
}

// mapperOptions is what the mapper needs of the gateway.
type mapperOptions struct {
	supervisor, connection, devices address

	counters *Counters
	receipts *receipts
	answers  *answers
	traffic  *traffic
	pulse    *pulse
	log      *slog.Logger

	retainedCommands bool // are acted on, not ignored
	untold           bool // nothing below $gateway concerns this gateway

	asked func(what, payload string) // called with what people ask of the gateway; nil: nobody may ask
}

// newMapper returns the mapper. The mapper has the routes of the first devices from the start, so that these devices get what the
// spool has kept for them ahead of all other messages.
func newMapper(o mapperOptions, codec *mapping.Codec, devices []route) *mapper {
	return &mapper{
		mapperOptions: o,
		codec:         codec,
		routes:        newRouteTable(devices),
		pending:       newPending(),
		stale:         make(map[string]bool),
		early:         make(map[string][]messages.Restored),
		answered:      newRation(answersPerSecond),
		told:          newRation(toldPerSecond),
		circles:       make(map[string]*tally),
		refused:       newTally(o.supervisor, mapperName, "messages"),
		unsaid:        newTally(o.supervisor, mapperName, "emissions"),
		nobody: &tally{report: func(r messages.Refusals) {
			o.supervisor.send(messages.Unmatched{Count: r.Count, Err: r.Err})
		}},
		unknown:  newTally(o.supervisor, "spool", "messages"),
		overflow: newTally(o.supervisor, mapperName, "overflow"),
	}
}

// Receive implements actor.Actor.
func (m *mapper) Receive(c actor.Context) {
	defer guard(c, mapperName, m.supervisor)
	switch msg := c.Message().(type) {
	case messages.Arrived:
		m.arrived(msg)
	case messages.SetEntities:
		m.setEntities(msg)
	case messages.EarlyAck:
		m.kept(msg)
	case messages.Done:
		m.done(msg)
	case messages.Undone:
		m.undone(msg)
	case messages.Restored:
		m.restored(msg)
	case messages.Emitted:
		m.emitted(msg)
	case messages.Opened:
		m.routes.opened(msg)
	case messages.Forget:
		m.connection.send(msg)
	case messages.Drained:
		m.connection.send(msg)
		m.devices.send(msg)
	case routes:
		m.reroute(msg)
	case described:
		m.routes.described(msg)
	case remap:
		m.codec = msg.codec
		m.connection.send(msg) // behind all publications in the words of the former map
	case question:
		m.pulse.answer()
	case messages.CloseDevices:
		m.closing = true
		m.devices.send(msg) // behind all messages that the devices are still to handle
	case messages.Finish:
		m.finished = true
		m.stopTallies()
		m.connection.send(msg)
	case *actor.Stopping:
		m.stopTallies()
	case *actor.Restarting:
		m.stopTallies()
		m.routes.reindex()
	}
}

func (m *mapper) stopTallies() {
	m.refused.stop()
	m.unsaid.stop()
	m.nobody.stop()
	m.unknown.stop()
	m.overflow.stop()
	for _, t := range m.circles {
		t.stop()
	}
}

// reroute removes devices from the routes, and adds others. The mapper tells the parent which ones it has removed, behind all messages
// that these devices are still to handle.
func (m *mapper) reroute(r routes) {
	for _, name := range r.remove {
		m.routes.remove(name)
		if t := m.circles[name]; t != nil {
			t.stop()
			delete(m.circles, name)
		}
	}
	for _, device := range r.add {
		m.routes.add(device)
	}
	m.restoreEarly(r)
	if len(r.remove) > 0 {
		m.devices.send(messages.Unrouted{Devices: r.remove})
	}
}

// notRouted shows a message that arrived and goes to no device, and why, to those who watch the traffic, and logs it at level debug.
func (m *mapper) notRouted(what string, a messages.Arrived, more ...slog.Attr) {
	if m.traffic.watched.Load() {
		note := what
		for _, attr := range more {
			note += ": " + attr.Value.String()
		}
		m.traffic.arrived(a, 0, note)
	}
	if m.log.Enabled(context.Background(), slog.LevelDebug) {
		m.log.LogAttrs(context.Background(), slog.LevelDebug, what,
			append(more, slog.String("topic", a.Topic), slog.String("payload", a.Payload))...)
	}
}
