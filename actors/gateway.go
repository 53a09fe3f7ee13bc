package actors

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/mqttgateway/mqttgateway/actors/link"
	"github.com/mqttgateway/mqttgateway/actors/mailbox"
	"github.com/mqttgateway/mqttgateway/config"
	"github.com/mqttgateway/mqttgateway/internal/librarylog"
	"github.com/mqttgateway/mqttgateway/internal/mqtt"
	"github.com/mqttgateway/mqttgateway/internal/spool"
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
	State   string // folder of what outlives the process beside the spool: the ledger of what is retained at the broker; empty: none

	RetainedCommands bool // are acted on, not ignored
	NoAvailability   bool // the gateway publishes no availability topics, and has no will

	StartWait time.Duration // the link opens when each configured device has opened or failed once, at most so long after the start
	Grace     time.Duration // of an orderly stop
	Throttle  time.Duration // the log tells of errors of one kind once in that time
	Log       *slog.Logger

	// Started is called once, when the link begins: each device has opened or failed, or StartWait is over. Started must not block.
	// It may be nil.
	Started func()

	// Dial makes a session. It must not be nil.
	Dial mqtt.Dial
}

// OutboxSize bounds what is kept for the broker.
type OutboxSize struct{ Messages, Bytes int }

// Gateway is one system of actors. Make it with New; it runs once. The actors share none of its fields but counters, receipts and
// devices' mailboxes; what each is made of stands in gateway_wiring.go.
type Gateway struct {
	options  Options
	counters Counters
	receipts receipts
	board    *board       // the supervisor writes it
	table    *deviceTable // the actor devices writes it
	pulses   pulses
	applying chan struct{} // holds a token while an Apply or a Compare goes on

	spool     *spool.Spool    // nil: there is none
	recovered spool.Recovered // what the spool has kept from before the start; until the connection has it
	unkept    *tally          // records that the spool could not write
	ledger    *ledger         // nil: there is none
	kept      spool.Recovered // what the ledger has kept from before the start; until the connection has it
	first     []*device       // the devices of the start; until their parent has them
	shared    shared          // by the devices
	workers   mailbox.Workers // on whose goroutines devices run

	// Run writes what follows before it spawns an actor.
	addresses
	root *actor.RootContext
	born time.Time
	life context.Context // of what devices do; ends when an orderly stop has no more time for them
	end  context.CancelFunc
	up   atomic.Bool // the actors are there
}

// New checks the names and the types of the devices and returns a gateway that has not started. New doesn't look at the
// parameters of devices, as Apply does: at the start a device with wrong ones stays down, and the others work.
func New(o Options) (*Gateway, error) {
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
	g := &Gateway{options: o, board: newBoard(o.Devices), applying: make(chan struct{}, 1)}
	for i := range o.Devices {
		d := &o.Devices[i]
		g.first = append(g.first, newDevice(&g.shared, d, types[d.Type]))
	}
	g.table = newDeviceTable(g.first)
	if err := g.openSpool(); err != nil {
		return nil, err
	}
	g.openLedger()
	return g, nil
}

// Counters may be read while the gateway runs and after.
func (g *Gateway) Counters() *Counters { return &g.counters }

// Run starts the gateway, serves until ctx is done, and stops in good order within the grace time: devices first, then,
// behind their last words, the link.
func (g *Gateway) Run(ctx context.Context) {
	g.born = time.Now()
	g.life, g.end = context.WithCancel(context.Background())
	defer g.end()
	library := actor.NewActorSystem(actor.WithLoggerFactory(func(*actor.ActorSystem) *slog.Logger {
		return slog.New(librarylog.New(g.options.Log.Handler(), nil)) // single failures and dead letters are told better by the supervisor
	}))
	defer library.Shutdown()
	g.root = library.Root
	g.addresses = newAddresses(library)

	stopped := make(chan struct{})
	options := g.supervise(func() { close(stopped) })
	box := newSupervisorMailbox(g.supervisor)
	root, err := g.root.SpawnNamed(actor.PropsFromProducer(func() actor.Actor {
		return newSupervisor(options)
	}, actor.WithMailbox(box.Produce)), supervisorName)
	if err != nil {
		panic(err) // the system is ours and empty
	}
	<-ctx.Done()
	g.supervisor.send(halt{})
	<-stopped
	g.up.Store(false)
	g.end()
	g.receipts.close()
	g.clear(root)
	g.workers.End()
	g.closeSpool()
	g.closeLedger()
}

// clearWait is how long the actors may take to end after the stop, within what is left of the grace time. An actor that is stuck
// never ends.
const clearWait = time.Second

// clear ends the actors.
func (g *Gateway) clear(root *actor.PID) {
	done := make(chan struct{})
	watcher := g.root.Spawn(actor.PropsFromFunc(func(c actor.Context) {
		switch c.Message().(type) {
		case *actor.Started:
			c.Watch(root)
			c.Stop(root)
		case *actor.Terminated:
			close(done)
			c.Stop(c.Self())
		}
	}))
	timeout := time.NewTimer(min(clearWait, g.options.Grace*(100-haltPart)/100))
	defer timeout.Stop()
	select {
	case <-done:
	case <-timeout.C:
		g.root.Stop(watcher)
	}
}
