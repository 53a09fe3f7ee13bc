package actors

import (
	"errors"
	"iter"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mqttgateway/mqttgateway/actors/link"
	"github.com/mqttgateway/mqttgateway/internal/mqtt"
	"github.com/mqttgateway/mqttgateway/messages"
)

// earlyOf returns the numbers of the deliveries that were acknowledged early, in order.
func earlyOf(got []any) (numbers []uint64) {
	for _, msg := range got {
		if e, ok := msg.(messages.EarlyAck); ok {
			numbers = append(numbers, e.Delivery.Number)
		}
	}
	return numbers
}

// A device that takes long has the broker wait for no more than its share: the oldest of what waits is acknowledged early,
// and stays; what is handled is not.
func TestEarlyOfASlowCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProbe(t)
		d := p.newDevice(10 * time.Second)
		for n := uint64(2); n <= 6; n++ {
			d.post(handleOf(n, 1))
		}
		d.post(handleOf(7, 0))
		d.watch(handleOf(1, 1), nil, func() error {
			time.Sleep(slowAfter - time.Millisecond)
			if got := earlyOf(p.take()); got != nil {
				t.Errorf("%v were acknowledged early by a device that is quick", got)
			}
			time.Sleep(2 * time.Millisecond)
			if got, want := earlyOf(p.take()), []uint64{2, 3}; !slices.Equal(got, want) {
				t.Errorf("%v were acknowledged early, want %v", got, want)
			}
			d.post(handleOf(8, 1))
			d.post(handleOf(9, 0))
			got := p.take()
			if got, want := earlyOf(got), []uint64{4}; !slices.Equal(got, want) {
				t.Errorf("%v were acknowledged early for one more, want %v", got, want)
			}
			if len(outcomesOf(got)) != 0 || d.box.UserMessageCount() != 8 {
				t.Errorf("told %v, and %d wait; want nothing told, and all to wait", got, d.box.UserMessageCount())
			}
			if n := (*deviceGate)(d).holding(); n != heldWhenSlow {
				t.Errorf("the broker waits for %d, want %d", n, heldWhenSlow)
			}
			return nil
		})
		if n := p.counters.Early.Load(); n != 3 {
			t.Errorf("counted %d, want 3", n)
		}
	})
}

// What has been acknowledged early takes places in the mailbox, and only when these are taken is anything refused: what
// came last.
func TestEarlyWithinTheMailbox(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProbe(t)
		d := p.newDevice(10 * time.Second)
		d.config.Mailbox = 10
		for n := uint64(2); n <= 21; n++ { // the broker waits for them, so that they take none
			d.post(handleOf(n, 1))
		}
		d.watch(handleOf(1, 1), nil, func() error {
			time.Sleep(slowAfter + time.Millisecond)
			got := p.take()
			if early := earlyOf(got); !slices.Equal(early, []uint64{2, 3, 4, 5, 6, 7, 8, 9, 10, 11}) {
				t.Errorf("%v were acknowledged early, want 2 to 11", early)
			}
			d.post(handleOf(22, 1))
			d.post(handleOf(23, 0))
			p.wantOutcome(t, p.take(), 22, messages.Busy)
			if n := d.box.UserMessageCount(); n != 20 {
				t.Errorf("%d wait, want 10 in places of theirs, and the other 10 that were let in", n)
			}
			d.post(messages.Handle{QoS: 1, Early: true, Record: 5, Delivery: messages.Delivery{Number: 24}})
			if got := p.take(); len(outcomesOf(got)) != 0 || d.box.UserMessageCount() != 21 {
				t.Errorf("told %v of what the spool gave back, want it to be kept", got)
			}
			return nil
		})
		d.stopTallies()
	})
}

// Whatever comes, is handled and is slow: nothing is refused while there are places, the broker waits for no more than the
// share of a slow device, what it waits for is the latest, and the account of it is right.
func TestEarlyWalk(t *testing.T) {
	const seed = 11
	random := rand.New(rand.NewPCG(seed, seed))
	synctest.Test(t, func(t *testing.T) {
		p := newProbe(t)
		d := p.newDevice(10 * time.Second)
		d.config.Mailbox = 30
		g := (*deviceGate)(d)
		number := uint64(0)
		for range 300 {
			for range random.IntN(20) {
				number++
				d.post(handleOf(number, byte(random.IntN(3))))
			}
			c := d.begin(messages.Handling, handleOf(1_000_000, byte(random.IntN(2))), d.config.Timeout, nil)
			if random.IntN(3) == 0 {
				time.Sleep(slowAfter + time.Millisecond)
			}
			for range random.IntN(12) {
				number++
				d.post(handleOf(number, byte(random.IntN(3))))
			}
			d.box.Locked(func() { checkAccount(t, seed, g) })
			c.end()
			for range random.IntN(30) {
				first := true
				d.box.Locked(func() {
					d.box.Pick(func(any) bool {
						picked := first
						first = false
						return picked
					})
				})
			}
			early := earlyOf(p.take())
			if !slices.IsSorted(early) {
				t.Fatalf("seed %d: acknowledged early in the order %v", seed, early)
			}
		}
		d.vacate()
		if d.waiting != 0 || d.held != 0 || d.bytes != 0 {
			t.Errorf("seed %d: %d waiting, %d held, %d bytes at the end", seed, d.waiting, d.held, d.bytes)
		}
	})
}

