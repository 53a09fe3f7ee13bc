package actors

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/mqttgateway/mqttgateway/actors/mailbox"
	"github.com/mqttgateway/mqttgateway/internal/spool"
)

// system is what the actors of one gateway share: where the others are, and what isn't any one's own. The PIDs are
// written by the supervisor before it spawns whoever reads them; all else is safe for concurrent use or never written.
type system struct {
	Options
	counters Counters
	receipts receipts
	first    []*device // that there are at the start; nil from then on
	table    *deviceTable
	spool    *spool.Spool // nil if there is none
	unkept   *tally       // records, by the spool

	recovered spool.Recovered // what it owes of before; until the connection has it
	root      *actor.RootContext
	born      time.Time
	board     *board
	pulses    pulses
	workers   mailbox.Workers
	shared    shared      // by the devices
	up        atomic.Bool // root, born and the PIDs below are written, and the actors not cleared away yet

	life context.Context // of what devices do; ends when an orderly stop has no more time for them
	end  context.CancelFunc

	applying chan struct{} // holds a token while an Apply or a Compare goes on

	addresses
}

// share gives the devices what they use.
func (s *system) share() {
	s.shared = shared{
		supervisor: s.supervisor, mapper: s.mapper,
		root: s.root, life: s.life, counters: &s.counters, receipts: &s.receipts, spool: s.spool, unkept: s.unkept,
		workers: &s.workers, log: s.Log,
	}
}

// now is the time on the gateway's own clock, which only goes forward.
func (s *system) now() time.Duration { return time.Since(s.born) }

func (s *system) newTally(who, what string) *tally { return newTally(s.supervisor, who, what) }

func (s *system) mapperOptions() mapperOptions {
	return mapperOptions{
		supervisor: s.supervisor, connection: s.connection, devices: s.devices,
		counters: &s.counters, receipts: &s.receipts, log: s.Log,
		retainedCommands: s.RetainedCommands,
	}
}

func (s *system) parentNeeds() parentNeeds {
	first := s.first
	s.first = nil
	return parentNeeds{
		self: s.devices, supervisor: s.supervisor, mapper: s.mapper,
		first: first, table: s.table, shared: &s.shared, workers: &s.workers, log: s.Log,
	}
}
