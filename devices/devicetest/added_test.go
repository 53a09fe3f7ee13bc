package devicetest_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/devices/devicetest"
	"github.com/mqttgateway/mqttgateway/messages"
)

func init() {
	devices.Register("bridge", func(_ context.Context, env devices.Env, p params) (devices.Device, error) {
		for _, name := range []string{"a", "b"} {
			if _, err := env.Add(name, messages.Address{}, func(ctx context.Context, env devices.Env) (devices.Device, error) {
				return openTalker(ctx, env, params{p.How})
			}); err != nil {
				return nil, err
			}
		}
		if p.How == "fail" {
			return nil, errNoPort
		}
		return listener{}, nil
	})
}

func startBridge(t *testing.T) *devicetest.Device { return devicetest.Start(t, "bridge", nil) }

// What is added has a name, an address, emissions and an end of its own.
func TestAdded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bridge := startBridge(t)
		if got := bridge.Names(); !slices.Equal(got, []string{"a", "b"}) {
			t.Errorf("added %q, want a and b", got)
		}
		a, err := bridge.Added("a")
		if err != nil {
			t.Fatal(err)
		}
		if want := (messages.Address{Device: "bridge.a"}); a.Name() != "bridge.a" || a.Address() != want {
			t.Errorf("%s hears %v, want bridge.a and %v", a.Name(), a.Address(), want)
		}
		if err := a.Handle(messages.New(messages.Command, messages.Address{}, "ON")); err != nil {
			t.Error(err)
		}
		if got, err := a.Next(0); err != nil || got.Msg.Action() != "ON" {
			t.Errorf("a emitted %v, %v", got, err)
		}
		if got, err := bridge.Next(0); err == nil {
			t.Errorf("the bridge emitted %v", got)
		}
		if _, err := bridge.Added("c"); err == nil || err.Error() != `no device "c" was added (have a, b)` {
			t.Errorf("c: %v", err)
		}
		if err := bridge.Close(); err != nil {
			t.Error(err)
		}
		last := ""
		for got, err := a.Next(0); err == nil; got, err = a.Next(0) {
			last = got.Msg.Action()
		}
		if last != "BYE" {
			t.Errorf("a's last word is %q, want that it is closed with its hub", last)
		}
	})
}

// Names that cannot be are refused, and those that are free again are not.
func TestAddIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bridge := startBridge(t)
		opener := func(context.Context, devices.Env) (devices.Device, error) { return listener{}, nil }
		a, err := bridge.Added("a")
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range []struct {
			env  devices.Env
			name string
			says string
		}{
			{bridge, "", `"" cannot be added: the name is empty`},
			{bridge, "x.y", "holds a dot"},
			{bridge, "x/y", "which no level of a topic can"},
			{bridge, "x\x00", "control character"},
			{bridge, "state", "topic of the gateway's own"},
			{bridge, "request", "topic of the gateway's own"},
			{bridge, "response", "topic of the gateway's own"},
			{bridge, "a", `"bridge.a" cannot be added: there is one already`},
			{a, "x", `"bridge.a.x" cannot be added: "bridge.a" was added itself`},
			{bridge, "c", ""},
		} {
			d, err := row.env.Add(row.name, messages.Address{}, opener)
			if (err == nil) != (row.says == "") || !strings.Contains(fmt.Sprint(err), row.says) {
				t.Errorf("%q: %v, want that it says %q", row.name, err, row.says)
			}
			if err != nil {
				continue
			}
			for range 2 {
				d.Remove()
			}
			if _, err := row.env.Add(row.name, messages.Address{}, opener); err != nil {
				t.Errorf("%q is not free again: %v", row.name, err)
			}
			d.Remove() // of the one before: nothing
			if !slices.Contains(bridge.Names(), row.name) {
				t.Errorf("%q is removed by the one before", row.name)
			}
		}
		if err := bridge.Close(); err != nil {
			t.Error(err)
		}
		if _, err := bridge.Add("late", messages.Address{}, opener); !errors.Is(err, devices.ErrStopped) {
			t.Errorf("after the end: %v", err)
		}
	})
}

// What has been added goes with a hub that doesn't open, and what goes wrong with it is told by its hub.
func TestAddedGoesWithItsHub(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		if _, err := devicetest.Open("bridge", map[string]any{"how": "fail"}); !errors.Is(err, errNoPort) {
			t.Errorf("opened with %v", err)
		}
		bridge, err := devicetest.Open("bridge", map[string]any{"how": "stuck port"})
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		if err := bridge.Close(); fmt.Sprint(err) != "bridge.a: line broken\nbridge.b: line broken" && fmt.Sprint(err) != "bridge.b: line broken\nbridge.a: line broken" {
			t.Errorf("closed with %v", err)
		}
	})
}
