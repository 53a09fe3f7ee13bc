package actors_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mqttgateway/mqttgateway/config"
	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/entity"
	"github.com/mqttgateway/mqttgateway/internal/mqtt"
	"github.com/mqttgateway/mqttgateway/messages"
)

func init() {
	devices.Register("listener", func(_ context.Context, env devices.Env, p listenerParams) (devices.Device, error) {
		env.Emit(messages.New(messages.Status, messages.Address{Location: "Hall"}, "OPENING"))
		time.Sleep(p.Takes)
		if p.Describes {
			env.Describe(entity.Device{Entities: []entity.Entity{{ID: "on", Kind: entity.Bool}}})
		}
		return &listener{env}, nil
	})
}

type listenerParams struct {
	Takes     time.Duration `koanf:"takes" default:"0s" doc:"how long opening takes"`
	Describes bool          `koanf:"describes" default:"false" doc:"it has an entity"`
}

// listener writes down what it hears.
type listener struct{ env devices.Env }

func (l *listener) Handle(_ context.Context, msg messages.InternalMsg) error {
	diary.add(fmt.Sprint(l.env.Name(), " handles ", msg.Action()))
	return nil
}

func (l *listener) Observe(_ context.Context, msg messages.InternalMsg) error {
	diary.add(fmt.Sprint(l.env.Name(), " observes ", msg.Action()))
	return nil
}

func (l *listener) Close() error { return nil }

// What finds a device only because it has not described itself yet is not its own: statuses of others do not wait for it, and
// commands that did are for another device once it has told what it answers to. A device that has no description hears everything.
func TestBeforeTheDescription(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		params := func(takes string, describes bool) map[string]any {
			return map[string]any{"takes": takes, "describes": describes}
		}
		diary.take()
		b := start(t, []config.Device{
			{Name: "slow", Type: "listener", Reply: config.ReplyAlways, Params: params("20s", true)},
			{Name: "plain", Type: "listener", Reply: config.ReplyNever, Params: params("0s", false)},
			{Name: "later", Type: "listener", Reply: config.ReplyNever, Params: params("1s", true)},
			{Name: "placed", Type: "listener", Reply: config.ReplyNever, Address: config.Address{Location: "Hall"}, Params: params("3s", false)},
		})
		defer b.end()
		time.Sleep(10 * time.Second)
		for _, to := range []string{"home////plain/me/C", "home////slow/me/C"} {
			b.broker.session().options.Arrived(mqtt.Message{Topic: to, Payload: "ON", QoS: 1})
		}
		b.broker.session().options.Arrived(mqtt.Message{Topic: "home////plain/me/S", Payload: "HOT", QoS: 1})
		time.Sleep(20 * time.Second)
		got, want := diary.take(), []string{
			"placed observes OPENING", "placed observes OPENING", "placed observes OPENING", // of all others
			"placed handles ON", "placed handles ON", "plain handles ON", "plain handles ON", "slow handles ON", // placed answers to all devices
			"placed observes HOT", "plain observes HOT",
			"placed observes STATE", "placed observes STATE", "plain observes STATE", "plain observes STATE", // of slow and later
		}
		got = slices.DeleteFunc(got, func(s string) bool { return s == "plain observes OPENING" }) // of those that open behind it
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("heard\n%q, want\n%q", got, want)
		}
	})
}
