package actors

import (
	"io"
	"log/slog"
	"sync/atomic"
	"testing"

	"github.com/mqttgateway/mqttgateway/actors/link"
	"github.com/mqttgateway/mqttgateway/actors/outbox"
	"github.com/mqttgateway/mqttgateway/actors/retained"
)

// A disk that hangs holds up what is retained for a while, and not for ever.
func TestLedgerIsSlow(t *testing.T) {
	l := &ledger{log: slog.New(slog.NewTextHandler(io.Discard, nil)), up: new(atomic.Bool)}
	c := &connection{
		connectionOptions: connectionOptions{ledger: l},
		connectionMemory:  &connectionMemory{outbox: outbox.New(1, 1000), retained: retained.New(1, 1000, retained.NoLedger{})},
		state:             link.State{},
	}
	l.written.Store(3)
	for _, step := range []struct {
		record  uint64
		overdue bool // the record has had its time
		want    bool // it is not waited for any longer
	}{{0, false, true}, {3, false, true}, {5, false, false}, {5, true, true}, {4, false, true}, {6, false, false}} {
		if step.overdue {
			c.awaited.Stop()
			c.ledgerOverdue(ledgerOverdue{step.record})
		}
		if got := c.inLedger(step.record); got != step.want {
			t.Errorf("record %d, overdue %t: goes on %t, want %t", step.record, step.overdue, got, step.want)
		}
	}
	l.written.Store(6)
	c.ledgerWritten()
	if !c.inLedger(6) || c.awaited != nil {
		t.Error("it still waits when the record has been written")
	}
}
