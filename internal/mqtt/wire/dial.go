package wire

import (
	"context"
	"fmt"

	"github.com/mqttgateway/mqttgateway/internal/mqtt"
)

// Connect begins a session on c, which it takes over: it speaks MQTT until the CONNACK. The options are as
// [mqtt.Options.Normal] returns them.
type Connect func(ctx context.Context, c Conn, o mqtt.Options) (mqtt.Session, error)

// Dial is the [mqtt.Dial] of a transport: it opens the way to the broker, and has connect begin a session on it.
func Dial(ctx context.Context, o mqtt.Options, connect Connect) (mqtt.Session, error) {
	o, broker, err := o.Normal()
	if err != nil {
		return nil, err
	}
	late := fmt.Errorf("not connected within %s: %w", o.ConnectTimeout, context.DeadlineExceeded)
	ctx, cancel := context.WithTimeoutCause(ctx, o.ConnectTimeout, late)
	defer cancel()

	c, err := open(ctx, broker, o.TLS)
	if err != nil {
		return nil, err
	}
	return connect(ctx, c, o)
}
