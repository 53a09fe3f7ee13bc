package devices

import (
	"log/slog"

	"github.com/mqttgateway/mqttgateway/messages"
)

// Env is what a device can see of the gateway. All of it may be used from any goroutine, and for as long as the device
// lives; after that Emit refuses.
type Env interface {
	// Name is the device's name in the configuration.
	Name() string
	// Log writes with the device's name attached. For each message use debug, for what a person must act on error;
	// Report is the throttled way to tell of errors.
	Log() *slog.Logger
	// Emit sends a message, the only way out. It never blocks. The receipt may be ignored.
	Emit(msg messages.InternalMsg, options ...EmitOption) Receipt
	// Report tells of an error that the device lives on with. The log says it throttled.
	Report(err error)
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
