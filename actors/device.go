package actors

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/mqttgateway/mqttgateway/actors/mailbox"
	"github.com/mqttgateway/mqttgateway/actors/recorder"
	"github.com/mqttgateway/mqttgateway/actors/routing"
	"github.com/mqttgateway/mqttgateway/config"
	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/internal/entities"
	"github.com/mqttgateway/mqttgateway/internal/options"
	"github.com/mqttgateway/mqttgateway/internal/spool"
	"github.com/mqttgateway/mqttgateway/messages"
)

// device is the part of a device that stays while its equipment fails and is opened again: name, configuration, mailbox. A host handles
// the messages of the mailbox. The mailbox itself refuses messages, on the mapper's goroutine: a device that is slow, stuck or down
// does not hold the mapper up.
type device struct {
	shared *shared
	config *config.Device // nobody writes to it

	generation uint64 // a number by which the device differs from others that have had its name; the table gives it

	typ     *devices.Type
	box     *mailbox.Mailbox
	log     atomic.Pointer[slog.Handler] // of what the device says; see deviceLog
	opening uint64                       // counts openings, also through restarts of the actor, which alone uses it

	counters deviceCounters
	recorder atomic.Pointer[recorder.Recorder] // nil until there is something to record; see ownRecorder

	entities     atomic.Pointer[entities.Teller] // nil until the device has described itself
	misdescribed error                           // what is wrong with the description that the type gives; never written after newDevice

	// Flags stand together, for there may be 100,000 devices.
	itself      bool        // the device answers commands itself; the actor alone uses it
	deaf        bool        // the device hears no statuses; the actor alone uses it
	deafAtFirst bool        // the first value of deaf; never written after newDevice
	observes    atomic.Bool // the device has been opened, and hears statuses
	adds        atomic.Bool // the device has added others, and is a hub
	abandoned   atomic.Bool // the device has been given up: nobody is to hear of it

	// The parent alone uses these:
	pid      *actor.PID           // of the host; nil while there is none
	hub      *device              // the device that has added this one, always the same; nil: this device is configured
	below    map[*device]struct{} // the devices that it has added and that have not ended
	down     string               // why it is down, if it has added devices; empty while it is up
	unrouted bool                 // the mapper sends the device nothing any more, since the device is to go
	orphan   bool                 // its hub has gone down, and not added it again
	waits    bool                 // it is to end when all below it have ended

	// The mailbox's lock guards what follows.
	admits     admission
	going      bool   // the device is not wanted any more; the parent alone writes going
	stopped    bool   // a person has stopped the device; the parent alone writes stopped
	hubDown    error  // why the hub is down; nil unless it is
	waiting    int    // messages in the mailbox
	bytes      int    // that these messages take
	held       int    // messages in the mailbox for which the broker waits
	unanswered int    // messages that the device answers later, and for which the broker waits
	busy       *call  // what the device is doing at the moment; nil: nothing
	refused    *tally // of messages; nil before the first
	early      *tally // of messages that were acknowledged early; nil before the first
}

// shared has what all devices of a gateway use. The addresses, root and life are written before the first device's actor is spawned,
// and never again; all other fields are safe for concurrent use.
type shared struct {
	supervisor, mapper, connection, parent address

	table    *deviceTable
	root     *actor.RootContext
	life     context.Context // of what devices do; ends when an orderly stop has no more time for them
	counters *Counters
	receipts *receipts
	answers  *answers
	spool    *spool.Spool     // nil if there is none
	unkept   *tally           // of records that the spool could not write
	calls    sync.Pool        // of *call, between two calls
	workers  *mailbox.Workers // on whose goroutines devices run
	lives    atomic.Uint64    // counts the lives of registered actors, for their PIDs
	busy     sharedRation     // bounds the answers to a flood of messages that set entities
	log      *slog.Logger
	gateway  string // its name
}

// newTally returns a tally of what a device refuses, for the supervisor.
func (s *shared) newTally(who, what string) *tally {
	return &tally{who: who, what: what, report: func(r messages.Refusals) { s.supervisor.send(r) }}
}

func newDevice(s *shared, c *config.Device, typ *devices.Type) *device {
	d := &device{shared: s, config: c, typ: typ}
	d.box = mailbox.New((*deviceGate)(d), d.refuse)
	d.describeFirst()
	d.deafAtFirst = answersToAll(d.answers())
	d.deaf = d.deafAtFirst
	return d
}

// identity names the device to the parent.
func (d *device) identity() identity { return identity{d.config.Name, d.generation} }

// route returns what the mapper has to know of the device.
func (d *device) route() route {
	answers := (*routing.Answers)(&d.config.AnswersTo)
	if d.config.Address != (config.Address{}) || d.description() != nil {
		all := routing.Answers(d.answers())
		answers = &all
	}
	return route{name: d.config.Name, generation: d.generation, answers: answers, reply: d.config.Reply, repeats: d.config.ReplyArguments, deaf: d.deafAtFirst, inbox: d}
}

// post gives the device a message, or refuses it. The mapper calls post with an h that it has boxed once for all the devices
// that the message finds.
func (d *device) post(h any) {
	d.box.PostUserMessage(h) // not by its PID: the actor may have ended, and then its mailbox answers
	if awaited(h.(messages.Handle)) {
		d.relieve()
	}
}

