package actors

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/mqttgateway/mqttgateway/messages"
)

// A broker sends only so many messages before one is acknowledged, 20 with mosquitto. If one device held all of them, the other
// devices would hear nothing. A device that makes progress may hold any number of messages. Once a call of a device's code has
// taken slowAfter, the broker waits for heldWhenSlow messages of the device at most, the latest ones. The gateway acknowledges
// the others early, the oldest first. They stay in the mailbox and take places there; when all places are taken, the mailbox
// refuses further messages.
//
// mosquitto 2.0.11 sends many more than 20 messages when it resumes a session, and when acknowledgements come in the order of
// the messages. Other brokers may as well.
//
// The timer of a call looks twice, lookAgain apart, before the call counts as slow: when the process was stopped or the machine
// was busy, the timer may run before the call gets the processor back and ends.
const (
	slowAfter    = 100 * time.Millisecond
	lookAgain    = 20 * time.Millisecond
	heldWhenSlow = 4
)

// errSlow says why messages are acknowledged early.
var errSlow = fmt.Errorf("takes longer than %v", slowAfter)

// relieve acknowledges early what a slow device holds beyond heldWhenSlow. The timer calls relieve when the device becomes slow,
// and post for each message that the device gets.
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
	for _, e := range early { // without the lock: send may run the mapper, and the mapper post to this mailbox
		d.shared.mapper.send(e)
	}
}

// relieve marks the oldest n messages that the broker waits for as acknowledged early, as far as the mailbox has places for
// them. The very oldest is the message that the device handles. With a spool relieve marks that as well: otherwise the broker
// would send it again after a crash, behind the messages that the spool gives back. Without a spool relieve leaves it to the
// broker, which keeps it safer than this process does.
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

// oldestAwaited returns the index of the first message in the queue that the broker waits for. These messages are the last in
// the queue, so that oldestAwaited searches from the end.
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

// preserve writes a message to the spool and returns its record; 0 if there is no spool. Without a spool the message is lost if
// the process is killed before the device has handled it.
func (g *deviceGate) preserve(h messages.Handle) (record uint64) {
	if g.shared.spool == nil {
		return 0
	}
	b, err := json.Marshal(spooled{Device: g.config.Name, Message: &h.Msg, Entity: h.Entity})
	if err == nil {
		record, err = g.shared.spool.Append(b)
	}
	if err != nil {
		g.shared.unkept.note(fmt.Errorf("device %q: message acknowledged early: %w", g.config.Name, err))
	}
	return record
}
