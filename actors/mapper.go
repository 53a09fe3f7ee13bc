package actors

import (
	"context"
	"log/slog"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/mqttgateway/mqttgateway/mapping"
	"github.com/mqttgateway/mqttgateway/messages"
)

// mapper is the actor that translates in both directions and finds the devices of what arrives. Whatever is wrong with
// a message concerns that message only: after a panic the same mapper goes on, with all that it knew.
type mapper struct {
	mapperOptions
	codec    *mapping.Codec // of the map in force
	routes   *routeTable
	pending  pending
	found    []int                          // the devices of the latest message; reused from message to message
	stale    map[string]bool                // topics of retained commands that have been told of
	early    map[string][]messages.Restored // for devices that another device has still to add, by their names
	answered ration                         // answers that a flood can cause
	told     ration                         // messages of each device that its neighbours are told
	circles  map[string]*tally              // of those that exceed it, by their names
	closing  bool                           // devices take nothing any more
	finished bool                           // nothing goes out any more

	refused  *tally // what arrived and can't be mapped
	unsaid   *tally // what was emitted and can't be mapped
	nobody   *tally // commands that found no device
	unknown  *tally // what the spool holds for devices that are no more
	overflow *tally // what the mailbox refuses
}

// mapperOptions is what the mapper needs of the gateway.
type mapperOptions struct {
	supervisor, connection, devices address

	counters *Counters
	receipts *receipts
	pulse    *pulse
	log      *slog.Logger

	retainedCommands bool // are acted on, not ignored
	untold           bool // nothing below $gateway concerns this gateway
}

// newMapper returns the mapper. It knows the devices from the start, so that those for which the spool has kept
// something get it ahead of all else.
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
		m.connection.send(msg) // behind what is in the words of before
	case question:
		m.pulse.answer()
	case messages.CloseDevices:
		m.closing = true
		m.devices.send(msg) // behind all that they are to handle yet
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

// reroute takes devices out and others in. Of those that go the parent of the devices hears behind all that they are to
// handle yet.
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

// debug logs a message that arrived, if anybody wants to read that.
func (m *mapper) debug(what string, a messages.Arrived, more ...slog.Attr) {
	if m.log.Enabled(context.Background(), slog.LevelDebug) {
		m.log.LogAttrs(context.Background(), slog.LevelDebug, what,
			append(more, slog.String("topic", a.Topic), slog.String("payload", a.Payload))...)
	}
}
