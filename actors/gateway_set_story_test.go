package actors_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mqttgateway/mqttgateway/actors"
	"github.com/mqttgateway/mqttgateway/config"
	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/internal/mqtt"
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

// A message that a person sends goes to the broker as it is, in its place among all others, and comes back from there alone.
func TestSend(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, lamps("lamp"))
		defer b.end()
		b.broker.locked(func() { b.broker.qos, b.broker.retained = make(map[string]byte), make(map[string]string) })
		for _, row := range []struct {
			topic  string
			qos    byte
			retain bool
			err    string
		}{
			{topic: "home////lamp/me/C"},
			{topic: "elsewhere/x", qos: 1, retain: true},
			{topic: "home/$gateways/x"},
			{topic: "", err: "is empty"},
			{topic: "home/+/x", err: "holds the wildcard +"},
			{topic: "home/$gateway", err: "is for gateways to say"},
			{topic: "home/$gateway/gw/state", err: "is for gateways to say"},
			{topic: "home/$gateway/other/lamp/set/x", err: "is for gateways to say"},
			{topic: "x", qos: 2, err: "QoS 2: want 0 or 1"},
		} {
			receipt, err := b.gateway.Send(row.topic, "ON", row.qos, row.retain)
			if row.err != "" {
				if err == nil || !strings.Contains(err.Error(), row.err) {
					t.Errorf("%q: %v, want %q", row.topic, err, row.err)
				}
				b.wantNews(row.topic)
				continue
			}
			if err != nil {
				t.Fatalf("%q: %v", row.topic, err)
			}
			<-receipt.Done()
			b.wantNews(row.topic, row.topic+" ON")
			b.broker.locked(func() {
				if qos := b.broker.qos[row.topic]; qos != row.qos || (b.broker.retained[row.topic] == "ON") != row.retain {
					t.Errorf("%q: sent at QoS %d, retained %q", row.topic, qos, b.broker.retained)
				}
			})
		}
	})
}

// What is sent while the link is down waits, and is lost only when the outbox has no room for it.
func TestSendWithoutABroker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, lamps("lamp"), func(o *actors.Options) { o.Outbox.Messages = 2 })
		b.broker.locked(func() { b.broker.down = errRefused })
		b.broker.session().lose(errRefused)
		synctest.Wait()
		var receipts []devices.Receipt
		for i := range 3 {
			r, err := b.gateway.Send("x", fmt.Sprint(i), 1, false)
			if err != nil {
				t.Fatal(err)
			}
			receipts = append(receipts, r)
		}
		b.broker.locked(func() { b.broker.down = nil })
		time.Sleep(time.Minute)
		b.wantNews("connected again", "x 1", "x 2")
		for i, r := range receipts {
			<-r.Done()
			if err := r.Err(); errors.Is(err, devices.ErrDropped) != (i == 0) {
				t.Errorf("%d: %v", i, err)
			}
		}
		b.end()
		if _, err := b.gateway.Send("x", "", 0, false); err == nil {
			t.Error("sent after the end")
		}
	})
}

// What a person has the broker retain outlives the process in the spool, and no device has said it: nobody clears it.
func TestSendIsSpooled(t *testing.T) {
	dir := t.TempDir()
	down := func(o *actors.Options) {
		spooled(dir)(o)
		o.State, o.Dial = dir, func(context.Context, mqtt.Options) (mqtt.Session, error) { return nil, errRefused }
	}
	synctest.Test(t, func(t *testing.T) {
		b := start(t, nil, down)
		if _, err := b.gateway.Send("home////other/gw/S", "ON", 1, true); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		b.end()
	})
	synctest.Test(t, func(t *testing.T) {
		b := start(t, nil, spooled(dir), func(o *actors.Options) { o.State = dir })
		time.Sleep(time.Hour)
		b.wantNews("the next process", "home////other/gw/S ON")
		b.end()
		b.wantNews("and its end")
	})
}
