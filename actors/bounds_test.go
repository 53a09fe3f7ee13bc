package actors

import (
	"errors"
	"strings"
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
			"publications", func(p *probe, t *tally) *mailbox { return newConnectionMailbox(p.system, &lasting{dropped: t}) },
			func(n uint64) any { return messages.Publication{Number: n} },
			maxPublications, func(c *Counters) int64 { return c.Dropped.Load() }, true,
		},
		{
			"reports", func(p *probe, _ *tally) *mailbox { return newSupervisorMailbox(p.system) },
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
			if m, ok := msg.(messages.Settled); ok && m.Delivery.Number == 1_000_000 {
				settled++
			}
		}
		if settled != 1 {
			t.Errorf("one that is too large was settled %d times, want once", settled)
		}
	})
}

func newMapperMailboxOf(p *probe, overflow *tally) *mailbox {
	return newMapperMailbox(p.system, overflow)
}

// Large messages fill the room before many do; one alone always finds room, and what has left makes some.
func TestBoundsInBytes(t *testing.T) {
	const part = maxWaiting / 4
	text := strings.Repeat("x", part)
	for _, row := range []struct {
		name    string
		box     func(p *probe, t *tally) *mailbox
		message func(text string) any
	}{
		{"arrivals", newMapperMailboxOf, func(text string) any { return messages.Arrived{Payload: text} }},
		{"emissions, by their action", newMapperMailboxOf, func(text string) any {
			return messages.Emitted{Msg: messages.New(messages.Status, messages.Address{}, text)}
		}},
		{"emissions, by their address", newMapperMailboxOf, func(text string) any {
			return messages.Emitted{Msg: messages.New(messages.Status, messages.Address{Location: text}, "")}
		}},
		{"emissions, by their arguments", newMapperMailboxOf, func(text string) any {
			return messages.Emitted{Msg: messages.New(messages.Status, messages.Address{}, "").WithArg("", messages.TextValue(text[2:]))}
		}},
		{
			"publications", func(p *probe, t *tally) *mailbox { return newConnectionMailbox(p.system, &lasting{dropped: t}) },
			func(text string) any { return messages.Publication{Payload: text} },
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newProbe(t)
				refused := p.newTally("actor", row.name)
				defer refused.stop()
				box := row.box(p, refused)
				post := func(what, text string, want int) {
					t.Helper()
					box.PostUserMessage(row.message(text))
					if n := box.UserMessageCount(); n != want {
						t.Errorf("after %s %d wait, want %d", what, n, want)
					}
				}
				take := func() {
					if _, what, _ := box.next(); what == nothing {
						t.Error("nothing to take")
					}
				}
				for n := range 4 {
					post("a quarter", text, n+1)
				}
				post("a quarter too many", text, 4)
				take()
				post("a quarter that has room again", text, 4)
				for range 4 {
					take()
				}
				post("one larger than all the room", strings.Repeat(text, 5), 1)
				post("another beside it", text, 1)
			})
		})
	}
}
