package devices

import (
	"context"

	"github.com/mqttgateway/mqttgateway/entity"
)

// Setter is a device with entities that can be set, or pressed. Where one is described, by [Env.Describe] or by its type, the
// device must be a Setter: another one does not open.
type Setter interface {
	Device
	// Set sets what one message asks for: all of the changes or, with an error, none. The gateway has checked them against the
	// description: each entity is there and can be set, and each value is of its kind and within its bounds. A Button is a
	// Change without a value. Errors mean what they mean for Handle, whose goroutine and deadline Set shares. Equipment that
	// reads back another value than was set refuses by an error that wraps ErrAction, and is not broken.
	//
	// Nothing is told for a change: the device hands over what the equipment says afterwards by Env.Update.
	Set(ctx context.Context, changes []entity.Change) error
}

// Reader is a device with entities that can read them when somebody asks, by the command GET. Of another one the gateway says
// again what it knows.
type Reader interface {
	Device
	// Read reads what can be read, and hands it over by Env.Update before it returns. Errors mean what they mean for Handle,
	// whose goroutine and deadline Read shares.
	Read(ctx context.Context) error
}
