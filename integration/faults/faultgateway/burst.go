package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/integration/faults/trial"
	"github.com/mqttgateway/mqttgateway/messages"
)

func init() { devices.Register("burst", openBurst) }

// unkept is the largest number of statuses in a burst that are emitted and not kept yet.
const unkept = 512

type burstParams struct {
	Socket string `koanf:"socket" doc:"unix socket of the one to whom it tells which statuses are kept"`
}

// burst emits as many numbered statuses as a command says, as fast as they are kept. It first connects to its socket,
// and waits for a byte. To the socket it writes a record of each status that is kept, which survives a kill of the
// process.
type burst struct {
	env devices.Env
	burstParams
}

func openBurst(_ context.Context, env devices.Env, p burstParams) (devices.Device, error) {
	return &burst{env, p}, nil
}

func (b *burst) Handle(ctx context.Context, msg messages.InternalMsg) error {
	arg, _ := msg.Arg(trial.Number)
	count, ok := arg.Int()
	if !ok {
		return fmt.Errorf("%w: argument %q: want a number", devices.ErrAction, trial.Number)
	}
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "unix", b.Socket)
	if err != nil {
		return err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	if _, err := io.ReadFull(conn, make([]byte, 1)); err != nil {
		return err
	}
	emitted := make([]devices.Receipt, 0, count)
	for n := range count + unkept {
		if n < count {
			status := messages.New(messages.Status, msg.Address(), trial.Echo)
			emitted = append(emitted, b.env.Emit(status.WithArg(trial.Number, messages.IntValue(n+1))))
		}
		if n < unkept {
			continue
		}
		switch receipt := emitted[n-unkept]; {
		case !done(ctx, receipt):
			return ctx.Err()
		case receipt.Err() == nil:
			if err := trial.Write(conn, trial.Kept, int(n-unkept+1), time.Now()); err != nil {
				return err
			}
		}
	}
	return nil
}

// done waits for a receipt, and returns false if ctx is done first.
func done(ctx context.Context, r devices.Receipt) bool {
	select {
	case <-r.Done():
		return true
	case <-ctx.Done():
		return false
	}
}

func (b *burst) Close() error { return nil }
