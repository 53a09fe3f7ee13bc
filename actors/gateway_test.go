package actors_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/mqttgateway/mqttgateway/config"
	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/messages"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func init() { devices.Register("lamp", openLamp) }

// lamp is a device that does as the action says. It answers what it handled, but for actions that go wrong.
type lamp struct{ env devices.Env }

type lampParams struct {
	Opening string `koanf:"opening" default:"" doc:"how it goes: slow, fail, hang, panic or config"`
}

func openLamp(ctx context.Context, env devices.Env, p lampParams) (devices.Device, error) {
	switch p.Opening {
	case "slow":
		time.Sleep(20 * time.Second)
	case "fail":
		return nil, errors.New("no such port")
	case "hang":
		<-ctx.Done()
		return nil, ctx.Err()
	case "panic":
		panic("opener")
	case "config":
		return nil, devices.ErrConfig
	}
	speaker.set(env)
	return &lamp{env}, nil
}

// speaker is the device that was opened last, for tests in which one speaks unasked.
var speaker latest

type latest struct {
	mu  sync.Mutex
	env devices.Env
}

func (l *latest) set(env devices.Env) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.env = env
}

func (l *latest) emit(msg messages.InternalMsg, options ...devices.EmitOption) devices.Receipt {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.env.Emit(msg, options...)
}

func (l *lamp) Handle(ctx context.Context, msg messages.InternalMsg) error {
	switch msg.Action() {
	case "PANIC":
		panic("lamp on fire")
	case "BREAK":
		return errors.New("input/output error")
	case "REFUSE":
		return devices.ErrAction
	case "ONLY":
		if one, _ := msg.Arg("for"); one.String() != l.env.Name() {
			return fmt.Errorf("%w: want %s", devices.ErrNotMine, one)
		}
	case "HANG":
		<-ctx.Done()
		return ctx.Err()
	case "SLEEP":
		time.Sleep(time.Minute) // a device that doesn't look at its context
		return nil
	}
	l.env.Emit(messages.New(messages.Status, messages.Address{Device: l.env.Name()}, msg.Action()))
	return nil
}

func (l *lamp) Close() error {
	l.env.Emit(messages.New(messages.Status, messages.Address{Device: l.env.Name()}, "CLOSED"))
	return nil
}

func lamps(names ...string) (list []config.Device) {
	for _, name := range names {
		list = append(list, config.Device{Name: name, Type: "lamp", AnswersTo: config.AnswersTo{Device: []string{name}}})
	}
	return list
}

func TestMessageThroughAndBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, lamps("a", "b"))
		b.arrive("home////a/me/C", "ON")
		b.arrive("home//////C", "OFF")   // to all
		b.arrive("home////c/me/C", "ON") // to none
		b.arrive("home////a/gw/C", "ON") // our own
		b.end()
		want := []string{"home////a/gw/S ON", "home////a/gw/S OFF", "home////b/gw/S OFF", "home////a/gw/S CLOSED", "home////b/gw/S CLOSED"}
		got := b.broker.published()
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("published %q, want %q", got, want)
		}
		if s := b.broker.session(); !s.closed || s.killed {
			t.Errorf("session closed %v, killed %v; want a good end", s.closed, s.killed)
		}
	})
}
