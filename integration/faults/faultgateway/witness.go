package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/integration/faults/trial"
	"github.com/mqttgateway/mqttgateway/messages"
)

func init() { devices.Register("witness", open) }

type params struct {
	Dir   string        `koanf:"dir" doc:"folder of its record, a file with the device's name"`
	Takes time.Duration `koanf:"takes" doc:"how long it works on a command" default:"0s"`

	Hiccup time.Duration `koanf:"hiccup" doc:"how long it works, beyond that, on each 40th" default:"0s"`
}

// witness records each command before it echoes the command, and records each echo that the gateway has promised to
// deliver. Records survive a kill of the process. The action PANIC makes the witness panic.
type witness struct {
	params
	env    devices.Env
	record *os.File
	count  int // number of commands
}

func open(_ context.Context, env devices.Env, p params) (devices.Device, error) {
	record, err := os.OpenFile(filepath.Join(p.Dir, env.Name()), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	return &witness{params: p, env: env, record: record}, err
}

func (w *witness) Handle(ctx context.Context, msg messages.InternalMsg) error {
	arg, _ := msg.Arg(trial.Number)
	n, ok := arg.Int()
	if !ok {
		return fmt.Errorf("%w: argument %q: want a number", devices.ErrAction, trial.Number)
	}
	if msg.Action() == trial.Panic {
		if err := trial.Write(w.record, trial.Panicked, int(n), time.Now()); err != nil {
			return err
		}
		panic("told to")
	}
	takes := w.Takes
	if w.count++; w.count%40 == 0 {
		takes += w.Hiccup
	}
	if takes > 0 {
		select {
		case <-time.After(takes):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	if err := trial.Write(w.record, trial.Handled, int(n), time.Now()); err != nil {
		return err
	}
	status := messages.New(messages.Status, msg.Address(), trial.Echo).WithArg(trial.Number, arg)
	receipt := w.env.Emit(status)
	go func() { // ends with the gateway at the latest
		<-receipt.Done()
		if receipt.Err() != nil {
			return
		}
		if err := trial.Write(w.record, trial.Kept, int(n), time.Now()); err != nil {
			w.env.Report(err)
		}
	}()
	return nil
}

// Close leaves the record open: receipts are recorded after Close, too. The file is closed when it is garbage.
func (w *witness) Close() error { return nil }
