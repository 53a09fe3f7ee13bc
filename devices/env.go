package devices

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"time"

	"github.com/mqttgateway/mqttgateway/entity"
	"github.com/mqttgateway/mqttgateway/messages"
	"github.com/mqttgateway/mqttgateway/topic"
)

// Env is what a device can see of the gateway. All of it may be used from any goroutine, and for as long as the device
// lives; after that Emit refuses.
type Env interface {
	// Name is the device's name in the configuration.
	Name() string
	// Gateway is the name of the gateway, with which it signs what the device emits.
	Gateway() string
	// Address is what the device's own messages are about: what the configuration says by address:, or {Device: NAME} if it says
	// nothing. Of a device that another has added it is the address that it was added with.
	Address() messages.Address
	// Log writes with the device's name attached. For each message use debug, for what a person must act on error;
	// Report is the throttled way to tell of errors.
	Log() *slog.Logger
	// Emit sends a message, the only way out: to the broker, and to the other devices of this gateway that it finds. These get
	// it at most once, in the words in which it was emitted, and only if the map lets it out; no answer (what has a response),
	// nothing under another's name, and of each device no more than 1,000 messages in a second. Emit never blocks. The
	// receipt, which is about the broker alone, may be ignored.
	Emit(msg messages.InternalMsg, options ...EmitOption) Receipt
	// Forget has the broker forget the retained statuses that the device has said about an address, in this run of the gateway or an
	// earlier one. It never blocks, and goes the way of Emit: what was emitted before is forgotten, and what is emitted afterwards
	// is kept. What a device has said is forgotten in any case when the device is removed.
	Forget(about messages.Address)
	// Report tells of an error that the device lives on with. The log says it throttled.
	Report(err error)
	// Describe says what the device is, and which entities it has. The opener calls it, and anybody again when that has changed.
	// Messages, the topics below $gateway and all that other programs find out about the device follow from the description. It
	// stays in force while the device is down, and until another one takes its place; an entity that both have keeps its value.
	// The same description again changes nothing.
	//
	// Whatever an address leaves empty is that of the device. A description that [entity.Check] refuses does nothing; the device
	// is not opened with it, for good, and one that has been opened goes on with the description that it had.
	Describe(description entity.Device)
	// Update hands over what has been read of entities at a time. It tells what is due, by the entities' Reports, now or later;
	// a value that has not changed costs next to nothing. A reading of an entity that is not described is reported as an error.
	// While the device is down, its values stay at the broker as they were last told, without heartbeats, until they are stale.
	Update(at time.Time, values ...entity.Reading)
	// Event tells that an Event has happened: a status whose action is typ, which is one of the Options of the entity. It is never
	// retained.
	Event(id, typ string, args ...messages.Argument)
	// Add adds a device below this one, which is its hub from then on: a lamp of a bridge, say. The added device has a name of
	// its own, HUB.NAME, and all that a device has: availability, deadlines, a mailbox, a back-off. It is opened by open, at
	// once and again after each failure, and hears what is sent to address: a message finds it if every characteristic that
	// both set is the same. Without any it is {Device: HUB.NAME}. Timeouts, mailbox and the like are those of its hub.
	//
	// While the hub is down its devices are closed, and down for its reason. When the hub is opened again it adds them again.
	// What it has added under the same name by the time its opener returns goes on, with what waits for it; what it has not
	// added by then is gone for good, as if removed.
	//
	// Add never blocks, and may be called by the opener already. It refuses a name that is empty, taken, holds a dot, or can't be
	// a level of a topic; one that is called by a device that was added itself; and one that comes after the device's end.
	Add(name string, address messages.Address, open Opener) (Added, error)
}

// Opener opens a device. It has succeeded when the equipment answers, and not before: it asks something, if the equipment does not
// speak first. An error has the opener called again after a back-off. The context ends when Opener has returned or takes too long, and not with the device.
type Opener = func(ctx context.Context, env Env) (Device, error)

// LastFailure returns what the device has failed of before it is opened again, from the context of its opener; nil if it has not failed
// yet. A device that has been silent, say, is open again when it is heard, and not before.
func LastFailure(ctx context.Context) error {
	err, _ := ctx.Value(lastFailure{}).(error)
	return err
}

// WithLastFailure returns the context of an opener after a failure, for those who call openers.
func WithLastFailure(ctx context.Context, err error) context.Context {
	if err == nil {
		return ctx
	}
	return context.WithValue(ctx, lastFailure{}, err)
}

// lastFailure is the key of what LastFailure returns.
type lastFailure struct{}

// Added is a device that another one has added.
type Added interface {
	// Name is its full name, HUB.NAME.
	Name() string
	// Remove has the device finish what waits for it, closes it, and has the broker forget it. Remove never blocks; the second
	// time, and after the end of the hub's life, it does nothing. The name is free at once.
	Remove()
}

// CheckAdded says why no device can be added under a name, the last part of its full name.
func CheckAdded(name string) error {
	switch {
	case name == "":
		return errors.New("is empty")
	case strings.Contains(name, "."):
		return errors.New("holds a dot, which stands between a hub and what it adds")
	}
	return topic.CheckDevice(name)
}

// Receipt tells what became of an emitted message.
type Receipt interface {
	// Done is closed when the message is kept or refused. Kept means that the broker has acknowledged it, or at
	// QoS 0 that it was written to the connection.
	Done() <-chan struct{}
	// Err says, once Done is closed, why the message was refused, by one of ErrRefused, ErrDropped, ErrLost and
	// ErrStopped; nil if it was kept, or isn't decided yet.
	Err() error
}

// EmitOption changes how a message is sent.
type EmitOption func(*Emission)

// Emission is what options change.
type Emission struct {
	Retain bool
}

// Retain has the broker keep the message as the latest of its topic, for those who subscribe later. It is for
// statuses: a command is never retained.
func Retain() EmitOption { return func(e *Emission) { e.Retain = true } }
