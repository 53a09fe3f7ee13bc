package actors

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/mqttgateway/mqttgateway/actors/link"
	"github.com/mqttgateway/mqttgateway/actors/mailbox"
	"github.com/mqttgateway/mqttgateway/config"
	"github.com/mqttgateway/mqttgateway/internal/librarylog"
	"github.com/mqttgateway/mqttgateway/internal/mqtt"
	"github.com/mqttgateway/mqttgateway/mapping"
)

// Options are what a gateway is made of. All are wanted but those that say so.
type Options struct {
	Codec   *mapping.Codec // the words, and the filters to subscribe to
	Devices []config.Device
	Broker  string       // as the log shows it
	Session mqtt.Options // which broker, and as which client; the gateway sets callbacks and will itself
	QoS     byte         // of subscriptions and publications
	Link    link.Policy
	Outbox  OutboxSize
	Spool   Spool

	RetainedCommands bool // are acted on, not ignored
	NoAvailability   bool // the gateway publishes no availability topics, and has no will

	StartWait time.Duration // the link opens when each configured device has opened or failed once, at most so long after the start
	Grace     time.Duration // of an orderly stop
	Throttle  time.Duration // the log tells of errors of one kind once in that time
	Log       *slog.Logger

	// Started is called once, when the link begins: each device has opened or failed, or StartWait is over. Started must not block.
	// It may be nil.
	Started func()

	// Dial makes a session; nil is mqtt.Dial.
	Dial func(context.Context, mqtt.Options) (mqtt.Session, error)
}

// OutboxSize bounds what is kept for the broker.
type OutboxSize struct{ Messages, Bytes int }

// Gateway is one system of actors. Make it with New; it runs once.
type Gateway struct{ system *system }

// New checks the names and the types of the devices and returns a gateway that has not started. New doesn't look at the
// parameters of devices, as Apply does: at the start a device with wrong ones stays down, and the others work.
func New(o Options) (*Gateway, error) {
	if o.Dial == nil {
		o.Dial = mqtt.Dial
	}
	if o.Started == nil {
		o.Started = func() {}
	}
	if o.QoS > 1 { // 2 is promised as 1
		o.QoS = 1
	}
	types, faults := checkDevices(o.Devices)
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}
	s := &system{Options: o, applying: make(chan struct{}, 1)}
	for _, d := range o.Devices {
		s.first = append(s.first, newDevice(&s.shared, d, types[d.Type]))
	}
	s.table = newDeviceTable(s.first)
	if err := s.openSpool(); err != nil {
		return nil, err
	}
	s.board = newBoard(o.Devices)
	return &Gateway{s}, nil
}

// Counters may be read while the gateway runs and after.
func (g *Gateway) Counters() *Counters { return &g.system.counters }

// Run starts the gateway, serves until ctx is done, and stops in good order within the grace time: devices first, then,
// behind their last words, the link.
func (g *Gateway) Run(ctx context.Context) {
	s := g.system
	s.born = time.Now()
	s.life, s.end = context.WithCancel(context.Background())
	defer s.end()
	library := actor.NewActorSystem(actor.WithLoggerFactory(func(*actor.ActorSystem) *slog.Logger {
		return slog.New(librarylog.New(s.Log.Handler(), nil)) // single failures and dead letters are told better by the supervisor
	}))
	defer library.Shutdown()
	s.root = library.Root
	s.addresses = newAddresses(library)

	stopped := make(chan struct{})
	options := s.supervise(func() { close(stopped) })
	box := newSupervisorMailbox(s.supervisor)
	root, err := s.root.SpawnNamed(actor.PropsFromProducer(func() actor.Actor {
		return newSupervisor(options)
	}, actor.WithMailbox(box.Produce)), supervisorName)
	if err != nil {
		panic(err) // the system is ours and empty
	}
	<-ctx.Done()
	s.supervisor.send(halt{})
	<-stopped
	s.up.Store(false)
	s.end()
	s.receipts.close()
	g.clear(root)
	s.workers.End()
	s.closeSpool()
}

// supervise makes the actors below the supervisor, and returns what the supervisor is made of.
func (s *system) supervise(stopped func()) supervisorOptions {
	s.unkept = s.newUnkept()
	s.share()
	config, memory := newConnectionConfig(s), newConnectionMemory(s)
	var restored []any // ahead of what the broker sends
	for _, r := range memory.restore(s) {
		restored = append(restored, r)
	}
	devices := make([]*route, len(s.first))
	for i, d := range s.first {
		devices[i] = d.route()
	}
	mapper := newMapper(s.mapperOptions(), s.Codec, devices)
	of := func(box *mailbox.Mailbox, producer actor.Producer) *actor.Props {
		return actor.PropsFromProducer(producer, actor.WithMailbox(box.Produce))
	}
	mapperBox := newMapperMailbox(mapper).Lend()
	connectionBox := newConnectionMailbox(config, memory).Lend().Follow(mapperBox)
	return supervisorOptions{
		self: s.supervisor, connection: s.connection, mapper: s.mapper, devices: s.devices,
		children: []child{
			{connectionName, of(connectionBox, func() actor.Actor { return newConnection(config, memory) }), nil},
			{mapperName, of(mapperBox, func() actor.Actor { return mapper }), restored},
			{devicesName, of(mailbox.New(nil, nil), func() actor.Actor { return newParent(s.parentNeeds()) }), nil},
		},
		board:     s.board,
		log:       newSupervisorLog(&s.Options, s.supervisor),
		counters:  &s.counters,
		startWait: s.StartWait,
		grace:     s.Grace,
		spawned:   func() { s.up.Store(true) },
		begun:     s.Started,
		lingering: s.table.lingering,
		endLife:   s.end,
		stopped:   stopped,
	}
}

// clearWait is how long the actors may take to end after the stop, within what is left of the grace time. An actor that is stuck
// never ends.
const clearWait = time.Second

// clear ends the actors.
func (g *Gateway) clear(root *actor.PID) {
	done := make(chan struct{})
	watcher := g.system.root.Spawn(actor.PropsFromFunc(func(c actor.Context) {
		switch c.Message().(type) {
		case *actor.Started:
			c.Watch(root)
			c.Stop(root)
		case *actor.Terminated:
			close(done)
			c.Stop(c.Self())
		}
	}))
	timeout := time.NewTimer(min(clearWait, g.system.Grace*(100-haltPart)/100))
	defer timeout.Stop()
	select {
	case <-done:
	case <-timeout.C:
		g.system.root.Stop(watcher)
	}
}
