package actors

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/mqttgateway/mqttgateway/actors/mailbox"
	"github.com/mqttgateway/mqttgateway/actors/routing"
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
	box     *mailbox.Mailbox
	pid     *actor.PID                   // of devices, which spawns the actor
	log     atomic.Pointer[slog.Handler] // of what the device says; see slotLog
	opening uint64                       // counts openings, also through restarts of the actor, which alone uses it
	itself  bool                         // the device answers commands itself, as the mapper knows; of the actor, which alone uses it

	presence presence // of the connection, which alone uses it

	// What follows is guarded by the mailbox's lock.
	admits     admission
	waiting    int    // messages in the mailbox
	bytes      int    // of these
	held       int    // of these messages, those that the broker waits for
	unanswered int    // messages that the device answers later and the broker waits for
	busy       *call  // what the device is doing at the moment; nil if nothing
	refused    *tally // nil until something is
	early      *tally // of what is acknowledged early; nil until something is
}

// admission is what a device's mailbox does with messages.
type admission uint8

const (
	admit         admission = iota // until the mailbox is full
	refuseOffline                  // the device is down
	refuseStuck                    // it is within a call that has outlived its deadline
	refuseClosing                  // the gateway is stopping
)

// The reasons for which a mailbox refuses.
var (
	errFull    = errors.New("mailbox full")
	errOffline = errors.New("device offline")
	errStuck   = errors.New("device stuck")
	errClosing = errors.New("gateway stopping")
)

func newSlot(s *system, d *config.Device, typ *devices.Type) *slot {
	p := &slot{system: s, Device: d, typ: typ}
	p.presence = presence{device: d.Name, word: connectingWord}
	p.box = mailbox.New((*slotGate)(p), p.refuse)
	return p
}

// route returns what the mapper has to know of the device.
func (p *slot) route() *route {
	return &route{name: p.Name, answers: (*routing.Answers)(&p.AnswersTo), reply: p.Reply, inbox: p}
}

// slotGate is the slot as its mailbox's gate.
type slotGate slot

func (g *slotGate) Enter(msg any) error {
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
	case h.Early: // it has had its place in the process before this one
	case g.waiting > 0 && g.bytes+sizeOf(h.Msg) > maxWaiting:
		return errFull
	case g.full() && (!awaited(h) || g.slow() && g.holding() >= heldWhenSlow):
		return errFull
	}
	g.waiting++
	g.bytes += sizeOf(h.Msg)
	if awaited(h) {
		g.held++
	}
	return nil
}

// full reports whether the mailbox has no more places. What the broker waits for takes none: it is the broker that
// bounds how much it sends before something is acknowledged, and a session has only 65,535 identifiers for that. So a
// device that makes progress need not refuse what a broker sends at once that had retained it for years.
func (g *slotGate) full() bool { return g.waiting-g.held >= g.Mailbox }

func (g *slotGate) Leave(msg any) {
	if h, ok := msg.(messages.Handle); ok {
		g.waiting--
		g.bytes -= sizeOf(h.Msg)
		if awaited(h) {
			g.held--
		}
	}
}

// refuse answers for the device.
func (p *slot) refuse(msg any, err error) {
	h, ok := msg.(messages.Handle)
	if !ok {
		return
	}
	outcome := messages.Failed
	if errors.Is(err, errFull) {
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
	p.box.Locked(func() {
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

// done tells how the handling of a message ended, if somebody waits for it, or is to hear of a fault: of the others any
// number may be refused at once.
func (p *slot) done(h messages.Handle, o messages.Outcome, reason string) {
	switch {
	case h.QoS > 0 || h.Answer:
		p.mapper.send(messages.Done{
			Delivery: h.Delivery, Device: p.Name, Early: h.Early, Record: h.Record, Outcome: o, Reason: reason,
		})
	case h.Faults && o != messages.Handled:
		p.mapper.send(messages.Undone{Device: p.Name, Outcome: o, Reason: reason, Msg: h.Msg})
	}
}

// set changes what the mailbox does with messages, until the gateway is stopping; what waits in that of a device that
// is down is refused too.
func (p *slot) set(a admission) {
	closing := false
	p.box.Locked(func() {
		if closing = p.admits == refuseClosing; !closing {
			p.admits = a
		}
	})
	if closing || a != refuseOffline { // what was let in before the stop is still handled
		return
	}
	p.box.Shed(isHandle, errOffline)
}

// vacate refuses what waits for an actor that ends and would never come to it. What the spool holds of that when the
// gateway is stopping stays there until the next start.
func (p *slot) vacate() {
	p.set(refuseOffline)
	p.box.Shed(func(msg any) bool { return isHandle(msg) && msg.(messages.Handle).Record == 0 }, errClosing)
	p.stopTallies()
}

func (p *slot) stopTallies() {
	var refused, early *tally
	p.box.Locked(func() { refused, early = p.refused, p.early })
	for _, t := range []*tally{refused, early} {
		if t != nil {
			t.stop()
		}
	}
}

func isHandle(msg any) bool {
	_, ok := msg.(messages.Handle)
	return ok
}
