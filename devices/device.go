package devices

import (
	"context"
	"errors"

	"github.com/mqttgateway/mqttgateway/messages"
)

// Device is equipment, or anything else that acts on commands. The value is the opened device, whose equipment has answered.
type Device interface {
	// Handle acts on one command. A nil error means that it is done; ErrAction, however wrapped, that the device
	// refuses it and lives on; ErrNotMine that it is none of its business; any other error that the device is broken and
	// is to be opened again.
	// It must return when ctx is done: a device that doesn't is offline until it does.
	Handle(ctx context.Context, msg messages.InternalMsg) error
	// Close gives the equipment back. It is called once, after the last Handle and after Run has been told to end,
	// also when the device has failed.
	Close() error
}

// Observer is a device that hears statuses as well: what is so elsewhere, and what other devices of this gateway say. A
// device without Observe never sees a status.
type Observer interface {
	Device
	// Observe hears one status, by the rules of Handle, and never at the same time as Handle. Both get what is theirs in the
	// order in which it came. Nobody is answered.
	Observe(ctx context.Context, msg messages.InternalMsg) error
}

// Runner is a device whose equipment speaks unasked. The framework owns the goroutine.
type Runner interface {
	Device
	// Run listens to the equipment until ctx is done. Ending before is a failure, with or without an error. It runs
	// beside Handle; the author guards what the two share.
	Run(ctx context.Context) error
}

// Answerer is a device that may answer commands itself. If it does, the gateway answers for it what it refused, failed at
// or never got, and else only the commands that ask for it.
type Answerer interface {
	Device
	// Answers tells whether it does. It is asked once, after opening.
	Answers() bool
}

// The errors by which a device tells more than that something went wrong. Wrap them as you like.
var (
	// ErrAction refuses a message: the device has no such action, or not with these arguments. From a device with entities it means
	// ErrNotMine if the message names neither the device nor one of them, since it sets nothing that their addresses set.
	ErrAction = errors.New("action refused")
	// ErrNotMine: the message was for another device after all. It does not count in the answer that the sender gets from
	// all the devices; if all say it, the message has found nobody.
	ErrNotMine = errors.New("not for this device")
	// ErrSilent of an opener: it has listened to equipment that speaks unasked, and nothing was heard. The opener is called again after the
	// shortest back-off, however often: what is said while nobody listens is lost.
	ErrSilent = errors.New("nothing heard")
	// ErrConfig stops a device for good, since beginning again can't help until the configuration changes.
	ErrConfig = errors.New("wrong configuration")
)

// The errors of a receipt.
var (
	// ErrRefused: the message can't be said on the wire, or the map refuses it.
	ErrRefused = errors.New("message refused")
	// ErrDropped: there was no room, or it had to make room for another.
	ErrDropped = errors.New("message dropped")
	// ErrLost: the connection broke over it, and nobody knows whether it arrived. Only at QoS 0.
	ErrLost = errors.New("connection lost")
	// ErrStopped: the gateway has stopped.
	ErrStopped = errors.New("gateway stopped")
)
