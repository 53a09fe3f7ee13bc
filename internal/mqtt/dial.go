package mqtt

import (
	"context"
	"fmt"
)

// Dial makes one attempt to begin a session. When ctx ends first the attempt is dropped at once, and
// the error wraps ctx's cause. With an error nothing is left behind, neither goroutine nor socket. No error
// holds a password. See [Permanent] and [Refusal] for telling them apart.
func Dial(ctx context.Context, o Options) (Session, error) {
	o, broker, err := o.normal()
	if err != nil {
		return nil, err
	}
	late := fmt.Errorf("not connected within %s: %w", o.ConnectTimeout, context.DeadlineExceeded)
	ctx, cancel := context.WithTimeoutCause(ctx, o.ConnectTimeout, late)
	defer cancel()

	w, err := o.open(ctx, broker)
	if err != nil {
		return nil, err
	}
	return connect(ctx, w, o)
}

// connect speaks MQTT on w, which it takes over, until the CONNACK.
func connect(ctx context.Context, w wire, o Options) (Session, error) {
	if o.Transport == Paho {
		return connectPaho(ctx, w, o)
	}
	return connectDirect(ctx, w, o)
}
