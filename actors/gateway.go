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
	"github.com/mqttgateway/mqttgateway/actors/outbox"
	"github.com/mqttgateway/mqttgateway/config"
	"github.com/mqttgateway/mqttgateway/internal/mqtt"
	"github.com/mqttgateway/mqttgateway/internal/spool"
	"github.com/mqttgateway/mqttgateway/mapping"
)

// Options are what New needs. A field that may be left out says so.
type Options struct {
	Codec   *mapping.Codec // the map: translations, and the filters to subscribe to
	Devices []config.Device
	Broker  string       // address of the broker as the log shows it
	Session mqtt.Options // which broker, and as which client; the gateway itself sets the callbacks and the will
	QoS     byte         // of subscriptions and publications
	Link    link.Policy
	Outbox  OutboxSize
	Spool   Spool
	State   string // folder of what outlives the process beside the spool: the ledger of what is retained at the broker; empty: none

	RetainedCommands bool // retained commands are handled, and not ignored
	NoAvailability   bool // the gateway publishes no availability topics, and has no will

	StartWait time.Duration // the link opens when each configured device has opened or failed once, at most so long after the start
	Grace     time.Duration // of an orderly stop
	Throttle  time.Duration // shortest time between two lines of the log about errors of one kind
	Log       *slog.Logger

	// Started is called once, when the link begins: when each device has opened or failed, or StartWait is over.
	// Started must not block. It may be nil.
	Started func()

	// Told is called once, when the broker has been told for the first time how each device is. Told must not block. It may be nil.
	Told func()

	// Asked is called with what arrives at root/$gateway/NAME/request/WHAT, not retained, on a goroutine that must not be held up; Answer
	// answers it. Nil: nothing is subscribed to there.
	Asked func(what, payload string)

	// Dial makes a session. It must not be nil.
	Dial mqtt.Dial
}

// OutboxSize bounds the publications that wait for the broker.
type OutboxSize struct{ Messages, Bytes int }

// Gateway is one system of actors. New makes a Gateway, which runs once. Of its fields, actors share only the counters,
// the receipts, the answers, the traffic and the mailboxes of devices; gateway_wiring.go gives each actor what it needs.
type Gateway struct {
	options  Options
	counters Counters
	receipts receipts
	answers  answers
	traffic  traffic
	board    *board       // written by the supervisor
	table    *deviceTable // written by the actor devices
	pulses   pulses
	applying chan struct{} // has a token while an Apply or a Compare is under way

	outbox    *outbox.Outbox
	boxes     map[string]*mailbox.Mailbox // of the gateway's own actors, by their names; never written once up is true
	spool     *spool.Spool                // nil: no spool
	recovered spool.Recovered             // records from before the start; until the connection has them
	unkept    *tally                      // records that the spool could not write
	ledger    *ledger                     // nil: no ledger
	kept      spool.Recovered             // records from before the start; until the connection has them
	first     []*device                   // the devices at the start; until their parent has them
	shared    shared                      // what all devices share
	workers   mailbox.Workers             // run the devices

	// Run sets the fields below before it spawns an actor.
	addresses
	root *actor.RootContext
	born time.Time
	life context.Context // of the devices' calls; ends when an orderly stop has no time left for them
	end  context.CancelFunc
	up   atomic.Bool // the actors exist
}

// New checks the names and types of the devices, and returns a gateway that has not started. Unlike Apply, New does not
// check the parameters of devices: a device with wrong parameters stays down at the start, and the others work.
func New(o Options) (*Gateway, error) {
	if o.Started == nil {
		o.Started = func() {}
	}
	if o.Told == nil {
		o.Told = func() {}
	}
	if o.QoS > 1 { // QoS 2 is used as 1
		o.QoS = 1
	}
	types, faults := checkDevices(o.Devices)
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}
	g := &Gateway{options: o, board: newBoard(o.Devices), applying: make(chan struct{}, 1)}
	g.outbox = outbox.New(o.Outbox.Messages, o.Outbox.Bytes)
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

// Counters returns the counters, which may be read while the gateway runs and afterwards.
func (g *Gateway) Counters() *Counters { return &g.counters }

// Run starts the gateway, works until ctx is done, and stops in good order within the grace time: first the devices,
// then, after their last words, the link.
func (g *Gateway) Run(ctx context.Context) {
	g.born = time.Now()
	g.life, g.end = context.WithCancel(context.Background())
	defer g.end()
	library := newLibrary(g.options.Log)
	defer library.Shutdown()
	g.root = library.Root
	g.addresses = newAddresses(library)

	stopped := make(chan struct{})
	options := g.supervise(func() { close(stopped) })
	box := newSupervisorMailbox(g.supervisor)
	g.boxes[supervisorName] = box
	root, err := g.root.SpawnNamed(actor.PropsFromProducer(func() actor.Actor {
		return newSupervisor(options)
	}, actor.WithMailbox(box.Produce)), supervisorName)
	if err != nil {
		panic(err) // impossible: the system is new and empty
	}
	<-ctx.Done()
	g.supervisor.send(halt{})
	<-stopped
	g.up.Store(false)
	g.end()
	g.receipts.close()
	g.clear(root)
	g.traffic.end()
	for _, d := range g.table.all() { // those that have no host, too
		if t := d.entities.Load(); t != nil {
			t.End()
		}
	}
	g.workers.End()
	g.closeSpool()
	g.closeLedger()
}

// clearWait is how long the actors may take to end after the stop, within the grace time. A stuck actor never ends.
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
