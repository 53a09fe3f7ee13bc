package actors_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mqttgateway/mqttgateway/actors"
	"github.com/mqttgateway/mqttgateway/actors/supervision"
	"github.com/mqttgateway/mqttgateway/config"
	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/messages"
)

func init() {
	devices.Register("bridge", func(_ context.Context, env devices.Env, _ struct{}) (devices.Device, error) {
		b := &bridge{env: env, has: make(map[string]devices.Added)}
		return b, theBridge.open(b)
	})
}

// theBridge is what the test's bridge does when it is opened, and how it and its lamps go on from there.
var theBridge struct {
	open   func(*bridge) error
	mu     sync.Mutex
	opened map[string]int // how often each lamp was
	closed map[string]int
	last   string // which was closed
}

// bridge is a hub that does as it is told.
type bridge struct {
	env devices.Env
	has map[string]devices.Added
}

func (b *bridge) add(name string) error {
	lamp, err := b.env.Add(name, messages.Address{}, func(_ context.Context, env devices.Env) (devices.Device, error) {
		theBridge.mu.Lock()
		defer theBridge.mu.Unlock()
		theBridge.opened[name]++
		return &bridgeLamp{env, name}, nil
	})
	if err == nil {
		b.has[name] = lamp
	}
	return err
}

func (b *bridge) Handle(_ context.Context, msg messages.InternalMsg) error {
	verb, name, _ := strings.Cut(msg.Action(), " ")
	switch verb {
	case "ADD":
		return b.add(name)
	case "REMOVE":
		b.has[name].Remove()
		return nil
	case "BREAK":
		return errors.New("cable cut")
	case "SLEEP":
		time.Sleep(time.Minute)
	}
	return nil
}

func (b *bridge) Close() error {
	theBridge.mu.Lock()
	defer theBridge.mu.Unlock()
	theBridge.last = b.env.Name()
	return nil
}

// bridgeLamp is a device that a bridge adds.
type bridgeLamp struct {
	env  devices.Env
	name string
}

func (l *bridgeLamp) Handle(ctx context.Context, msg messages.InternalMsg) error {
	switch verb, _, _ := strings.Cut(msg.Action(), " "); verb {
	case "BREAK":
		return errors.New("bulb burnt")
	case "HANG":
		<-ctx.Done()
		return ctx.Err()
	case "SLOW":
		time.Sleep(time.Second)
	}
	l.env.Emit(messages.New(messages.Status, messages.Address{Device: l.env.Name()}, msg.Action()))
	return nil
}

func (l *bridgeLamp) Close() error {
	theBridge.mu.Lock()
	defer theBridge.mu.Unlock()
	theBridge.closed[l.name]++
	theBridge.last = l.env.Name()
	return nil
}

// openings returns how often a lamp was opened.
func openings(lamp string) int {
	theBridge.mu.Lock()
	defer theBridge.mu.Unlock()
	return theBridge.opened[lamp]
}

// closings returns how often a lamp was closed.
func closings(lamp string) int {
	theBridge.mu.Lock()
	defer theBridge.mu.Unlock()
	return theBridge.closed[lamp]
}

func lastClosed() string {
	theBridge.mu.Lock()
	defer theBridge.mu.Unlock()
	return theBridge.last
}

// startBridge runs a gateway with a bridge that does this when it is opened.
func startBridge(t *testing.T, open func(*bridge) error, change ...func(*actors.Options)) *bench {
	theBridge.open, theBridge.opened, theBridge.closed = open, make(map[string]int), make(map[string]int)
	return start(t, []config.Device{{
		Name: "hub", Type: "bridge", Reply: config.ReplyAlways, AnswersTo: config.AnswersTo{Device: []string{"hub"}},
	}}, change...)
}

// adds returns what opens a bridge with these lamps.
func adds(names ...string) func(*bridge) error {
	return func(b *bridge) error {
		for _, name := range names {
			if err := b.add(name); err != nil {
				return err
			}
		}
		return nil
	}
}

// tell sends a command to a device.
func (b *bench) tell(device, action string) { b.arrive("home////"+device+"/me/C", action) }

// recorded returns the entries of the devices, each as "name state reason".
func (b *bench) recorded() (lines []string) {
	synctest.Wait()
	for u := range b.gateway.Watch(context.Background()) {
		for _, e := range u.Entries {
			if e.Kind == supervision.Device {
				lines = append(lines, strings.TrimSpace(fmt.Sprint(e.Name, " ", e.State, " ", e.Reason)))
			}
		}
		break
	}
	return lines
}

func (b *bench) wantRecorded(want ...string) {
	b.t.Helper()
	if got := b.recorded(); !slices.Equal(got, want) {
		b.t.Errorf("the record has %q, want %q", got, want)
	}
}
