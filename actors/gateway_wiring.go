package actors

import (
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/mqttgateway/mqttgateway/actors/mailbox"
	"github.com/mqttgateway/mqttgateway/internal/spool"
	"github.com/mqttgateway/mqttgateway/internal/subscription"
)

// supervise makes the actors below the supervisor, and returns what the supervisor is made of.
func (g *Gateway) supervise(stopped func()) supervisorOptions {
	g.unkept = g.newUnkept()
	g.share()
	config, memory := g.connectionOptions(), g.connectionMemory()
	var restored []any // ahead of what the broker sends
	for _, r := range memory.restore(g.spool, g.recovered, g.logOf(connectionName)) {
		restored = append(restored, r)
	}
	g.recovered = spool.Recovered{}
	memory.settle(&g.options, g.spool, g.logOf(connectionName))
	devices := make([]route, len(g.first))
	for i, d := range g.first {
		devices[i] = d.route()
	}
	mapper := newMapper(g.mapperOptions(), g.options.Codec, devices)
	of := func(box *mailbox.Mailbox, producer actor.Producer) *actor.Props {
		return actor.PropsFromProducer(producer, actor.WithMailbox(box.Produce))
	}
	mapperBox := newMapperMailbox(mapper).Lend()
	connectionBox := newConnectionMailbox(config, memory).Lend().Follow(mapperBox)
	parentBox := mailbox.New(nil, nil)
	g.boxes = map[string]*mailbox.Mailbox{connectionName: connectionBox, mapperName: mapperBox, devicesName: parentBox}
	return supervisorOptions{
		self: g.supervisor, connection: g.connection, mapper: g.mapper, devices: g.devices,
		children: []child{
			{connectionName, of(connectionBox, func() actor.Actor { return newConnection(config, memory) }), nil},
			{mapperName, of(mapperBox, func() actor.Actor { return mapper }), restored},
			{devicesName, of(parentBox, func() actor.Actor { return newParent(g.parentOptions()) }), nil},
		},
		board:     g.board,
		log:       newSupervisorLog(&g.options, g.logOf(supervisorName), g.supervisor),
		counters:  &g.counters,
		startWait: g.options.StartWait,
		grace:     g.options.Grace,
		pulse:     &g.pulses.supervisor,
		spawned:   func() { g.up.Store(true) },
		begun:     g.options.Started,
		stopped:   stopped,
	}
}

func (g *Gateway) connectionOptions() connectionOptions {
	o := &g.options
	return connectionOptions{
		self: g.connection, supervisor: g.supervisor, mapper: g.mapper,
		link: o.Link, options: o.Session, dialer: o.Dial, qos: o.QoS, grace: o.Grace, told: o.Told,
		spool: g.spool, ledger: g.ledger, receipts: &g.receipts, counters: &g.counters, traffic: &g.traffic, pulse: &g.pulses.connection,
		dropped: g.newTally("outbox", "publications"), tooLarge: g.newTally("link", "messages"), unkept: g.unkept,
		log: g.logOf(connectionName), now: g.now,
	}
}

// recallWait is how long the broker may take at most to send the list of filters that it should have kept.
const recallWait = time.Second

// connectionMemory returns that of a connection that has never begun.
func (g *Gateway) connectionMemory() *connectionMemory {
	o := &g.options
	m := &connectionMemory{
		codec: o.Codec,
		subscriptions: subscription.New(subscription.Options{
			Root: o.Codec.Root(), Name: o.Codec.Name(), ClientID: o.Session.ClientID, Keeps: !o.Session.CleanSession, QoS: o.QoS,
			Patience: min(recallWait, o.Link.Timeout/4), NoOwn: o.NoAvailability, Admin: o.Asked != nil, Log: g.logOf(connectionName),
		}),
		outbox:       g.outbox,
		retained:     g.remember(),
		availability: newAvailabilityTopics(subscription.Below(o.Codec.Root(), o.Codec.Name()), o.NoAvailability),
	}
	for i := range o.Devices {
		m.availability.add(o.Devices[i].Name, connectingWord)
	}
	return m
}

// share gives the devices what they use.
func (g *Gateway) share() {
	g.shared = shared{
		supervisor: g.supervisor, mapper: g.mapper, connection: g.connection, parent: g.devices, table: g.table,
		root: g.root, life: g.life, counters: &g.counters, receipts: &g.receipts, answers: &g.answers, spool: g.spool, unkept: g.unkept,
		workers: &g.workers, log: g.options.Log, gateway: g.options.Codec.Name(),
	}
}

func (g *Gateway) mapperOptions() mapperOptions {
	return mapperOptions{
		supervisor: g.supervisor, connection: g.connection, devices: g.devices,
		counters: &g.counters, receipts: &g.receipts, answers: &g.answers, traffic: &g.traffic, pulse: &g.pulses.mapper, log: g.logOf(mapperName),
		retainedCommands: g.options.RetainedCommands, untold: g.options.NoAvailability, asked: g.options.Asked,
	}
}

// parentOptions hands over the first devices: the gateway keeps none.
func (g *Gateway) parentOptions() parentOptions {
	first := g.first
	g.first = nil
	return parentOptions{
		self: g.devices, supervisor: g.supervisor, mapper: g.mapper,
		first: first, table: g.table, shared: &g.shared, workers: &g.workers, log: g.logOf(devicesName),
		cancelLife: g.end,
	}
}

// now is the time on the gateway's own clock, which only goes forward.
func (g *Gateway) now() time.Duration { return time.Since(g.born) }

func (g *Gateway) newTally(who, what string) *tally { return newTally(g.supervisor, who, what) }
