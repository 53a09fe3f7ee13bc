package wire

import (
	"context"
	"fmt"

	"github.com/mqttgateway/mqttgateway/internal/mqtt"
)

// Connect begins a session on c, which it owns from then on: it exchanges MQTT packets until the CONNACK. The options
// are those of [mqtt.Options.Normal].
type Connect func(ctx context.Context, c Conn, o mqtt.Options) (mqtt.Session, error)

// Dial is an [mqtt.Dial] for a transport: it opens the connection to the broker, and calls connect to begin a session
// on it.
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
