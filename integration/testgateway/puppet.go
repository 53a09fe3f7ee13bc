package main

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/messages"
)

func init() { devices.Register("puppet", open) }

// halted ends SPIN.
var halted atomic.Bool

type params struct {
	LastWords string `koanf:"last_words" doc:"action of a status that it emits when it is closed; empty: none" default:""`
}

// puppet does what the action of a command says:
//
//	PANIC   panics
//	FAIL    is broken
//	REFUSE  refuses
//	PASS    says that the command is for another
//	TOSS    sends the command on to the puppet that the argument "to" says, which tosses it back
//	BLOCK   blocks until it is told to stop
//	STUCK   blocks for ever
//	SLEEP   takes as long as the argument "for" says, and then answers
//	REST    takes as long as the argument "for" says, and says nothing
//	SPIN    computes until any puppet is told to HALT
//	SAY     answers with what the arguments "say", an action, and "function" say, and with the argument "level"
//
// The puppet answers any other action with a status that repeats the command.
type puppet struct {
	env devices.Env
	params
}

func open(_ context.Context, env devices.Env, p params) (devices.Device, error) {
	return &puppet{env, p}, nil
}

func (p *puppet) Handle(ctx context.Context, msg messages.InternalMsg) error {
	switch msg.Action() {
	case "PANIC":
		panic("told to")
	case "FAIL":
		return errors.New("told to fail")
	case "REFUSE":
		return fmt.Errorf("told to: %w", devices.ErrAction)
	case "PASS":
		return fmt.Errorf("%w: it is not mine", devices.ErrNotMine)
	case "TOSS":
		to, _ := msg.Arg("to")
		p.env.Emit(messages.New(messages.Command, messages.Address{Device: to.String()}, "TOSS").
			WithArg("to", messages.TextValue(p.env.Name())))
		return nil
	case "BLOCK":
		<-ctx.Done()
		return ctx.Err()
	case "STUCK":
		select {}
	case "SLEEP":
		if err := asleep(ctx, msg); err != nil {
			return err
		}
	case "REST":
		return asleep(ctx, msg)
	case "SPIN":
		for !halted.Swap(false) {
		}
	case "HALT":
		halted.Store(true)
	case "SAY":
		msg = said(msg)
	}
	p.env.Emit(msg.WithType(messages.Status).WithSender(""))
	return nil
}

func asleep(ctx context.Context, msg messages.InternalMsg) error {
	arg, _ := msg.Arg("for")
	text, _ := arg.Text()
	long, err := time.ParseDuration(text)
	if err != nil {
		return fmt.Errorf("%w: argument %q: %w", devices.ErrAction, "for", err)
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(long):
		return nil
	}
}

func said(msg messages.InternalMsg) messages.InternalMsg {
	to := msg.Address()
	if arg, ok := msg.Arg("function"); ok {
		to.Function, _ = arg.Text()
	}
	action := msg.Action()
	if arg, ok := msg.Arg("say"); ok {
		action, _ = arg.Text()
	}
	answer := msg.WithAddress(to).WithAction(action).WithoutArgs()
	if level, ok := msg.Arg("level"); ok {
		answer = answer.WithArg("level", level)
	}
	return answer
}

// Answers returns true: the puppet reports everything that it does.
func (p *puppet) Answers() bool { return true }

// Close emits the last words.
func (p *puppet) Close() error {
	if p.LastWords != "" {
		p.env.Emit(messages.New(messages.Status, messages.Address{Device: p.env.Name()}, p.LastWords))
	}
	return nil
}