// refuse answers, in place of the device, a message that the device does not get.
func (d *device) refuse(msg any, err error) {
	h, ok := msg.(messages.Handle)
	if !ok {
		return
	}
	outcome := messages.Failed
	switch {
	case errors.Is(err, errFull):
		outcome = messages.Busy
	case d.doubts(h):
		outcome = messages.Doubtful
	}
	d.shared.counters.TurnedAway.Add(1)
	d.counters.refused.Add(1)
	switch {
	case outcome == messages.Doubtful: // the mapper logs the message if no other device takes it
	case h.Msg.Type() == messages.Status && !d.observes.Load(): // nothing is lost
	default:
		d.refusals().note(err)
		d.recordRefusal(h, outcome, err)
	}
	if d.shared.log.Enabled(context.Background(), slog.LevelDebug) {
		d.shared.log.Debug("message refused", "device", d.config.Name, "message", h.Msg, "err", err)
	}
	d.done(h, outcome, err.Error())
}

// doubts reports whether a message may be for another device that it has found: it has found this one only because neither address: nor
// answers_to: nor a description says what this device answers to.
func (d *device) doubts(h messages.Handle) bool {
	to := h.Msg.Address()
	if h.Entity != "" || h.Asked != 0 || h.Alone || to == (messages.Address{}) || to.Device == d.config.Name {
		return false
	}
	return answersToAll(d.answers())
}

// answersToAll reports whether every message finds a device.
func answersToAll(a config.AnswersTo) bool {
	return len(a.Function)+len(a.Gateway)+len(a.Location)+len(a.Device) == 0
}

// refusals returns the tally of refused messages, which most devices never need.
func (d *device) refusals() (t *tally) {
	d.box.Locked(func() {
		if d.refused == nil {
			d.refused = d.shared.newTally(d.config.Name, "messages")
		}
		t = d.refused
	})
	return t
}

// answer tells the mapper how the device's own code has handled a message.
func (d *device) answer(h messages.Handle, err error) {
	switch {
	case err == nil:
		d.shared.counters.Handled.Add(1)
		d.counters.handled.Add(1)
		d.answered(h, messages.Handled, "")
	case errors.Is(err, devices.ErrNotMine):
		d.shared.counters.NotMine.Add(1)
		d.shared.log.Debug("message was for another device", "device", d.config.Name, "message", h.Msg, "err", err)
		d.answered(h, messages.NotMine, options.Redact(err.Error()))
	case errors.Is(err, devices.ErrAction):
		d.shared.counters.TurnedAway.Add(1)
		d.counters.refused.Add(1)
		d.refusals().note(fmt.Errorf("%w (%v)", err, h.Msg))
		d.shared.log.Debug("message refused", "device", d.config.Name, "message", h.Msg, "err", err)
		d.answered(h, messages.Rejected, options.Redact(err.Error()))
	default:
		d.shared.counters.Failed.Add(1)
		d.counters.failed.Add(1)
		why := &reason{messages.Handling, h.Msg.Action(), err}
		d.answered(h, messages.Failed, why.Error())
	}
}

// livesOn reports whether a device goes on after it has answered a message with err.
func livesOn(err error) bool {
	return err == nil || errors.Is(err, devices.ErrAction) || errors.Is(err, devices.ErrNotMine)
}

// answered records how the device has handled a message, and tells the mapper.
func (d *device) answered(h messages.Handle, o messages.Outcome, reason string) {
	d.recordAnswer(h, o, reason)
	d.done(h, o, reason)
}

// done tells the mapper how the handling of a message ended, if the broker or the sender waits for the outcome, or if the sender is to
// hear of a fault. The mapper does not hear of other messages, of which the device may refuse any number at once. A message that sets
// an entity at its topic is always answered there, and before the broker gets its acknowledgement.
func (d *device) done(h messages.Handle, o messages.Outcome, reason string) {
	if h.Entity != "" {
		d.answerView(h, o, reason)
	}
	if h.Asked != 0 {
		d.shared.answers.give(h.Asked, Answer{o, reason})
	}
	switch {
	case h.QoS > 0 || h.Answer:
		d.shared.mapper.send(messages.Done{
			Delivery: h.Delivery, Device: d.config.Name, Early: h.Early, Record: h.Record, Outcome: o, Reason: reason,
		})
	case h.Faults && o != messages.Handled, h.Alone && o == messages.NotMine:
		d.shared.mapper.send(messages.Undone{Device: d.config.Name, Outcome: o, Reason: reason, Msg: h.Msg})
	}
}

// set changes what the mailbox does with messages, unless the gateway is stopping. With refuseOffline the device refuses what
// waits in its mailbox, too.
func (d *device) set(a admission) {
	closing := false
	d.box.Locked(func() {
		if closing = d.admits == refuseClosing; !closing {
			d.admits = a
		}
	})
	if closing || a != refuseOffline { // a device that closes still handles the messages that its mailbox admitted before
		return
	}
	d.box.Shed(isHandle, errOffline)
}

// inform tells the supervisor of the device, unless the device has been given up, and records that.
func (d *device) inform(msg any) {
	d.recordNews(msg)
	d.box.Locked(func() { d.informLocked(msg) })
}

// informLocked is inform for callers that hold the mailbox's lock, and records nothing. Messages about a hub go to the parent, which passes them on, and takes
// the devices that the hub has added down and up with their hub.
func (d *device) informLocked(msg any) {
	switch {
	case d.abandoned.Load():
	case d.adds.Load():
		d.shared.parent.send(hubEvent{d.identity(), msg})
	default:
		d.shared.supervisor.send(msg)
	}
}

// vacate refuses the messages that wait in the mailbox of an actor that has ended. When the gateway is stopping, messages that the spool
// holds stay there until the next start.
func (d *device) vacate() {
	d.set(refuseOffline)
	d.endEntities()
	d.box.Shed(func(msg any) bool { return isHandle(msg) && msg.(messages.Handle).Record == 0 }, errClosing)
	d.stopTallies()
}

func (d *device) stopTallies() {
	var refused, early *tally
	d.box.Locked(func() { refused, early = d.refused, d.early })
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
