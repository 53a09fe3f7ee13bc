package actors

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/mqttgateway/mqttgateway/messages"
)

// A broker sends only so many messages before one is acknowledged, 20 with mosquitto, and a device must not hold them
// all, lest the others hear nothing. One that makes progress may hold any number, but once a call of its code has taken
// slowAfter, the broker is to wait for only heldWhenSlow of its messages, the latest: the others are acknowledged early, the
// oldest first, and stay in the mailbox, where they take places. When all places are taken, what comes then is refused.
//
// mosquitto 2.0.11 sends many more than 20 when it resumes a session, and when acknowledgements come in the order of the
// messages; others may as well.
//
// Whether a call still goes on is looked at twice, lookAgain apart: when the process was stopped, or the machine is busy, the
// timer may be the first to have the processor again, and the call would have ended long ago if it had got it.
const (
	slowAfter    = 100 * time.Millisecond
	lookAgain    = 20 * time.Millisecond
	heldWhenSlow = 4
)

// errSlow says why messages are acknowledged early.
var errSlow = fmt.Errorf("takes longer than %v", slowAfter)

// relieve acknowledges early what a slow device holds beyond its share. It is called whenever the device has become slow,
// or got a message.
func (d *device) relieve() {
	var early []messages.EarlyAck
	var at error
	d.box.Locked(func() {
		if g := (*deviceGate)(d); g.slow() && g.holding() > heldWhenSlow {
			early = g.relieve(g.holding() - heldWhenSlow)
			at = d.busy.reason(errSlow)
			if d.early == nil {
				d.early = &tally{who: d.config.Name, report: func(r messages.Refusals) {
					d.shared.supervisor.send(messages.Early{Device: r.Who, Count: r.Count, Err: r.Err})
				}}
			}
		}
	})
	if len(early) > 0 {
		d.early.noteMany(len(early), at)
	}
	for _, e := range early { // without the lock: the mapper may work on it, and on what it has for us
		d.shared.mapper.send(e)
	}
}

// relieve marks the oldest n messages that the broker waits for, as far as there are places for them. The very oldest is the
// one that is being handled: with a spool it is marked too, lest after a crash the broker sends it again behind those that
// the spool gives back; without one it is better off with the broker.
func (g *deviceGate) relieve(n int) (early []messages.EarlyAck) {
	mark := func(h *messages.Handle) {
		h.Early, h.Record = true, g.preserve(*h)
		early = append(early, messages.EarlyAck{Delivery: h.Delivery, Device: g.config.Name, Record: h.Record})
		g.shared.counters.Early.Add(1)
		g.counters.early.Add(1)
	}
	if g.shared.spool != nil && awaited(g.busy.handling) {
		mark(&g.busy.handling)
	}
	queue := g.box.Queued()
	for i := g.oldestAwaited(queue); len(early) < n && !g.full(); i++ {
		if h, ok := queue[i].(messages.Handle); ok && awaited(h) {
			mark(&h)
			queue[i] = h
			g.held--
		}
	}
	return early
}

// oldestAwaited returns where the first of the held messages is. They are looked for from the end, where they all are.
func (g *deviceGate) oldestAwaited(queue []any) int {
	i := len(queue)
	for left := g.held; left > 0; {
		i--
		if h, ok := queue[i].(messages.Handle); ok && awaited(h) {
			left--
		}
	}
	return i
}

// preserve writes a message to the spool, if there is one, and returns its record. Without one it is lost if the process
// is killed before the device has handled it.
func (g *deviceGate) preserve(h messages.Handle) (record uint64) {
	if g.shared.spool == nil {
		return 0
	}
	b, err := json.Marshal(spooled{Device: g.config.Name, Message: &h.Msg})
	if err == nil {
		record, err = g.shared.spool.Append(b)
	}
	if err != nil {
		g.shared.unkept.note(fmt.Errorf("device %q: message acknowledged early: %w", g.config.Name, err))
	}
	return record
}
