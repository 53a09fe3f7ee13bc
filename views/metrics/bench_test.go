package metrics_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/entity"
	"github.com/mqttgateway/mqttgateway/messages"
)

func init() {
	devices.Register("plug", func(_ context.Context, env devices.Env, _ struct{}) (devices.Device, error) {
		env.Describe(entity.Device{Address: messages.Address{Location: "hall", Device: env.Name()}, Entities: []entity.Entity{
			{ID: "power", Kind: entity.Number, Class: "power", Unit: "W"},
			{ID: "energy", Kind: entity.Number, Class: "energy", Unit: "kWh"},
			{ID: "relay", Kind: entity.Bool, Write: true},
		}})
		env.Update(time.Now(), entity.Float("power", 60.5, nil), entity.Float("energy", 1234.5, nil), entity.Boolean("relay", true, nil))
		return meter{}, nil
	})
	devices.Register("ear", func(context.Context, devices.Env, struct{}) (devices.Device, error) { return ear{}, nil })
}

// answer counts what it is given.
type answer struct {
	http.ResponseWriter
	bytes int64
}

func (a *answer) Write(b []byte) (int, error) {
	a.bytes += int64(len(b))
	return len(b), nil
}

// plugs returns that many devices.
func plugs(n int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf("plug-%05d plug", i)
	}
	return list
}

// BenchmarkScrape reads the metrics of many devices with three entities each.
func BenchmarkScrape(b *testing.B) {
	for _, n := range []int{1, 100, 10000} {
		b.Run(fmt.Sprintf("devices=%d", n), func(b *testing.B) {
			p := start(b, plugs(n), nil)
			p.awaitOnline(n)
			r := httptest.NewRequest(http.MethodGet, "/metrics", nil)
			a := &answer{ResponseWriter: httptest.NewRecorder()}
			b.ReportAllocs()
			for b.Loop() {
				p.handler.ServeHTTP(a, r)
			}
			b.ReportMetric(float64(a.bytes)/float64(b.N), "B/answer")
		})
	}
}

// awaitOnline waits until that many devices are online.
func (p *plant) awaitOnline(n int) {
	for p.gateway.State().Online < n {
		time.Sleep(10 * time.Millisecond)
	}
}

// handled gets the time at which an ear has heard a message.
var handled = make(chan time.Time, 1)

type ear struct{ meter }

func (ear) Handle(context.Context, messages.InternalMsg) error {
	handled <- time.Now()
	return nil
}

// BenchmarkMessage has a message a millisecond reach a device, among 10,000 devices whose metrics are read each second, or never, and
// tells how late the message of the 99th percentile is. Run it with -cpu 1, as the program runs.
func BenchmarkMessage(b *testing.B) {
	for _, scraped := range []bool{false, true} {
		b.Run(fmt.Sprintf("scraped=%t", scraped), func(b *testing.B) {
			p := start(b, append(plugs(10000), "ear ear"), nil)
			p.awaitOnline(10001)
			ctx, stop := context.WithCancel(b.Context())
			var reader sync.WaitGroup
			if scraped {
				reader.Go(func() {
					r := httptest.NewRequest(http.MethodGet, "/metrics", nil)
					for ctx.Err() == nil {
						p.handler.ServeHTTP(&answer{ResponseWriter: httptest.NewRecorder()}, r)
						time.Sleep(time.Second)
					}
				})
			}
			late := make([]time.Duration, 0, b.N)
			due := time.Now()
			for b.Loop() {
				due = due.Add(time.Millisecond)
				time.Sleep(time.Until(due))
				p.send("home////ear/x/C", "hear")
				late = append(late, (<-handled).Sub(due))
			}
			stop()
			reader.Wait()
			slices.Sort(late)
			b.ReportMetric(float64(late[len(late)/2].Microseconds()), "µs-p50")
			b.ReportMetric(float64(late[len(late)*99/100].Microseconds()), "µs-p99")
			b.ReportMetric(float64(late[len(late)-1].Microseconds()), "µs-max")
		})
	}
}
