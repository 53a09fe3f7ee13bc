package actors

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/mqttgateway/mqttgateway/config"
	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/internal/options"
	"github.com/mqttgateway/mqttgateway/messages"
)

// slot is a device's place in the gateway: what stays while devices in it fail and are opened again. Its mailbox is
// where messages are refused, on the mapper's goroutine, so that it costs the mapper nothing whether a device is
// fast, slow, stuck or down.
type slot struct {
	*system
	*config.Device
	typ     *devices.Type
	box     *mailbox
	pid     *actor.PID                   // of devices, which spawns the actor
	last    *env                         // of the latest raw actor
	log     atomic.Pointer[slog.Handler] // of what the device says; see slotLog
	opening uint64                       // counts openings, also through restarts of the actor, which alone uses it
	echoes  atomic.Bool                  // the device answers commands itself

	unready   bool      // it has neither opened nor failed yet; of the supervisor, which alone uses it
	condition condition // guarded by the standing's lock
	presence  presence  // of the connection, which alone uses it

	// What follows is guarded by the mailbox's lock.
	admits  admission
	waiting int    // messages in the mailbox
	bytes   int    // of these
	held    int    // of these, those that the broker waits for
	busy    *call  // what the device is doing at the moment; nil if nothing
	refused *tally // nil until something is
}

// admission is what a device's mailbox does with messages.
type admission uint8

const (
	admit         admission = iota // until the mailbox is full
	refuseOffline                  // the device is down
	refuseStuck                    // it is within a call that has outlived its deadline
	refuseClosing                  // the gateway is stopping
)

// A broker sends only so many messages unacknowledged, 20 with mosquitto, and a device must not hold them all. One that
// makes progress may queue any number, but once a Handle has taken slowAfter, its device may hold only heldWhenSlow.
const (
	slowAfter    = 100 * time.Millisecond
	heldWhenSlow = 4
)

// The reasons for which a mailbox refuses.
var (
	errFull    = errors.New("mailbox full")
	errSlow    = errors.New("device slow, holding enough unacknowledged messages")
	errOffline = errors.New("device offline")
	errStuck   = errors.New("device stuck")
	errClosing = errors.New("gateway stopping")
)

func newSlot(s *system, d *config.Device, typ *devices.Type) *slot {
	p := &slot{system: s, Device: d, typ: typ}
	p.presence = presence{device: d.Name, word: connectingWord}
	p.box = newMailbox((*slotGate)(p), p.refuse)
	return p
}

// slotGate is the slot as its mailbox's gate.
type slotGate slot

func (g *slotGate) enter(msg any) error {
	h, ok := msg.(messages.Handle)
	if !ok {
		return nil
	}
	switch {
	case g.admits == refuseOffline:
		return errOffline
	case g.admits == refuseStuck:
		return errStuck
	case g.admits == refuseClosing:
		return errClosing
	case g.waiting >= g.Mailbox, g.waiting > 0 && g.bytes+sizeOf(h.Msg) > maxWaiting:
		return errFull
	case h.QoS > 0 && g.busy != nil && g.busy.slow && g.holding() >= heldWhenSlow:
		return errSlow
	}
	g.waiting++
	g.bytes += sizeOf(h.Msg)
	if h.QoS > 0 {
		g.held++
	}
	return nil
}

func (g *slotGate) leave(msg any) {
	if h, ok := msg.(messages.Handle); ok {
		g.waiting--
		g.bytes -= sizeOf(h.Msg)
		if h.QoS > 0 {
			g.held--
		}
	}
}

// holding returns how many messages the broker waits for because of this device.
func (g *slotGate) holding() int {
	if g.busy != nil && g.busy.handling.QoS > 0 {
		return g.held + 1
	}
	return g.held
}

// refuse answers for the device.
func (p *slot) refuse(msg any, err error) {
	h, ok := msg.(messages.Handle)
	if !ok {
		return
	}
	outcome := messages.Failed
	if errors.Is(err, errFull) || errors.Is(err, errSlow) {
		outcome = messages.Busy
	}
	p.counters.TurnedAway.Add(1)
	p.tally().note(err)
	if p.Log.Enabled(context.Background(), slog.LevelDebug) {
		p.Log.Debug("message refused", "device", p.Name, "message", h.Msg, "err", err)
	}
	p.done(h, outcome, err.Error())
}

// tally is that of what is refused, which most devices never need.
func (p *slot) tally() (t *tally) {
	p.box.locked(func() {
		if p.refused == nil {
			p.refused = p.newTally(p.Name, "messages")
		}
		t = p.refused
	})
	return t
}

// answer tells of a message that the device's own code has seen.
func (p *slot) answer(h messages.Handle, err error) {
	switch {
	case err == nil:
		p.counters.Handled.Add(1)
		p.done(h, messages.Handled, "")
	case errors.Is(err, devices.ErrAction):
		p.counters.TurnedAway.Add(1)
		p.tally().note(fmt.Errorf("%w (%v)", err, h.Msg))
		p.Log.Debug("message refused", "device", p.Name, "message", h.Msg, "err", err)
		p.done(h, messages.Rejected, options.Redact(err.Error()))
	default:
		p.counters.Failed.Add(1)
		why := &reason{messages.Handling, h.Msg.Action(), err}
		p.done(h, messages.Failed, why.Error())
	}
}

// done tells how the handling of a message ended, if somebody waits for it: of the others any number may be refused at
// once.
func (p *slot) done(h messages.Handle, o messages.Outcome, reason string) {
	if h.QoS == 0 && !h.Answer {
		return
	}
	p.send(p.mapper, messages.Done{Delivery: h.Delivery, Device: p.Name, Outcome: o, Reason: reason})
}

// set changes what the mailbox does with messages, until the gateway is stopping; what waits in that of a device that
// is down is refused too.
func (p *slot) set(a admission) {
	closing := false
	p.box.locked(func() {
		if closing = p.admits == refuseClosing; !closing {
			p.admits = a
		}
	})
	if closing || a != refuseOffline { // what was let in before the stop is still handled
		return
	}
	p.box.shed(isHandle, errOffline)
}

// vacate refuses what waits for an actor that ends and would never come to it.
func (p *slot) vacate() {
	p.set(refuseOffline)
	p.box.shed(isHandle, errClosing) // what is left if the gateway is stopping
	p.stopTally()
}

func (p *slot) stopTally() {
	var t *tally
	p.box.locked(func() { t = p.refused })
	if t != nil {
		t.stop()
	}
}

func isHandle(msg any) bool {
	_, ok := msg.(messages.Handle)
	return ok
}

// shedSlow refuses what a slow device holds beyond its share, the latest first.
func (p *slot) shedSlow() {
	keep := heldWhenSlow - 1 // and the one that it handles
	p.box.shed(func(msg any) bool {
		h, ok := msg.(messages.Handle)
		if !ok || h.QoS == 0 {
			return false
		}
		keep--
		return keep < 0
	}, errSlow)
}
