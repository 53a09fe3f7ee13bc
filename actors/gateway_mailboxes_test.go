package actors

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/mqttgateway/mqttgateway/actors/mailbox"
	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/messages"
)

// What comes from outside finds an end to the room, and whoever sent it an answer; what actors say always gets through.
func TestBounds(t *testing.T) {
	const more = 5
	for _, row := range []struct {
		name    string
		box     func(p *probe, t *tally) *mailbox.Mailbox
		message func(number uint64) any
		most    int
		count   func(c *Counters) int64 // of what was refused
		receipt bool
	}{
		{
			"arrivals", newMapperMailboxOf,
			func(n uint64) any { return messages.Arrived{Delivery: messages.Delivery{Number: n}} },
			maxArrived, func(c *Counters) int64 { return c.Refused.Load() }, false,
		},
		{
			"emissions", newMapperMailboxOf,
			func(n uint64) any { return messages.Emitted{Number: n} },
			maxEmitted, func(c *Counters) int64 { return c.Unsaid.Load() }, true,
		},
		{
			"publications", func(p *probe, t *tally) *mailbox.Mailbox {
				config := p.connectionOptions()
				config.dropped = t
				return newConnectionMailbox(config, &connectionMemory{})
			},
			func(n uint64) any { return messages.Publication{Number: n} },
			maxPublications, func(c *Counters) int64 { return c.Dropped.Load() }, true,
		},
		{
			"reports", func(p *probe, _ *tally) *mailbox.Mailbox { return newSupervisorMailbox(p.supervisor) },
			func(uint64) any { return messages.Report{} },
			maxReports, func(*Counters) int64 { return more }, false,
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
				told := 0
				for _, msg := range p.take() {
					if _, ok := msg.(messages.Refusals); ok {
						told++
					}
				}
				if told != 1 {
					t.Errorf("refusals told %d times, want once", told)
				}
				refused.stop()
			})
		})
	}
}

// What the broker waits for is bounded by the broker, in number; in bytes it finds an end, and is acknowledged.
func TestBoundsOfWhatTheBrokerWaitsFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProbe(t)
		refused := p.newTally("mapper", "overflow")
		defer refused.stop()
		box := newMapperMailboxOf(p, refused)
		for n := range uint64(maxArrived + 5) {
			box.PostUserMessage(messages.Arrived{Delivery: messages.Delivery{Number: n}, QoS: 1, Payload: "x"})
		}
		if n := box.UserMessageCount(); n != maxArrived+5 {
			t.Errorf("%d wait, want all %d", n, maxArrived+5)
		}
		box.PostUserMessage(messages.Arrived{Delivery: messages.Delivery{Number: 1_000_000}, QoS: 1, Payload: strings.Repeat("x", maxWaiting)})
		settled := 0
		for _, msg := range p.take() {
			if m, ok := msg.(messages.Acknowledge); ok && m.Delivery.Number == 1_000_000 {
				settled++
			}
		}
		if settled != 1 {
			t.Errorf("one that is too large was settled %d times, want once", settled)
		}
	})
}

func newMapperMailboxOf(p *probe, overflow *tally) *mailbox.Mailbox {
	m := newMapperOf(p.t, p)
	m.overflow = overflow
	return newMapperMailbox(m)
}

// Large messages fill the room before many do, whatever makes them large.
func TestBoundsInBytes(t *testing.T) {
	text := strings.Repeat("x", maxWaiting/4)
	msg := func(a messages.Address, action string) messages.InternalMsg {
		return messages.New(messages.Status, a, action)
	}
	for _, row := range []struct {
		name    string
		gate    mailbox.Gate
		message any
	}{
		{"arrivals", newMapperGate(), messages.Arrived{Payload: text}},
		{"emissions, by their action", newMapperGate(), messages.Emitted{Msg: msg(messages.Address{}, text)}},
		{"emissions, by their address", newMapperGate(), messages.Emitted{Msg: msg(messages.Address{Location: text}, "")}},
		{"emissions, by their arguments", newMapperGate(), messages.Emitted{
			Msg: msg(messages.Address{}, "").WithArg("", messages.TextValue(text[2:])),
		}},
		{"publications", newConnectionGate(), messages.Publication{Payload: text}},
	} {
		t.Run(row.name, func(t *testing.T) {
			for n := range 4 {
				if err := row.gate.Enter(row.message); err != nil {
					t.Errorf("number %d, each a quarter of the room: %v", n+1, err)
				}
			}
			if row.gate.Enter(row.message) == nil {
				t.Error("a fifth quarter found room")
			}
			row.gate.Leave(row.message)
			if err := row.gate.Enter(row.message); err != nil {
				t.Errorf("when one has left: %v", err)
			}
		})
	}
}
