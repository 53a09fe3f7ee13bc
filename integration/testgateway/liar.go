package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/messages"
)

func init() { devices.Register("liar", openLiar) }

// liarParams hold values that no output may show.
type liarParams struct {
	Password string         `koanf:"password" doc:"a secret by its name" default:""`
	Pin      devices.Secret `koanf:"pin" doc:"a secret by its type" default:""`
	URL      string         `koanf:"url" doc:"an address with secrets in it" default:""`
}

// liar puts the argument "text" of a command into an output of the gateway. The action selects the output:
//
//	FAIL    in an error
//	REFUSE  in a refusal
//	PANIC   in a panic
//	REPORT  in a report
//	LOG     in the log, as message, key and value
//	SPEAK   in statuses, as each of the keywords in turn
type liar struct {
	env devices.Env
	liarParams
}

func openLiar(_ context.Context, env devices.Env, p liarParams) (devices.Device, error) {
	return &liar{env, p}, nil
}

func (l *liar) Handle(_ context.Context, msg messages.InternalMsg) error {
	arg, _ := msg.Arg("text")
	text, _ := arg.Text()
	switch msg.Action() {
	case "FAIL":
		return errors.New(text)
	case "REFUSE":
		return fmt.Errorf("%s: %w", text, devices.ErrAction)
	case "PANIC":
		panic(text)
	case "REPORT":
		l.env.Report(errors.New(text))
	case "LOG":
		l.env.Log().Info(text, text, text)
	case "SPEAK":
		for _, to := range []messages.Address{{Function: text}, {Gateway: text}, {Location: text}, {Device: text}} {
			l.env.Emit(messages.New(messages.Status, to, "SPOKEN"))
		}
		l.env.Emit(messages.New(messages.Status, messages.Address{}, "SPOKEN").WithSender(text))
		l.env.Emit(messages.New(messages.Status, messages.Address{}, text))
	}
	return nil
}

func (l *liar) Close() error { return nil }
