package metrics_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
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

// BenchmarkScrape reads the metrics of many devices with three entities each.
func BenchmarkScrape(b *testing.B) {
	for _, n := range []int{1, 100, 10000} {
		b.Run(fmt.Sprintf("devices=%d", n), func(b *testing.B) {
			list := make([]string, n)
			for i := range list {
				list[i] = fmt.Sprintf("plug-%05d plug", i)
			}
			p := start(b, list, nil)
			for p.gateway.State().Online < n {
				time.Sleep(10 * time.Millisecond)
			}
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
