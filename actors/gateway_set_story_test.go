package actors_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mqttgateway/mqttgateway/actors"
	"github.com/mqttgateway/mqttgateway/config"
	"github.com/mqttgateway/mqttgateway/messages"
)

type values = map[string]messages.Value

// Whoever runs the gateway sets entities of a device by their IDs, all or none, and gets the device's own answer.
func TestSet(t *testing.T) {
	for _, row := range []struct {
		name   string
		device string
		values values
		answer string
		want   []string // published
	}{
		{"one", "b", values{"target": messages.IntValue(40)}, "OK", []string{`home////b/gw/S {"action":"STATE","flow":null,"target":40}`}},
		{"two, at two addresses", "b", values{"target": messages.TextValue("40"), "pump": messages.BoolValue(true)}, "OK", []string{
			`home/Heating///Pump/gw/S {"action":"STATE","pump":true}`, `home/Heating///Pump/gw/S PUMP_ON`,
			`home////b/gw/S {"action":"STATE","flow":null,"target":40}`}},
		{"a button", "b", values{"reset": messages.Value{}}, "OK", nil},
		{"all or none", "b", values{"target": messages.IntValue(70), "pump": messages.BoolValue(true)}, "REJECTED: target: 70 is above 60 °C", nil},
		{"what can't be set", "b", values{"flow": messages.IntValue(7)}, "REJECTED: flow: can't be set", nil},
		{"an unknown entity", "b", values{"x": messages.IntValue(7)}, "REJECTED: x: there is no such entity", nil},
		{"nothing", "b", values{}, "REJECTED: nothing to set: want the ID of an entity with its value", nil},
		{"of a device without entities", "lamp", values{"x": messages.IntValue(7)}, "REJECTED: x: there is no such entity", nil},
		{"of an unknown device", "x", values{"x": messages.IntValue(7)}, `no such device: "x"`, nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := start(t, []config.Device{{Name: "b", Type: "boiler", Reply: config.ReplyAlways}, lamps("lamp")[0]})
				defer b.end()
				b.newsAndViews()
				if got := answered(b.gateway.Set(t.Context(), row.device, row.values)); got != row.answer {
					t.Errorf("answered %q, want %q", got, row.answer)
				}
				if got := b.newsAndViews(); !slices.Equal(got, row.want) {
					t.Errorf("published %q, want %q", got, row.want)
				}
			})
		})
	}
}

func answered(a actors.Answer, err error) string {
	switch {
	case err != nil:
		return err.Error()
	case a.Reason != "":
		return a.Outcome.String() + ": " + a.Reason
	}
	return a.Outcome.String()
}

// A device that can't answer is answered for; a caller that waits no longer leaves nothing behind; and after the stop nobody waits.
func TestSetOfADeviceInTrouble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		list := []config.Device{{Name: "slow", Type: "sluggish"}, {Name: "down", Type: "boiler", Params: map[string]any{"opening": "wrong"}}}
		b := start(t, list)
		target := values{"target": messages.IntValue(40)}
		if got, want := answered(b.gateway.Set(t.Context(), "down", target)), "ERROR: device offline"; got != want {
			t.Errorf("down: answered %q, want %q", got, want)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if got, err := b.gateway.Set(ctx, "slow", target); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("slow, with 1 s: answered %v, %v", got, err)
		}
		time.Sleep(time.Minute)
		go func() { time.Sleep(time.Second); b.stop() }()
		for range 2 { // while it stops, and afterwards
			if got := answered(b.gateway.Set(t.Context(), "slow", target)); got == "OK" {
				t.Errorf("at the stop: answered %q", got)
			}
			<-b.done
		}
		b.end()
	})
}