// checkAccount compares what the gate has counted with what is in the mailbox.
func checkAccount(t *testing.T, seed int, g *deviceGate) {
	t.Helper()
	if g.slow() && g.holding() > heldWhenSlow && !g.full() {
		t.Errorf("seed %d: the broker waits for %d of a slow device", seed, g.holding())
	}
	waiting, held, late := 0, 0, false
	for _, msg := range g.box.Queued() {
		h := msg.(messages.Handle)
		waiting++
		if awaited(h) {
			held, late = held+1, true
		} else if h.Early && late {
			t.Errorf("seed %d: delivery %d was acknowledged early, one before it was not", seed, h.Delivery.Number)
		}
	}
	if waiting != g.waiting || held != g.held || waiting-held > g.config.Mailbox {
		t.Errorf("seed %d: %d wait, the broker for %d; counted %d and %d", seed, waiting, held, g.waiting, g.held)
	}
}

// A delivery that several devices have found is acknowledged once, when each of them is done with it or keeps it, and
// closed when each is done, in whatever order that is told: what a device says may overtake what its mailbox said.
func TestEarlyAcknowledgementOfSeveral(t *testing.T) {
	d := messages.Delivery{Epoch: 1, Number: 7}
	steps := []struct {
		msg    any
		awaits bool // the acknowledgement has waited for it
	}{
		{messages.EarlyAck{Delivery: d, Record: 3}, true},
		{messages.EarlyAck{Delivery: d, Record: 5}, true},
		{messages.Done{Delivery: d, Device: "a", Early: true, Record: 3}, false},
		{messages.Done{Delivery: d, Device: "b", Early: true, Record: 5}, false},
		{messages.Done{Delivery: d, Device: "c"}, true},
	}
	for order := range permutations(len(steps)) {
		synctest.Test(t, func(t *testing.T) {
			p := newProbe(t)
			m := newMapperOf(t, p)
			m.pending.expect(d, newPendingDelivery(messages.New(messages.Command, messages.Address{}, "ON"), answering{}, 3, 1))
			left := 3
			var records []uint64
			for _, i := range order {
				switch msg := steps[i].msg.(type) {
				case messages.EarlyAck:
					m.kept(msg)
				case messages.Done:
					m.done(msg)
				}
				if steps[i].awaits {
					left--
				}
				settled := 0
				for _, msg := range p.take() {
					switch msg := msg.(type) {
					case messages.Acknowledge:
						settled++
						if left > 0 || msg.Record != 5 {
							t.Errorf("order %v: %+v while the broker waits for %d", order, msg, left)
						}
					case messages.Spent:
						records = append(records, msg.Record)
					}
				}
				if left == 0 && steps[i].awaits && settled != 1 {
					t.Errorf("order %v: settled %d times, want once", order, settled)
				}
			}
			if slices.Sort(records); !slices.Equal(records, []uint64{3, 5}) || len(m.pending.open) != 0 {
				t.Errorf("order %v: records %v are spent and %d deliveries open, want 3 and 5, and none", order, records, len(m.pending.open))
			}
		})
	}
}

// permutations yields all orders of n things.
func permutations(n int) iter.Seq[[]int] {
	return func(yield func([]int) bool) {
		order := make([]int, 0, n)
		var extend func() bool
		extend = func() bool {
			if len(order) == n {
				return yield(order)
			}
			for i := range n {
				if slices.Contains(order, i) {
					continue
				}
				order = append(order, i)
				if !extend() {
					return false
				}
				order = order[:len(order)-1]
			}
			return true
		}
		extend()
	}
}

// An early acknowledgement waits until the spool has the message on disk, or has failed to write it.
func TestEarlyAcknowledgementWaitsForTheDisk(t *testing.T) {
	for name, failure := range map[string]error{"written": nil, "the disk is full": errors.ErrUnsupported} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newProbe(t)
				p.unkept = p.newUnkept()
				defer p.unkept.stop()
				c := newConnection(p.connectionOptions(), &connectionMemory{})
				c.state, c.deliveries = link.State{Epoch: 1}, newDeliveries(1)
				d := c.deliveries.arrived(mqtt.Message{QoS: 1})
				c.acknowledge(messages.Acknowledge{Delivery: d, Record: 4})
				c.written(written{3, nil})
				if len(c.deliveries.open) != 1 {
					t.Error("acknowledged before the record was on disk")
				}
				c.written(written{4, failure})
				if len(c.deliveries.open) != 0 {
					t.Error("not acknowledged when the spool had told of the record")
				}
			})
		})
	}
}
