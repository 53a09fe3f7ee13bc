package actors

import (
	"errors"
	"testing"
	"testing/synctest"

	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/messages"
)

// What comes from outside finds an end to the room, and whoever sent it an answer; what actors say always gets through.
func TestBounds(t *testing.T) {
	const more = 5
	for _, row := range []struct {
		name    string
		box     func(p *probe, t *tally) *mailbox
		message func(number uint64) any
		most    int
		count   func(c *Counters) int64 // of what was refused
		receipt bool
		settled bool
	}{
		{
			"arrivals", newMapperMailboxOf,
			func(n uint64) any { return messages.Arrived{Delivery: messages.Delivery{Number: n}, QoS: 1} },
			maxArrived, func(c *Counters) int64 { return c.Refused.Load() }, false, true,
		},
		{
			"emissions", newMapperMailboxOf,
			func(n uint64) any { return messages.Emitted{Number: n} },
			maxEmitted, func(c *Counters) int64 { return c.Unsaid.Load() }, true, false,
		},
		{
			"publications", func(p *probe, t *tally) *mailbox { return newConnectionMailbox(p.system, t) },
			func(n uint64) any { return messages.Publication{Number: n} },
			maxPublications, func(c *Counters) int64 { return c.Dropped.Load() }, true, false,
		},
		{
			"reports", func(p *probe, _ *tally) *mailbox { return newSupervisorMailbox(p.system) },
			func(uint64) any { return messages.Report{} },
			maxReports, func(*Counters) int64 { return more }, false, false,
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newProbe(t)
				refused := p.newTally("actor", row.name)
				box := row.box(p, refused)
				var last *receipt
				for range row.most + more {
					number, r := p.receipts.next()
					box.PostUserMessage(row.message(number))
					last = r
				}
				box.PostUserMessage(messages.Done{})
				if n := box.UserMessageCount(); n != row.most+1 {
					t.Errorf("%d wait, want %d and what actors say", n, row.most)
				}
				if n := row.count(&p.counters); n != more {
					t.Errorf("%d were counted as refused, want %d", n, more)
				}
				if isDone(last) != row.receipt || row.receipt && !errors.Is(last.Err(), devices.ErrDropped) {
					t.Errorf("the last receipt is done: %v, %v", isDone(last), last.Err())
				}
				settled, told := 0, 0
				for _, msg := range p.take() {
					switch msg.(type) {
					case messages.Settled:
						settled++
					case messages.Refusals:
						told++
					}
				}
				if (settled == more) != row.settled || told != 1 {
					t.Errorf("%d deliveries settled, refusals told %d times, want once", settled, told)
				}
				refused.stop()
			})
		})
	}
}

func newMapperMailboxOf(p *probe, overflow *tally) *mailbox {
	return newMapperMailbox(p.system, overflow)
}
