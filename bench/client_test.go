package bench

import (
	"errors"
	"fmt"
	"testing"

	plain "github.com/eclipse/paho.mqtt.golang"

	"github.com/mqttgateway/mqttgateway/internal/mqtt"
	"github.com/mqttgateway/mqttgateway/internal/mqtt/direct"
	"github.com/mqttgateway/mqttgateway/internal/mqtt/paho"
)

const (
	command = "home/Lighting/dummy/Kitchen/spot/me/C"
	status  = "home/Lighting/dummy/Kitchen/spot/gw/S"
)

// clients relay commands to statuses at an address, until the returned function is called.
var clients = []struct {
	name  string
	relay func(b *testing.B, address string, qos byte) (stop func())
}{
	{"direct", overSession(direct.Dial)},
	{"paho", overSession(paho.Dial)},
	{"plain", overPaho},
}

// BenchmarkClient measures a client alone: the only other program is a stub of a broker, which costs next to nothing.
func BenchmarkClient(b *testing.B) {
	for _, qos := range []byte{0, 1} {
		for _, client := range clients {
			b.Run(fmt.Sprintf("qos=%d/client=%s", qos, client.name), func(b *testing.B) {
				s := newStub(b, qos)
				stop := client.relay(b, s.address(), qos)
				<-s.subscribed
				b.ReportAllocs()
				b.ResetTimer()
				if err := s.feed(b.N); err != nil {
					b.Fatal(err)
				}
				b.StopTimer()
				stop()
			})
		}
	}
}

var errOver = errors.New("the benchmark is over")

// overSession relays as the gateway does: Arrived hands each message over to another goroutine, which publishes.
func overSession(dial mqtt.Dial) func(*testing.B, string, byte) func() {
	return func(b *testing.B, address string, qos byte) func() {
		arrived := make(chan mqtt.Message, window)
		s, err := dial(b.Context(), mqtt.Options{
			Broker: "tcp://" + address, ClientID: "session", CleanSession: true, Arrived: func(m mqtt.Message) { arrived <- m },
		})
		if err != nil {
			b.Fatal(err)
		}
		done := make(chan struct{})
		go func() {
			defer close(done)
			for m := range arrived {
				m.Ack()
				s.Publish(1, mqtt.Message{Topic: status, Payload: m.Payload, QoS: qos})
				if len(arrived) == 0 {
					s.Flush()
				}
			}
		}()
		if _, err := s.Subscribe(b.Context(), []mqtt.Filter{{Topic: command, QoS: qos}}); err != nil {
			b.Fatal(err)
		}
		return func() {
			s.Kill(errOver)
			close(arrived)
			<-done
		}
	}
}

// overPaho relays with paho used plainly.
func overPaho(b *testing.B, address string, qos byte) func() {
	client := plain.NewClient(plain.NewClientOptions().AddBroker("tcp://" + address).SetClientID("paho").SetOrderMatters(false))
	if t := client.Connect(); t.Wait() && t.Error() != nil {
		b.Fatal(t.Error())
	}
	t := client.Subscribe(command, qos, func(c plain.Client, m plain.Message) { c.Publish(status, qos, false, m.Payload()) })
	if t.Wait() && t.Error() != nil {
		b.Fatal(t.Error())
	}
	return func() { client.Disconnect(0) }
}
