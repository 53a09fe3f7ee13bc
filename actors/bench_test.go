package actors_test

import (
	"context"
	"fmt"
	"log/slog"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/mqttgateway/mqttgateway/actors"
	"github.com/mqttgateway/mqttgateway/actors/link"
	"github.com/mqttgateway/mqttgateway/config"
	_ "github.com/mqttgateway/mqttgateway/devices/dummy"
	"github.com/mqttgateway/mqttgateway/internal/mqtt"
	"github.com/mqttgateway/mqttgateway/mapping"
)

// loopback is a session with a broker that takes everything at once and tells how much.
type loopback struct {
	options mqtt.Options
	out     chan struct{} // one for each message that is published
}

func (l *loopback) Present() bool { return false }

func (l *loopback) Subscribe(context.Context, []mqtt.Filter) ([]mqtt.Grant, error) { return nil, nil }

func (l *loopback) Unsubscribe(context.Context, []string) error { return nil }

func (l *loopback) Publish(number uint64, m mqtt.Message) {
	l.options.Published(number, nil)
	if !strings.Contains(m.Topic, "/$gateway/") {
		l.out <- struct{}{}
	}
}

func (l *loopback) Flush() {}

func (l *loopback) Close(context.Context) {}

func (l *loopback) Kill(error) {}

// dummies returns the configuration of that many, which only echo.
func dummies(n int) []config.Device {
	list := make([]config.Device, n)
	for i := range list {
		name := fmt.Sprintf("lamp%06d", i)
		list[i] = config.Device{
			Name: name, Type: "dummy", AnswersTo: config.AnswersTo{Device: []string{name}},
			Timeout: 10 * time.Second, OpenTimeout: 30 * time.Second, Mailbox: 1000,
			Params: map[string]any{"port": "/dev/null", "interval": "0", "echo": true},
		}
	}
	return list
}

// runOnLoopback runs a gateway with these devices on a loopback until the benchmark ends, and returns the session.
func runOnLoopback(b *testing.B, list []config.Device, qos byte) *loopback {
	file, _, err := mapping.Plain("home", []string{"home/#"})
	if err != nil {
		b.Fatal(err)
	}
	codec, err := mapping.New("gw", file)
	if err != nil {
		b.Fatal(err)
	}
	up := make(chan *loopback, 1)
	gateway, err := actors.New(actors.Options{
		Codec: codec, Devices: list, QoS: qos,
		Link:      link.Policy{Lag: time.Second, Timeout: 10 * time.Second},
		Outbox:    actors.OutboxSize{Messages: 1000, Bytes: 1 << 20},
		StartWait: time.Minute, Grace: 10 * time.Second, Throttle: 10 * time.Second,
		Log: slog.New(slog.DiscardHandler),
		Dial: func(_ context.Context, o mqtt.Options) (mqtt.Session, error) {
			l := &loopback{o, make(chan struct{}, 1024)}
			up <- l
			return l, nil
		},
	})
	if err != nil {
		b.Fatal(err)
	}
	ctx, stop := context.WithCancel(b.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		gateway.Run(ctx)
	}()
	b.Cleanup(func() {
		stop()
		<-done
	})
	return <-up
}

// From the broker through connection, mapper and device, and the answer back through mapper and connection.
func BenchmarkThroughAndBack(b *testing.B) {
	for _, qos := range []byte{0, 1} {
		b.Run(fmt.Sprintf("QoS%d", qos), func(b *testing.B) {
			session := runOnLoopback(b, dummies(16), qos)
			arrivals := make([]mqtt.Message, 16)
			for i := range arrivals {
				arrivals[i] = mqtt.Message{
					Topic: fmt.Sprintf("home/Lighting///lamp%06d/me/C", i), Payload: `{"action":"light_on","seq":17}`, QoS: qos,
				}
			}
			b.ReportAllocs()
			b.ResetTimer()
			const outstanding = 64
			for i := range b.N {
				if i >= outstanding {
					<-session.out
				}
				session.options.Arrived(arrivals[i%len(arrivals)])
			}
			for range min(b.N, outstanding) {
				<-session.out
			}
		})
	}
}

// What a device costs that has nothing to do, beside its configuration.
func BenchmarkIdleDevices(b *testing.B) {
	const n = 100_000
	list := dummies(n)
	for b.Loop() {
		before := inUse()
		goroutines := runtime.NumGoroutine()
		runOnLoopback(b, list, 1)
		b.ReportMetric(float64(inUse()-before)/n, "B/device")
		b.ReportMetric(float64(runtime.NumGoroutine()-goroutines), "goroutines")
	}
}

// inUse is the memory that is reachable, when everything has come to rest.
func inUse() uint64 {
	var m runtime.MemStats
	for range 3 {
		runtime.GC()
	}
	runtime.ReadMemStats(&m)
	return m.HeapAlloc + m.StackInuse
}
