package actors_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/mqttgateway/mqttgateway/config"
	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/messages"
)

func init() { devices.Register("mouth", openMouth) }

// mouth is a device through which the benchmark itself speaks.
type mouth struct{}

// mouths gets the Env of each that is opened.
var mouths = make(chan devices.Env, 1)

func openMouth(_ context.Context, env devices.Env, _ struct{}) (devices.Device, error) {
	mouths <- env
	return mouth{}, nil
}

func (mouth) Handle(context.Context, messages.InternalMsg) error { return nil }

func (mouth) Close() error { return nil }

// From a device that speaks unasked to the session with the broker.
func BenchmarkEmit(b *testing.B) {
	for _, qos := range []byte{0, 1} {
		b.Run(fmt.Sprintf("QoS%d", qos), func(b *testing.B) {
			session := runOnLoopback(b, []config.Device{
				{Name: "mouth", Type: "mouth", Timeout: 10 * time.Second, OpenTimeout: 30 * time.Second, Mailbox: 100},
			}, qos)
			env := <-mouths
			msg := messages.New(messages.Status, messages.Address{Function: "Lighting", Location: "Kitchen", Device: "spot"}, "LIGHT_ON").
				WithArg("level", messages.IntValue(42)).WithArg("speed", messages.TextValue("fast"))
			b.ReportAllocs()
			b.ResetTimer()
			const outstanding = 64
			for i := range b.N {
				if i >= outstanding {
					<-session.out
				}
				env.Emit(msg)
			}
			for range min(b.N, outstanding) {
				<-session.out
			}
		})
	}
}
