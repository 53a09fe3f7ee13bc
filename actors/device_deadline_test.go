package actors

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/messages"
)

func TestDeadlineOfAQuickCall(t *testing.T) {
	for name, row := range map[string]struct {
		err  error
		want messages.Outcome
	}{
		"handled": {nil, messages.Handled},
		"refused": {devices.ErrAction, messages.Rejected},
		"failed":  {errors.ErrUnsupported, messages.Failed},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newProbe(t)
				d := p.newDevice(10 * time.Second)
				overdue, _, err := d.watch(handleOf(1, 1), func() { t.Error("cancelled") }, func() error {
					time.Sleep(9 * time.Second)
					return row.err
				})
				if overdue || !errors.Is(err, row.err) {
					t.Errorf("overdue %v, error %v, want its own", overdue, err)
				}
				time.Sleep(time.Minute)
				p.wantOutcome(t, p.take(), 1, row.want)
				d.stopTallies()
			})
		})
	}
}

// A call that panics is answered for; the panic goes on.
func TestDeadlineOfAPanic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProbe(t)
		d := p.newDevice(time.Second)
		func() {
			defer func() {
				if recover() == nil {
					t.Error("the panic was swallowed")
				}
			}()
			d.watch(handleOf(1, 1), nil, func() error { panic("on fire") })
		}()
		p.wantOutcome(t, p.take(), 1, messages.Failed)
		if d.busy != nil {
			t.Error("the call is still on")
		}
	})
}

// Once the deadline has passed the message is answered for, everything is refused, and the supervisor hears of it before
// it hears of the failure that follows.
func TestDeadlinePasses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProbe(t)
		d := p.newDevice(10 * time.Second)
		ctx, cancel := context.WithCancel(t.Context())
		d.box.PostUserMessage(handleOf(2, 1))
		d.box.PostUserMessage(handleOf(3, 0))
		overdue, _, err := d.watch(handleOf(1, 1), cancel, func() error {
			<-ctx.Done()
			got := p.take()
			p.wantOutcome(t, got, 1, messages.TimedOut)
			p.wantOutcome(t, got, 2, messages.Failed)
			p.wantOutcome(t, got, 3) // nobody waits for it
			d.box.PostUserMessage(handleOf(4, 1))
			got = append(got, p.take()...)
			p.wantOutcome(t, got, 4, messages.Failed)
			stuck := 0
			for _, msg := range got {
				if m, ok := msg.(messages.DeviceChanged); ok && m.State == messages.Stuck && m.Err.Error() == "handling ON: not done after 10s" {
					stuck++
				}
			}
			if stuck != 1 {
				t.Errorf("told %d times that the device is stuck, want once", stuck)
			}
			return ctx.Err()
		})
		if !overdue || !errors.Is(err, context.Canceled) {
			t.Errorf("overdue %v, error %v", overdue, err)
		}
		d.set(admit)
		d.box.PostUserMessage(handleOf(5, 1))
		p.wantOutcome(t, p.take(), 1) // once is enough
		if n := d.box.UserMessageCount(); n != 1 {
			t.Errorf("%d messages wait, want the one after the device was admitted again", n)
		}
		if failed, away := p.counters.Failed.Load(), p.counters.TurnedAway.Load(); failed != 1 || away != 3 {
			t.Errorf("counted %d failed, %d turned away, want 1 and 3", failed, away)
		}
		d.stopTallies()
	})
}

// Each call has its own time, though one timer serves them all.
func TestDeadlineOfOneCallAfterAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProbe(t)
		d := p.newDevice(time.Second)
		for n := range uint64(20) {
			overdue, _, _ := d.watch(handleOf(n, 1), nil, func() error {
				time.Sleep(90 * time.Millisecond * time.Duration(n%12))
				return nil
			})
			if overdue {
				t.Errorf("call %d: overdue after %v of %v", n, 90*time.Millisecond*time.Duration(n%12), d.config.Timeout)
			}
		}
		overdue, _ := d.during(messages.Opening, 50*time.Millisecond, nil, func() error {
			time.Sleep(51 * time.Millisecond) // a time shorter than that after which a call is slow
			return nil
		})
		if !overdue {
			t.Error("51 ms of 50 were not overdue")
		}
	})
}

// While the gateway stops, what was let in is still handled, however long the device takes.
func TestDeadlineWhileClosing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProbe(t)
		d := p.newDevice(time.Second)
		d.box.PostUserMessage(handleOf(2, 1))
		d.set(refuseClosing)
		d.watch(handleOf(1, 1), nil, func() error {
			time.Sleep(2 * time.Second)
			return nil
		})
		if d.admits != refuseClosing || d.box.UserMessageCount() != 1 {
			t.Errorf("admits %d, %d waiting; want the state of the stop, and the message", d.admits, d.box.UserMessageCount())
		}
		d.vacate()
		got := p.take()
		p.wantOutcome(t, got, 1, messages.TimedOut)
		p.wantOutcome(t, got, 2, messages.Failed)
		if d.waiting != 0 || d.held != 0 {
			t.Errorf("%d waiting, %d held at the end", d.waiting, d.held)
		}
	})
}
