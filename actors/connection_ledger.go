package actors

import (
	"errors"
	"log/slog"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/mqttgateway/mqttgateway/actors/retained"
	"github.com/mqttgateway/mqttgateway/internal/spool"
	"github.com/mqttgateway/mqttgateway/messages"
)

// ledger is a retained.Ledger in a folder of its own: which retained topics this gateway has at the broker. A spool does all that it
// takes: batches, syncs, torn ends, compaction.
type ledger struct {
	spool   *spool.Spool
	written atomic.Uint64 // records up to this one are on disk, or could not be written
	unkept  *tally        // records that could not be written
	log     *slog.Logger
	up      *atomic.Bool // there is a supervisor
}

// ledgerFolder is the ledger's, in the folder of what outlives the process.
const ledgerFolder = "ledger"

// openLedger opens the ledger, if there is to be one. A folder that is of no use costs a warning.
func (g *Gateway) openLedger() {
	if g.options.State == "" {
		return
	}
	l := &ledger{log: g.options.Log, up: &g.up}
	l.unkept = &tally{who: ledgerFolder, what: "records", report: func(r messages.Refusals) { g.supervisor.send(r) }}
	opened, kept, err := spool.Open(spool.Options{
		Dir:         filepath.Join(g.options.State, ledgerFolder),
		SegmentSize: 1 << 20,
		Durable: func(upTo uint64, err error) {
			if err != nil {
				l.trouble(err)
			}
			l.written.Store(upTo)
			if g.up.Load() { // else nobody waits
				g.connection.send(ledgerWritten{})
			}
		},
		Trouble: l.trouble,
	})
	if err != nil {
		g.options.Log.Warn("no ledger of what is retained at the broker: what devices leave there is not cleared after a crash",
			"option", "gateway.state", "err", err)
		return
	}
	l.spool, g.ledger, g.kept = opened, l, kept
}

// closeLedger gives the folder back.
func (g *Gateway) closeLedger() {
	if g.ledger == nil {
		return
	}
	g.ledger.unkept.stop()
	if err := g.ledger.spool.Close(); err != nil {
		g.options.Log.Warn("ledger not closed in good order", "err", err)
	}
}

// remember returns the memory of what is retained, with what the ledger has kept.
func (g *Gateway) remember() *retained.Memory {
	if g.ledger == nil {
		return retained.New(retained.MostTopics, retained.MostBytes, retained.NoLedger{})
	}
	m := retained.New(retained.MostTopics, retained.MostBytes, g.ledger)
	for _, damage := range g.kept.Damage {
		g.options.Log.Warn("ledger damaged", "damage", damage)
	}
	var kept []retained.Kept
	for _, r := range g.kept.Records {
		record, err := retained.ParseRecord(r.Payload)
		if err != nil {
			g.options.Log.Warn("ledger damaged", "record", r.Number, "err", err)
			g.ledger.Release(r.Number)
			continue
		}
		kept = append(kept, retained.Kept{Record: record, Number: r.Number})
		g.ledger.written.Store(r.Number)
	}
	g.kept = spool.Recovered{}
	m.Restore(kept)
	return m
}

// trouble tells of records that can't be written.
func (l *ledger) trouble(err error) {
	if l.up.Load() {
		l.unkept.note(err)
		return
	}
	l.log.Warn("records refused", "who", ledgerFolder, "err", err)
}

// Keep implements retained.Ledger.
func (l *ledger) Keep(record []byte) (number uint64) {
	number, err := l.spool.Append(record)
	if err != nil {
		l.trouble(err)
		return 0
	}
	return number
}

// Release implements retained.Ledger.
func (l *ledger) Release(number uint64) { l.spool.Release(number) }

type (
	// ledgerWritten tells that more records are on disk, or can't be written. Ledger → connection.
	ledgerWritten struct{}
	// ledgerOverdue tells that a record has had time to be written. A timer → connection.
	ledgerOverdue struct{ record uint64 }
)

// ledgerPatience is how long a publication waits for its record at most: a disk that hangs holds up nothing for longer.
const ledgerPatience = 2 * time.Second

var errLedgerSlow = errors.New("the disk takes long, and what is retained is published without")

// inLedger tells whether a record is on disk, or need not be waited for; if not, the connection hears of it later.
func (c *connection) inLedger(record uint64) bool {
	if c.ledger == nil || record <= max(c.ledger.written.Load(), c.unledgered) {
		return true
	}
	if c.awaited == nil {
		c.awaited = c.self.later(ledgerPatience, ledgerOverdue{record})
	}
	return false
}

// ledgerWritten goes on with what has waited for the ledger.
func (c *connection) ledgerWritten() {
	if c.awaited != nil {
		c.awaited.Stop()
		c.awaited = nil
	}
	c.pump()
	c.finishIfDone()
}

// ledgerOverdue goes on without a record.
func (c *connection) ledgerOverdue(m ledgerOverdue) {
	c.awaited = nil
	if m.record > c.ledger.written.Load() {
		c.unledgered = m.record
		c.ledger.trouble(errLedgerSlow)
	}
	c.pump()
	c.finishIfDone()
}
